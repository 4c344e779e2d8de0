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
    next_command,
};

use super::{components, document::Document};
use crate::web::{app_state::VERSION, paths::CONSOLE};

/// Redirects to the console, which is the landing page without a credential.
pub(super) fn see_landing_page() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, CONSOLE)).finish()
}

/// The commands that a launcher carries out, with the keys of what they do.
const REQUESTS: [(&str, &str); 4] = [
    ("status", "landing.status"),
    ("move", "landing.move"),
    ("restart", "landing.restart"),
    ("stop", "landing.stop"),
];

/// Commands that read files and need no server.
const COMMANDS: [(&str, &str); 2] =
    [("settings show", "landing.settings"), ("history", "landing.history")];

/// `GET /_homeport/` without a token. `has_console` is false where no browser is let in.
pub(super) fn page(
    launch: &LaunchInfo,
    started_at: Timestamp,
    has_console: bool,
    language: Language,
) -> HttpResponse {
    let messages = language.messages();
    let title = messages.fill("page.title", &[("app", &launch.app), ("port", &launch.port)]);
    let more = if has_console { way_in(launch, messages) } else { commands(launch, messages) };
    let body = body(launch, started_at, &more, messages);
    let styles = &["style/landing.css"];
    Document { language, title: &title, styles, script: None, body }.response()
}

/// The command that opens the console in a browser.
fn way_in(launch: &LaunchInfo, messages: &Messages) -> Markup {
    html! {
        p { (messages.message("landing.open")) }
        p { code.command { (next_command::launcher_in_any_shell("open --console", &launch.app)) } }
    }
}

/// What to use instead of the console.
fn commands(launch: &LaunchInfo, messages: &Messages) -> Markup {
    // A server without a launcher is stopped where it runs.
    let requests = REQUESTS.iter().filter(|_| launch.launcher_pid.is_some());
    html! {
        @if launch.launcher_pid.is_none() {
            p { (messages.message("landing.alone")) }
        }
        p { (messages.message("landing.no_console")) }
        dl.facts {
            @for (command, about) in requests.chain(&COMMANDS) {
                div {
                    dt { (messages.message(about)) }
                    dd { code.command { (next_command::launcher_in_any_shell(command, &launch.app)) } }
                }
            }
        }
    }
}

fn body(launch: &LaunchInfo, started_at: Timestamp, more: &Markup, messages: &Messages) -> Markup {
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
                    (components::port_sentence(messages, launch.port, launch.last_good, launch.origin))
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
                    (more)
                    p.quiet { (messages.fill("landing.program", &[("file", &token)])) }
                }
            }
            footer.bottom { p { (messages.message("page.local")) } }
        }
    }
}
