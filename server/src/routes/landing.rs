//! The landing page: where one is, for whoever has not come in yet, and how to come in.
//!
//! It says nothing that a stranger on this computer could not find out by other means: no paths, no
//! process ids, no history.

use actix_web::HttpResponse;
use maud::{Markup, html};

use super::{document::Document, parts, sentences};
use crate::{
    facts::{Facts, VERSION},
    i18n::{Language, Texts},
};

/// `GET /_homeport/` without a token.
pub(super) fn page(facts: &Facts, language: Language) -> HttpResponse {
    let texts = language.texts();
    let title =
        texts.fill("page.title", &[("app", &facts.launch.app), ("port", &facts.launch.port)]);
    let body = body(facts, texts);
    let styles = &["style/landing.css"];
    Document { language, title: &title, styles, script: None, body }.response()
}

fn body(facts: &Facts, texts: &Texts) -> Markup {
    let url = facts.launch.url();
    let token = format!("run/{}.token", facts.launch.app);
    html! {
        body.landing {
            header.top { (parts::brand()) }
            main {
                p.state { (texts.say("landing.running")) }
                h1 { (facts.launch.app) }
                p.address { a href="/" { (parts::address(&url, facts.launch.port)) } }
                p.quiet id="port" {
                    (sentences::of_port(texts, facts.launch.port, facts.launch.last_good, facts.launch.origin))
                    @if let Some(last) = facts.launch.last_good.filter(|last| *last != facts.launch.port) {
                        " " (texts.fill("here.kept", &[("from", &last)]))
                    }
                }
                dl.facts {
                    div { dt { (texts.say("here.port")) } dd { (facts.launch.port) } }
                    div { dt { (texts.say("here.since")) } dd { (parts::time(facts.started_at)) } }
                    div { dt { (texts.say("here.version")) } dd { (VERSION) } }
                }
                section aria-labelledby="more" {
                    h2 id="more" { (texts.say("landing.more")) }
                    p { (texts.say("landing.open")) }
                    p { code.command { (parts::command("open", &facts.launch.app)) " --console" } }
                    p.quiet { (texts.fill("landing.program", &[("file", &token)])) }
                }
            }
            footer.bottom { p { (texts.say("page.local")) } }
        }
    }
}
