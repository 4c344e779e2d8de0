//! The status section: the address of the server, since when it runs, and why its port changed.

use maud::{Markup, html};
use shared::{
    conflict::Class,
    event::MoveReason,
    messages::Messages,
    next_command,
    port::Port,
    sentences::{self, HolderTime},
};

use super::{super::components, view::View};
use crate::web::{app_state::VERSION, launch_history::LastMove};

/// The section, which the scripts fetch again when something has changed.
pub(super) fn section(view: &View, messages: &Messages) -> Markup {
    html! {
        section.here #here aria-label=(messages.message("here.title")) data-part {
            div.where {
                h1 { (view.launch.app) }
                p.address {
                    a href="/" { (components::address(&view.launch.url(), view.launch.port)) }
                    button.icon type="button" data-copy=(view.launch.url()) title=(messages.message("here.copy"))
                        aria-label=(messages.message("here.copy")) {}
                }
            }
            (actions(view, messages))
            (why_here(view, messages))
            @if !view.launch.is_supervised() { (without_launcher(view, messages)) }
            (facts(view, messages))
        }
    }
}

fn why_here(view: &View, messages: &Messages) -> Markup {
    let Some(moved) = &view.moved else {
        let why = components::port_sentence(
            messages,
            view.launch.port,
            view.launch.last_good,
            view.launch.origin,
        );
        return html! { div.why { p { (why) } } };
    };
    html! {
        div.why.moved {
            p {
                (why_moved(view, moved, messages)) " "
                span.quiet { (components::time(moved.ts)) }
            }
            @if moved.why == MoveReason::Conflict {
                p { (way_back(moved, view.is_freed, messages)) }
            }
            @if !was_home(view, moved) {
                p.quiet { (messages.fill("here.kept", &[("from", &moved.from)])) }
            }
            @if view.launch.is_supervised() {
                p.buttons {
                    button type="button" data-move=(moved.from) {
                        (messages.fill("here.move_back", &[("port", &moved.from)]))
                    }
                    @if view.home_port != Some(view.launch.port) {
                        button type="button" data-pin=(view.launch.port) {
                            (messages.fill("here.pin", &[("port", &view.launch.port)]))
                        }
                    }
                }
            }
        }
    }
}

/// Whether the port that was not had is the home port, on which the app was not the last time.
fn was_home(view: &View, moved: &LastMove) -> bool {
    view.home_port == Some(moved.from) && view.launch.last_good != Some(moved.from)
}

fn why_moved(view: &View, moved: &LastMove, messages: &Messages) -> String {
    let from = &moved.from;
    match moved.why {
        MoveReason::HomePortFree => messages.fill("here.moved_home", &[("from", from)]),
        MoveReason::OutsideRange => messages.fill("here.moved_range", &[("from", from)]),
        MoveReason::Asked | MoveReason::Other => {
            messages.fill("here.moved_asked", &[("from", from)])
        }
        MoveReason::Conflict => {
            let class = moved.class.unwrap_or(Class::Unknown);
            let (of, holder) = ((*from, class), moved.holder.as_ref());
            let why = sentences::problem(messages, of, holder, None, HolderTime::Local);
            let key =
                if was_home(view, moved) { "here.home_conflict" } else { "here.moved_conflict" };
            messages.fill(key, &[("why", &why)])
        }
    }
}

fn way_back(moved: &LastMove, is_freed: bool, messages: &Messages) -> String {
    let port = ("port", &moved.from as &dyn std::fmt::Display);
    match moved.holder.as_ref().and_then(|holder| holder.pid) {
        _ if is_freed => messages.fill("here.advice_now", &[port]),
        Some(pid) => messages.fill("here.advice_end", &[port, ("pid", &pid)]),
        None => messages.fill("here.advice_free", &[port]),
    }
}

fn actions(view: &View, messages: &Messages) -> Markup {
    let alone = !view.launch.is_supervised();
    let described = alone.then_some("needs-launcher");
    html! {
        div.actions role="group" aria-label=(messages.message("action.title")) {
            @for (dialog, key, needs_launcher) in [
                ("move", "action.move", true),
                ("restart", "action.restart", true),
                ("stop", "action.stop", false),
            ] {
                button type="button" data-open=(dialog) disabled[alone && needs_launcher]
                    aria-describedby=[described.filter(|_| needs_launcher)] { (messages.message(key)) }
            }
        }
    }
}

fn without_launcher(view: &View, messages: &Messages) -> Markup {
    let start = next_command::launcher_in_any_shell(
        &format!("--port {}", view.launch.port),
        &view.launch.app,
    );
    html! {
        div.notice {
            p #needs-launcher { (messages.message("action.needs_launcher")) }
            (components::command_line(&start, messages))
        }
    }
}

fn facts(view: &View, messages: &Messages) -> Markup {
    let port = |port: Option<Port>| match port {
        Some(port) => html! { (port) },
        None => html! { span.quiet { (messages.message("here.none")) } },
    };
    let watched = match view.launch.launcher_pid {
        Some(pid) => messages.fill("here.launcher", &[("pid", &pid)]),
        None => messages.message("here.no_launcher").to_owned(),
    };
    html! {
        dl.facts {
            div { dt { (messages.message("here.since")) } dd { (components::time(view.started_at)) } }
            div { dt { (messages.message("here.last_good")) } dd { (port(view.last_good)) } }
            div { dt { (messages.message("here.home_port")) } dd { (port(view.home_port)) } }
            div { dt { (messages.message("here.watched")) } dd { (watched) } }
            div { dt { (messages.message("here.version")) } dd { (VERSION) } }
        }
    }
}
