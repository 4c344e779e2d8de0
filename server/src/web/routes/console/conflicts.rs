//! Who takes the ports: the holders, most frequent first.

use maud::{Markup, html};
use shared::{conflict::Holder, history::Taker};

use super::{
    super::{components, messages},
    view::View,
};
use crate::web::i18n::Texts;

/// How many are shown: who is further down was hardly ever in the way.
const SHOWN: usize = 12;

/// The section, which the scripts fetch anew when there is another conflict.
pub(super) fn section(view: &View, texts: &Texts) -> Markup {
    html! {
        section.card #conflicts aria-labelledby="conflicts-title" data-part {
            h2 #conflicts-title { (texts.say("conflicts.title")) }
            @if view.holders.is_empty() {
                p.quiet { (texts.say("conflicts.none")) }
            } @else {
                div.scroll tabindex="0" role="region" aria-label=(texts.say("conflicts.about")) {
                    table {
                        caption.unseen { (texts.say("conflicts.about")) }
                        thead {
                            tr {
                                th scope="col" { (texts.say("conflicts.who")) }
                                th.number scope="col" { (texts.say("conflicts.count")) }
                                th scope="col" { (texts.say("conflicts.ports")) }
                                th scope="col" { (texts.say("conflicts.last")) }
                            }
                        }
                        tbody {
                            @for one in view.holders.iter().take(SHOWN) {
                                @let ports: Vec<_> = one.ports.iter().map(ToString::to_string).collect();
                                tr {
                                    th scope="row" {
                                        (messages::of_holder(texts, Some(&program(one))))
                                    }
                                    td.number { (one.count) }
                                    td { (ports.join(texts.say("list.and"))) }
                                    td { (components::time(one.last)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A program, whichever of its processes it was.
fn program(taker: &Taker) -> Holder {
    let (name, user) = (taker.name.clone(), taker.user.clone());
    Holder { name, user, ..Holder::default() }
}
