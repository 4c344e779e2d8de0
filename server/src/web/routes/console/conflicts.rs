//! Who takes the ports: the holders, most frequent first.

use maud::{Markup, html};
use shared::{conflict::Holder, history::ConflictSource};

use super::{
    super::{components, messages},
    view::View,
};
use shared::messages::Messages;

/// How many are shown: who is further down was hardly ever in the way.
const SHOWN: usize = 12;

/// The section, which the scripts fetch anew when there is another conflict.
pub(super) fn section(view: &View, messages: &Messages) -> Markup {
    html! {
        section.card #conflicts aria-labelledby="conflicts-title" data-part {
            h2 #conflicts-title { (messages.message("conflicts.title")) }
            @if view.holders.is_empty() {
                p.quiet { (messages.message("conflicts.none")) }
            } @else {
                div.scroll tabindex="0" role="region" aria-label=(messages.message("conflicts.about")) {
                    table {
                        caption.unseen { (messages.message("conflicts.about")) }
                        thead {
                            tr {
                                th scope="col" { (messages.message("conflicts.who")) }
                                th.number scope="col" { (messages.message("conflicts.count")) }
                                th scope="col" { (messages.message("conflicts.ports")) }
                                th scope="col" { (messages.message("conflicts.last")) }
                            }
                        }
                        tbody {
                            @for one in view.holders.iter().take(SHOWN) {
                                @let ports: Vec<_> = one.ports.iter().map(ToString::to_string).collect();
                                tr {
                                    th scope="row" {
                                        (messages::of_holder(messages, Some(&program(one))))
                                    }
                                    td.number { (one.count) }
                                    td { (ports.join(messages.message("list.and"))) }
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
fn program(source: &ConflictSource) -> Holder {
    let (name, user) = (source.name.clone(), source.user.clone());
    Holder { name, user, ..Holder::default() }
}
