//! The dialogs that explain an action before it is done.

use maud::{Markup, html};
use shared::{app::AppName, messages::Messages, next_command};

use super::{super::components, view::View};

pub(super) fn all(view: &View, messages: &Messages) -> Markup {
    html! {
        (move_it(messages))
        (restart(view, messages))
        (stop(view, messages))
    }
}

fn move_it(messages: &Messages) -> Markup {
    let content = html! {
        p { (messages.message("dialog.move.what")) }
        p.quiet { (messages.message("dialog.move.data")) }
        div.field {
            label for="move-port" { (messages.message("dialog.move.port")) }
            input #move-port name="port" inputmode="numeric" aria-describedby="move-port-note"
                spellcheck="false" autocomplete="off";
            (components::note("move-port-note", messages.message("dialog.move.any")))
        }
    };
    dialog("move", "dialog.move.title", "dialog.move.do", &content, messages)
}

fn restart(view: &View, messages: &Messages) -> Markup {
    let content =
        html! { p { (messages.fill("dialog.restart.what", &[("url", &view.launch.url())])) } };
    dialog("restart", "dialog.restart.title", "dialog.restart.do", &content, messages)
}

fn stop(view: &View, messages: &Messages) -> Markup {
    let key =
        if view.launch.is_supervised() { "dialog.stop.what" } else { "dialog.stop.what_alone" };
    let content = html! {
        p { (messages.message(key)) }
        (again(&view.launch.app, messages))
    };
    dialog("stop", "dialog.stop.title", "dialog.stop.do", &content, messages)
}

/// How to start again. The scripts also show it when the server has stopped.
fn again(app: &AppName, messages: &Messages) -> Markup {
    html! {
        div #again {
            p { (messages.message("dialog.stop.again")) }
            (components::command_line(&next_command::launcher_in_any_shell("", app), messages))
        }
    }
}

fn dialog(
    name: &str,
    title: &'static str,
    act: &'static str,
    content: &Markup,
    messages: &Messages,
) -> Markup {
    let heading = format!("{name}-title");
    html! {
        dialog id=(name) aria-labelledby=(heading) {
            form method="dialog" novalidate {
                h2 id=(heading) { (messages.message(title)) }
                (content)
                p.buttons {
                    button.first type="submit" { (messages.message(act)) }
                    button type="button" data-close { (messages.message("action.cancel")) }
                }
                p.problem role="alert" {}
            }
        }
    }
}
