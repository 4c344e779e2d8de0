//! The frame of the timeline, as high as it will be; a script draws it.

use maud::{Markup, html};

use shared::messages::Messages;

/// The spans of time to choose from, as the scripts know them.
const SPANS: [&str; 5] = ["1h", "24h", "7d", "30d", "all"];

/// The span that is shown at first: a week holds both yesterday and the habit.
const FIRST: &str = "7d";

/// Where the records are to be read by whoever has no scripts.
const HISTORY: &str = "/_homeport/api/v1/history?limit=1000";

/// What is drawn, as the scripts name it: launches, conflicts by kind, and what befalls a server.
const KINDS: [&str; 9] =
    ["launch", "held", "fleeting", "barred", "spoken_for", "unknown", "crash", "restart", "move"];

pub(super) fn section(messages: &Messages) -> Markup {
    html! {
        section.card #timeline aria-labelledby="timeline-title" {
            header {
                h2 #timeline-title { (messages.message("timeline.title")) }
                fieldset.spans {
                    legend.unseen { (messages.message("timeline.range")) }
                    @for span in SPANS {
                        label {
                            input type="radio" name="span" value=(span) checked[span == FIRST];
                            span { (span_text(messages, span)) }
                        }
                    }
                }
                div.zoom role="group" aria-label=(messages.message("timeline.range")) {
                    @for (act, sign, key) in [
                        ("earlier", "←", "timeline.earlier"),
                        ("later", "→", "timeline.later"),
                        ("out", "−", "timeline.out"),
                        ("in", "+", "timeline.in"),
                    ] {
                        button.icon type="button" data-zoom=(act) aria-label=(messages.message(key))
                            title=(messages.message(key)) { (sign) }
                    }
                }
            }
            div.plot #plot {
                p.quiet.lively { (messages.message("timeline.loading")) }
                noscript { p { a href=(HISTORY) { (messages.message("timeline.noscript")) } } }
            }
            ul.legend {
                @for kind in KINDS {
                    li { span data-sign=(kind) {} (kind_text(messages, kind)) }
                }
            }
            div.record #record role="status" {}
            p.quiet.hint { (messages.message("timeline.hint")) }
            p.quiet #history-note {}
            details #as-table {
                summary { (messages.message("timeline.table")) }
                div.scroll tabindex="0" role="region" aria-label=(messages.message("timeline.table")) {
                    table {
                        thead {
                            tr {
                                th scope="col" { (messages.message("timeline.when")) }
                                th scope="col" { (messages.message("here.port")) }
                                th scope="col" { (messages.message("timeline.what")) }
                                th scope="col" { (messages.message("timeline.event")) }
                            }
                        }
                        tbody #records {}
                    }
                }
                button #more type="button" hidden { (messages.message("timeline.more")) }
            }
        }
    }
}

fn span_text(messages: &Messages, span: &str) -> &'static str {
    messages.find(&format!("timeline.{span}")).unwrap_or_default()
}

fn kind_text(messages: &Messages, kind: &str) -> &'static str {
    messages.find(&format!("kind.{kind}")).unwrap_or_default()
}
