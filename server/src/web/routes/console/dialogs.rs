//! What will happen, said before it does.

use maud::{Markup, html};
use shared::app::AppName;

use super::{super::components, view::View};
use crate::web::i18n::Texts;

pub(super) fn all(view: &View, texts: &Texts) -> Markup {
    html! {
        (move_it(texts))
        (restart(view, texts))
        (stop(view, texts))
    }
}

fn move_it(texts: &Texts) -> Markup {
    let content = html! {
        p { (texts.say("dialog.move.what")) }
        p.quiet { (texts.say("dialog.move.data")) }
        div.field {
            label for="move-port" { (texts.say("dialog.move.port")) }
            input #move-port name="port" inputmode="numeric" aria-describedby="move-port-note"
                spellcheck="false" autocomplete="off";
            (components::note("move-port-note", texts.say("dialog.move.any")))
        }
    };
    dialog("move", "dialog.move.title", "dialog.move.do", &content, texts)
}

fn restart(view: &View, texts: &Texts) -> Markup {
    let content =
        html! { p { (texts.fill("dialog.restart.what", &[("url", &view.launch.url())])) } };
    dialog("restart", "dialog.restart.title", "dialog.restart.do", &content, texts)
}

fn stop(view: &View, texts: &Texts) -> Markup {
    let key =
        if view.launch.is_supervised() { "dialog.stop.what" } else { "dialog.stop.what_alone" };
    let content = html! {
        p { (texts.say(key)) }
        (again(&view.launch.app, texts))
    };
    dialog("stop", "dialog.stop.title", "dialog.stop.do", &content, texts)
}

/// How to start again, which is shown once more when the server has stopped.
fn again(app: &AppName, texts: &Texts) -> Markup {
    html! {
        div #again {
            p { (texts.say("dialog.stop.again")) }
            (components::command_line(&components::command("start", app), texts))
        }
    }
}

fn dialog(
    name: &str,
    title: &'static str,
    act: &'static str,
    content: &Markup,
    texts: &Texts,
) -> Markup {
    let heading = format!("{name}-title");
    html! {
        dialog id=(name) aria-labelledby=(heading) {
            form method="dialog" novalidate {
                h2 id=(heading) { (texts.say(title)) }
                (content)
                p.buttons {
                    button.first type="submit" { (texts.say(act)) }
                    button type="button" data-close { (texts.say("action.cancel")) }
                }
                p.problem role="alert" {}
            }
        }
    }
}
