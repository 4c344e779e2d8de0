//! The console: where the server is, what happened to its ports, and how to change it.
//!
//! The page is whole when it arrives, in the browser's language, and needs no script to be read. The
//! scripts then keep it up to date: where the server is and who was in the way they fetch anew as
//! parts of this very page, so that there is one place where each is put into words.

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

use self::view::View;
use super::{components, document::Document, landing};
use crate::{
    auth::access::Authorized,
    web::{
        app_state::{AppState, VERSION},
        error::ApiError,
        i18n::{Language, Texts},
    },
};

/// Where its scripts find what they ask for.
const API: &str = "/_homeport/api/v1/";

/// `GET /_homeport/`: the console for whoever has come in, the landing page for others.
pub(super) async fn page(
    authorized: Option<Authorized>,
    state: Data<AppState>,
    language: Language,
) -> Result<HttpResponse, ApiError> {
    if authorized.is_none() {
        return Ok(landing::page(&state.launch, state.serving.started_at, language));
    }
    let view = web::block(move || View::of(&state)).await.map_err(|_| ApiError::Stopping)?;
    Ok(console(&view, language))
}

fn console(view: &View, language: Language) -> HttpResponse {
    let texts = language.texts();
    let title = texts.fill("page.title", &[("app", &view.launch.app), ("port", &view.launch.port)]);
    let styles = &["style/console.css", "style/timeline.css"];
    let (body, script) = (body(view, texts), Some("script/console.js"));
    Document { language, title: &title, styles, script, body }.response()
}

fn body(view: &View, texts: &Texts) -> Markup {
    html! {
        body data-api=(API) data-port=(view.launch.port) data-launch=(view.launch.launch_id) {
            a.skip href="#main" { (texts.say("page.skip")) }
            header.top {
                (components::brand())
                p.live #live data-state="connecting" { (texts.say("live.connecting")) }
            }
            main #main tabindex="-1" {
                (status::section(view, texts))
                noscript { p.notice { (texts.say("page.noscript")) } }
                (timeline::section(texts))
                (conflicts::section(view, texts))
                (settings::section(view, texts))
            }
            footer.bottom {
                p { (texts.say("page.local")) }
                p { (texts.say("page.closing")) }
                p { a href="/_homeport/docs" { (texts.say("page.api")) } " · Homeport " (VERSION) }
            }
            (dialogs::all(view, texts))
            p #said role="status" {}
        }
    }
}
