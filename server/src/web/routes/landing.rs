//! The landing page, for browsers without a right credential: what runs here, and how to get access.
//!
//! It shows nothing that another user of this computer could not find out by other means: no paths, no
//! process ids, no history.

use actix_web::{HttpResponse, http::header};
use jiff::Timestamp;
use maud::{Markup, html};
use shared::{
    launch::LaunchInfo,
    messages::{Language, Messages},
};

use super::{components, document::Document, messages};
use crate::web::{app_state::VERSION, paths::CONSOLE};

/// Redirects to the console, which is the landing page without a credential.
pub(super) fn see_landing_page() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, CONSOLE)).finish()
}

/// `GET /_homeport/` without a token.
pub(super) fn page(launch: &LaunchInfo, started_at: Timestamp, language: Language) -> HttpResponse {
    let messages = language.messages();
    let title = messages.fill("page.title", &[("app", &launch.app), ("port", &launch.port)]);
    let body = body(launch, started_at, messages);
    let styles = &["style/landing.css"];
    Document { language, title: &title, styles, script: None, body }.response()
}

fn body(launch: &LaunchInfo, started_at: Timestamp, messages: &Messages) -> Markup {
    let url = launch.url();
    let token = format!("run/{}.token", launch.app);
    html! {
        body.landing {
            header.top { (components::brand()) }
            main {
                p.state { (messages.message("landing.running")) }
                h1 { (launch.app) }
                p.address { a href="/" { (components::address(&url, launch.port)) } }
                p.quiet id="port" {
                    (messages::of_port(messages, launch.port, launch.last_good, launch.origin))
                    @if let Some(last) = launch.last_good.filter(|last| *last != launch.port) {
                        " " (messages.fill("here.kept", &[("from", &last)]))
                    }
                }
                dl.facts {
                    div { dt { (messages.message("here.port")) } dd { (launch.port) } }
                    div { dt { (messages.message("here.since")) } dd { (components::time(started_at)) } }
                    div { dt { (messages.message("here.version")) } dd { (VERSION) } }
                }
                section aria-labelledby="more" {
                    h2 id="more" { (messages.message("landing.more")) }
                    p { (messages.message("landing.open")) }
                    p { code.command { (components::command("open", &launch.app)) " --console" } }
                    p.quiet { (messages.fill("landing.program", &[("file", &token)])) }
                }
            }
            footer.bottom { p { (messages.message("page.local")) } }
        }
    }
}
