//! The frame of the timeline, as high as it will be; a script draws it.

use maud::{Markup, html};

use crate::web::i18n::Texts;

/// The spans of time to choose from, as the scripts know them.
const SPANS: [&str; 5] = ["1h", "24h", "7d", "30d", "all"];

/// The span that is shown at first: a week holds both yesterday and the habit.
const FIRST: &str = "7d";

/// Where the records are to be read by whoever has no scripts.
const HISTORY: &str = "/_homeport/api/v1/history?limit=1000";

/// What is drawn, as the scripts name it: launches, conflicts by kind, and what befalls a server.
const KINDS: [&str; 9] =
    ["launch", "held", "fleeting", "barred", "spoken_for", "unknown", "crash", "restart", "move"];

pub(super) fn section(texts: &Texts) -> Markup {
    html! {
        section.card #timeline aria-labelledby="timeline-title" {
            header {
                h2 #timeline-title { (texts.say("timeline.title")) }
                fieldset.spans {
                    legend.unseen { (texts.say("timeline.range")) }
                    @for span in SPANS {
                        label {
                            input type="radio" name="span" value=(span) checked[span == FIRST];
                            span { (span_text(texts, span)) }
                        }
                    }
                }
                div.zoom role="group" aria-label=(texts.say("timeline.range")) {
                    @for (act, sign, key) in [
                        ("earlier", "←", "timeline.earlier"),
                        ("later", "→", "timeline.later"),
                        ("out", "−", "timeline.out"),
                        ("in", "+", "timeline.in"),
                    ] {
                        button.icon type="button" data-zoom=(act) aria-label=(texts.say(key))
                            title=(texts.say(key)) { (sign) }
                    }
                }
            }
            div.plot #plot {
                p.quiet.lively { (texts.say("timeline.loading")) }
                noscript { p { a href=(HISTORY) { (texts.say("timeline.noscript")) } } }
            }
            ul.legend {
                @for kind in KINDS {
                    li { span data-sign=(kind) {} (kind_text(texts, kind)) }
                }
            }
            div.record #record role="status" {}
            p.quiet.hint { (texts.say("timeline.hint")) }
            p.quiet #history-note {}
            details #as-table {
                summary { (texts.say("timeline.table")) }
                div.scroll tabindex="0" role="region" aria-label=(texts.say("timeline.table")) {
                    table {
                        thead {
                            tr {
                                th scope="col" { (texts.say("timeline.when")) }
                                th scope="col" { (texts.say("here.port")) }
                                th scope="col" { (texts.say("timeline.what")) }
                                th scope="col" { (texts.say("timeline.event")) }
                            }
                        }
                        tbody #records {}
                    }
                }
                button #more type="button" hidden { (texts.say("timeline.more")) }
            }
        }
    }
}

fn span_text(texts: &Texts, span: &str) -> &'static str {
    texts.find(&format!("timeline.{span}")).unwrap_or_default()
}

fn kind_text(texts: &Texts, kind: &str) -> &'static str {
    texts.find(&format!("kind.{kind}")).unwrap_or_default()
}
