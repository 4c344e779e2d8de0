//! The landing page: where one is, for whoever has no token yet.
//!
//! It says nothing that a stranger on this computer could not find out by other means: no paths, no
//! process ids, no history.

use actix_web::{HttpResponse, http::header::ContentType, web::Data};
use maud::{DOCTYPE, Markup, html};
use shared::conflict::Origin;

use crate::facts::{Facts, VERSION};

/// `GET /_homeport/`
pub(super) async fn page(facts: Data<Facts>) -> Markup {
    let url = facts.url();
    let since = facts.started_at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (facts.app) " · port " (facts.port) " · Homeport" }
                link rel="icon" href="/_homeport/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/_homeport/assets/landing.css";
            }
            body {
                header { p.brand { "Homeport" } }
                main {
                    p.state { "Running" }
                    h1 { (facts.app) }
                    p.url { a href="/" { (url) } }
                    p.port id="port" { (port_sentence(&facts)) }
                    dl {
                        div { dt { "Port" } dd { (facts.port) } }
                        div { dt { "Since" } dd { time datetime=(facts.started_at) { (since) } } }
                        div { dt { "Version" } dd { (VERSION) } }
                    }
                    section aria-labelledby="more" {
                        h2 id="more" { "See more" }
                        p {
                            "Programs read more at "
                            code { "/_homeport/api/v1/status" }
                            ". That is for you alone and wants the token of this app, which is in the file "
                            code { "run/" (facts.app) ".token" }
                            ". The port's history is read with "
                            code { "jq" } "."
                        }
                    }
                }
                footer { p { "This page is served by your own computer. It loads nothing from elsewhere." } }
            }
        }
    }
}

/// One sentence: is this the port of last time, and if not, why this one?
fn port_sentence(facts: &Facts) -> Markup {
    match (facts.last_good, facts.origin) {
        (Some(last), _) if last == facts.port => html! { "The same port as last time." },
        (Some(last), Origin::Explicit | Origin::Home) => {
            html! { "Last time it was port " strong { (last) } ". This one was asked for." }
        }
        (Some(last), _) => {
            html! { "Last time it was port " strong { (last) } ", which could not be had." }
        }
        (None, Origin::Explicit | Origin::Home) => html! { "This port was asked for." },
        (None, Origin::Inherited) => html! { "This port was passed on by a service manager." },
        (None, Origin::Temporary) => {
            html! { "A temporary port: the next start looks for another." }
        }
        (None, _) => html! { "A new port: the next start tries it first." },
    }
}

/// `GET /_homeport/assets/landing.css`
pub(super) async fn style() -> HttpResponse {
    let text_css = "text/css; charset=utf-8";
    HttpResponse::Ok().content_type(text_css).body(include_str!("../../assets/landing.css"))
}

/// `GET /_homeport/assets/icon.svg`
pub(super) async fn icon() -> HttpResponse {
    let svg = ContentType("image/svg+xml".parse().expect("a media type"));
    HttpResponse::Ok().content_type(svg).body(include_str!("../../assets/icon.svg"))
}
