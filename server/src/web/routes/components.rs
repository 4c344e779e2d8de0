//! Components that several pages use.

use jiff::Timestamp;
use maud::{Markup, html};
use shared::{
    conflict::{Holder, Origin},
    messages::{Messages, local_minute},
    port::Port,
    sentences::{self, HolderTime},
};

use super::assets::address as asset;

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

/// A time in the zone of this computer, which a script turns into one of the browser's zone.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (local_minute(at)) } }
}

/// Is this the port of last time, and if not, why this one?
pub(super) fn port_sentence(
    messages: &Messages,
    port: Port,
    last_good: Option<Port>,
    origin: Origin,
) -> String {
    let key = match (last_good, origin) {
        (Some(last), _) if last == port => "here.same",
        (Some(_), Origin::Explicit | Origin::Home) => "here.other_asked",
        (Some(_), _) => "here.other",
        (None, Origin::Explicit | Origin::Home) => "here.asked_for",
        (None, Origin::Inherited) => "here.inherited",
        (None, Origin::Temporary) => "here.temporary",
        (None, _) => "here.first",
    };
    match last_good {
        Some(last) => messages.fill(key, &[("port", &last)]),
        None => messages.message(key).to_owned(),
    }
}

/// The program on a port, as far as it is known.
pub(super) fn holder(messages: &Messages, holder: &Holder) -> String {
    sentences::holder(messages, holder, HolderTime::Local)
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

/// The note beside a field: a hint, which a script replaces by the result of checking the input.
pub(super) fn note(id: &str, hint: &str) -> Markup {
    html! { p.note id=(id) data-hint=(hint) aria-live="polite" { (hint) } }
}
