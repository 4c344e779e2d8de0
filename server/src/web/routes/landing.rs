//! The landing page: where one is, for whoever has not come in yet, and how to come in.
//!
//! It says nothing that a stranger on this computer could not find out by other means: no paths, no
//! process ids, no history.

use actix_web::HttpResponse;
use jiff::Timestamp;
use maud::{Markup, html};
use shared::launch::LaunchInfo;

use super::{components, document::Document, messages};
use crate::web::{
    app_state::VERSION,
    i18n::{Language, Texts},
};

/// `GET /_homeport/` without a token.
pub(super) fn page(launch: &LaunchInfo, started_at: Timestamp, language: Language) -> HttpResponse {
    let texts = language.texts();
    let title = texts.fill("page.title", &[("app", &launch.app), ("port", &launch.port)]);
    let body = body(launch, started_at, texts);
    let styles = &["style/landing.css"];
    Document { language, title: &title, styles, script: None, body }.response()
}

fn body(launch: &LaunchInfo, started_at: Timestamp, texts: &Texts) -> Markup {
    let url = launch.url();
    let token = format!("run/{}.token", launch.app);
    html! {
        body.landing {
            header.top { (components::brand()) }
            main {
                p.state { (texts.say("landing.running")) }
                h1 { (launch.app) }
                p.address { a href="/" { (components::address(&url, launch.port)) } }
                p.quiet id="port" {
                    (messages::of_port(texts, launch.port, launch.last_good, launch.origin))
                    @if let Some(last) = launch.last_good.filter(|last| *last != launch.port) {
                        " " (texts.fill("here.kept", &[("from", &last)]))
                    }
                }
                dl.facts {
                    div { dt { (texts.say("here.port")) } dd { (launch.port) } }
                    div { dt { (texts.say("here.since")) } dd { (components::time(started_at)) } }
                    div { dt { (texts.say("here.version")) } dd { (VERSION) } }
                }
                section aria-labelledby="more" {
                    h2 id="more" { (texts.say("landing.more")) }
                    p { (texts.say("landing.open")) }
                    p { code.command { (components::command("open", &launch.app)) " --console" } }
                    p.quiet { (texts.fill("landing.program", &[("file", &token)])) }
                }
            }
            footer.bottom { p { (texts.say("page.local")) } }
        }
    }
}
