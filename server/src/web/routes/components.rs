//! Small things that more than one page is made of.

use jiff::Timestamp;
use maud::{Markup, html};
use shared::{app::AppName, invoked_as, port::Port};

use super::assets::address as asset;
use shared::messages::Messages;

/// The name, with its sign.
pub(super) fn brand() -> Markup {
    html! {
        p.brand { img src=(asset("icon.svg")) alt="" width="24" height="24"; "Homeport" }
    }
}

/// An address with its port in front of everything else.
pub(super) fn address(url: &str, port: Port) -> Markup {
    let port = port.to_string();
    match url.split_once(&format!(":{port}/")) {
        Some((host, _)) => html! { span.host { (host) ":" } wbr; span.port { (port) } },
        None => html! { (url) },
    }
}

/// A time in UTC, which a script makes one of the browser's own zone.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// A command of the launcher for an app. The default app needs no name.
pub(super) fn command(command: &str, app: &AppName) -> String {
    let launcher = invoked_as::launcher();
    match *app == AppName::default() {
        true => format!("{launcher} {command}"),
        false => format!("{launcher} {command} --app {app}"),
    }
}

/// A command on a line of its own, to be copied.
pub(super) fn command_line(command: &str, messages: &Messages) -> Markup {
    let copy = messages.message("here.copy_command");
    html! {
        p.command-line {
            code { (command) }
            button.icon type="button" data-copy=(command) title=(copy) aria-label=(copy) {}
        }
    }
}

/// What is said beside a field: a hint, until there is something to say of what was typed.
pub(super) fn note(id: &str, hint: &str) -> Markup {
    html! { p.note id=(id) data-hint=(hint) aria-live="polite" { (hint) } }
}
