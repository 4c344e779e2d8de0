//! The console: where the server is, what happened to its ports, and how to change it.
//!
//! The page is complete when it arrives, in the browser's language, and can be read without scripts. The
//! scripts keep it up to date: they fetch the status section and the conflicts again as parts of this
//! page, so that each sentence is composed in one place.
//!
//! Each module uses only modules declared below it.

mod conflicts;
mod dialogs;
mod status;
mod settings;
#[cfg(test)]
mod test;
mod timeline;
mod view;

use actix_web::{
    HttpResponse,
    web::{self, Data},
};
use maud::{Markup, html};
use shared::messages::{Language, Messages};

use self::view::View;
use super::{components, document::Document, landing};
use crate::{
    problem::Problem,
    web::{
        app_state::{AppState, VERSION},
        authorized::Authorized,
        i18n::PreferredLanguage,
    },
};

/// The path of the API, for the scripts.
const API: &str = "/_homeport/api/v1/";

/// `GET /_homeport/`: the console with a right credential, the landing page without.
pub(super) async fn page(
    authorized: Option<Authorized>,
    state: Data<AppState>,
    PreferredLanguage(language): PreferredLanguage,
) -> Result<HttpResponse, Problem> {
    if authorized.is_none() {
        let has_console = state.access.admits_browsers();
        return Ok(landing::page(&state.launch, state.serving.started_at, has_console, language));
    }
    let view = web::block(move || View::read(&state)).await.map_err(|_| Problem::unavailable())?;
    Ok(console(&view, language))
}

fn console(view: &View, language: Language) -> HttpResponse {
    let messages = language.messages();
    let title =
        messages.fill("page.title", &[("app", &view.launch.app), ("port", &view.launch.port)]);
    let styles = &["style/console.css", "style/timeline.css"];
    let (body, script) = (body(view, messages), Some("script/console.js"));
    Document { language, title: &title, styles, script, body }.response()
}

fn body(view: &View, messages: &Messages) -> Markup {
    html! {
        body data-api=(API) data-port=(view.launch.port) data-launch=(view.launch.launch_id) {
            a.skip href="#main" { (messages.message("page.skip")) }
            header.top {
                (components::brand())
                p.live #live data-state="connecting" { (messages.message("live.connecting")) }
            }
            main #main tabindex="-1" {
                (status::section(view, messages))
                noscript { p.notice { (messages.message("page.noscript")) } }
                (timeline::section(messages))
                (conflicts::section(view, messages))
                (settings::section(view, messages))
            }
            footer.bottom {
                p { (messages.message("page.local")) }
                p { (messages.message("page.closing")) }
                p { a href="/_homeport/docs" { (messages.message("page.api")) } " · Homeport " (VERSION) }
            }
            (dialogs::all(view, messages))
            p #said role="status" {}
        }
    }
}
