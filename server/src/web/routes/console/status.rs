//! Where the server is: its address, since when, and whether and why the port is another.

use maud::{Markup, html};
use shared::{conflict::Class, event::MoveReason, port::Port};

use super::{
    super::{components, messages},
    view::View,
};
use crate::web::{app_state::VERSION, i18n::Texts, launch_history::LastMove};

/// The section, which the scripts fetch anew when something has changed.
pub(super) fn section(view: &View, texts: &Texts) -> Markup {
    html! {
        section.here #here aria-label=(texts.say("here.title")) data-part {
            div.where {
                h1 { (view.launch.app) }
                p.address {
                    a href="/" { (components::address(&view.launch.url(), view.launch.port)) }
                    button.icon type="button" data-copy=(view.launch.url()) title=(texts.say("here.copy"))
                        aria-label=(texts.say("here.copy")) {}
                }
            }
            (actions(view, texts))
            (why_here(view, texts))
            @if !view.launch.is_supervised() { (without_launcher(view, texts)) }
            (facts(view, texts))
        }
    }
}

fn why_here(view: &View, texts: &Texts) -> Markup {
    let Some(moved) = &view.moved else {
        let why =
            messages::of_port(texts, view.launch.port, view.launch.last_good, view.launch.origin);
        return html! { div.why { p { (why) } } };
    };
    html! {
        div.why.moved {
            p {
                (why_moved(view, moved, texts)) " "
                span.quiet { (components::time(moved.ts)) }
            }
            @if moved.why == MoveReason::Conflict {
                p { (way_back(moved, view.is_freed, texts)) }
            }
            p.quiet { (texts.fill("here.kept", &[("from", &moved.from)])) }
            @if view.launch.is_supervised() {
                p.buttons {
                    button type="button" data-move=(moved.from) {
                        (texts.fill("here.move_back", &[("port", &moved.from)]))
                    }
                    @if view.home_port != Some(view.launch.port) {
                        button type="button" data-pin=(view.launch.port) {
                            (texts.fill("here.pin", &[("port", &view.launch.port)]))
                        }
                    }
                }
            }
        }
    }
}

fn why_moved(view: &View, moved: &LastMove, texts: &Texts) -> String {
    let from = &moved.from;
    let was_home = view.home_port == Some(*from) && view.launch.last_good != Some(*from);
    match moved.why {
        MoveReason::HomePortFree => texts.fill("here.moved_home", &[("from", from)]),
        MoveReason::Asked | MoveReason::Other => texts.fill("here.moved_asked", &[("from", from)]),
        MoveReason::Conflict => {
            let class = moved.class.unwrap_or(Class::Unknown);
            let why = messages::of_conflict(texts, *from, class, moved.holder.as_ref());
            let key = if was_home { "here.home_conflict" } else { "here.moved_conflict" };
            texts.fill(key, &[("from", from), ("why", &why)])
        }
    }
}

fn way_back(moved: &LastMove, is_freed: bool, texts: &Texts) -> String {
    let port = ("port", &moved.from as &dyn std::fmt::Display);
    match moved.holder.as_ref().and_then(|holder| holder.pid) {
        _ if is_freed => texts.fill("here.advice_now", &[port]),
        Some(pid) => texts.fill("here.advice_end", &[port, ("pid", &pid)]),
        None => texts.fill("here.advice_free", &[port]),
    }
}

fn actions(view: &View, texts: &Texts) -> Markup {
    let alone = !view.launch.is_supervised();
    let described = alone.then_some("needs-launcher");
    html! {
        div.actions role="group" aria-label=(texts.say("action.title")) {
            @for (dialog, key, needs_launcher) in [
                ("move", "action.move", true),
                ("restart", "action.restart", true),
                ("stop", "action.stop", false),
            ] {
                button type="button" data-open=(dialog) disabled[alone && needs_launcher]
                    aria-describedby=[described.filter(|_| needs_launcher)] { (texts.say(key)) }
            }
        }
    }
}

fn without_launcher(view: &View, texts: &Texts) -> Markup {
    let start =
        format!("{} --port {}", components::command("start", &view.launch.app), view.launch.port);
    html! {
        div.notice {
            p #needs-launcher { (texts.say("action.needs_launcher")) }
            (components::command_line(&start, texts))
        }
    }
}

fn facts(view: &View, texts: &Texts) -> Markup {
    let port = |port: Option<Port>| match port {
        Some(port) => html! { (port) },
        None => html! { span.quiet { (texts.say("here.none")) } },
    };
    let watched = match view.launch.launcher_pid {
        Some(pid) => texts.fill("here.launcher", &[("pid", &pid)]),
        None => texts.say("here.nobody").to_owned(),
    };
    html! {
        dl.facts {
            div { dt { (texts.say("here.since")) } dd { (components::time(view.started_at)) } }
            div { dt { (texts.say("here.last_good")) } dd { (port(view.launch.last_good)) } }
            div { dt { (texts.say("here.home_port")) } dd { (port(view.home_port)) } }
            div { dt { (texts.say("here.watched")) } dd { (watched) } }
            div { dt { (texts.say("here.version")) } dd { (VERSION) } }
        }
    }
}
