//! `enter`: the one-time URL, which turns a ticket into a cookie.
//!
//! A browser follows it from outside, so that it may be fetched ahead of the person, or looked at
//! without being opened. Neither uses the ticket.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    web::{Data, Query},
};
use jiff::Timestamp;
use maud::{DOCTYPE, html};
use serde::Deserialize;
use shared::{
    app::AppName,
    token::{TicketError, cookie_name},
};

use super::{BASE, LANDING, to_landing_page};
use crate::{error::ApiError, facts::Facts, token::Access};

/// The headers in which browsers say that they fetch ahead, the standard one first.
const AHEAD: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    ticket: String,
}

/// `GET /_homeport/enter?ticket=T`
pub(super) async fn enter(
    request: HttpRequest,
    facts: Data<Facts>,
    access: Data<Access>,
) -> Result<HttpResponse, ApiError> {
    if is_ahead(request.headers()) {
        // The browser drops what it fetched ahead, and asks again when the person comes.
        return Ok(HttpResponse::ServiceUnavailable().finish());
    }
    let asked = Query::<Asked>::from_query(request.query_string());
    let ticket = asked.map_or_else(|_| String::new(), |asked| asked.into_inner().ticket);
    let now = Timestamp::now();
    let judged = facts.token.judge(&ticket, &facts.app, facts.port, now);
    if request.method() == Method::HEAD && judged.is_ok() {
        return Ok(to_landing_page());
    }
    match judged.map(|ticket| access.take(ticket, now)) {
        Ok(true) => Ok(admitted(&facts)),
        Ok(false) | Err(TicketError::Expired) => Ok(not_admitted(&request, &facts.app)),
        Err(TicketError::Forged) => match access.wrong(&request) {
            ApiError::NoToken => Ok(not_admitted(&request, &facts.app)),
            other => Err(other),
        },
    }
}

fn is_ahead(headers: &HeaderMap) -> bool {
    let mut said = AHEAD.iter().filter_map(|name| headers.get(*name));
    said.any(|purpose| purpose.as_bytes().starts_with(b"pre"))
}

/// The cookie goes to nothing but our own part of this host, and to no script.
fn admitted(facts: &Facts) -> HttpResponse {
    let (name, value) =
        (cookie_name(&facts.app, facts.port), facts.token.cookie(&facts.app, facts.port));
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path={BASE}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, LANDING))
        .insert_header((header::SET_COOKIE, cookie))
        .finish()
}

/// Says how to come in, and what it means if somebody else did.
fn not_admitted(request: &HttpRequest, app: &AppName) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (app) " · this link is used up · Homeport" }
                link rel="icon" href="/_homeport/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/_homeport/assets/landing.css";
            }
            body {
                header { p.brand { "Homeport" } }
                main {
                    p.state { "Not open yet" }
                    h1 { "This link is used up" }
                    p { "A link to the console opens it once, within a minute. To get a new one, run" }
                    p { code { "launcher open --app " (app) " --console" } }
                    section aria-labelledby="why" {
                        h2 id="why" { "You had not used it?" }
                        p {
                            "Then somebody else on this computer may have. Stop "
                            (app) " and start it again: that ends every visit."
                        }
                        p { a href=(LANDING) { "Back to what everybody may see" } }
                    }
                }
                footer { p { "This page is served by your own computer. It loads nothing from elsewhere." } }
            }
        }
    };
    page.customize()
        .with_status(StatusCode::UNAUTHORIZED)
        .insert_header((header::WWW_AUTHENTICATE, "Bearer"))
        .respond_to(request)
        .map_into_boxed_body()
}

#[cfg(test)]
mod test {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_is_fetched_ahead_is_told_from_what_a_person_opens() {
        let request = |name: &str, value: &str| {
            TestRequest::default().insert_header((name, value)).to_http_request()
        };
        for (name, value) in [
            ("Sec-Purpose", "prefetch"),
            ("Sec-Purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("X-Moz", "prefetch"),
        ] {
            assert!(is_ahead(request(name, value).headers()), "{name}: {value}");
        }
        for (name, value) in [("Sec-Fetch-Mode", "navigate"), ("Accept", "*/*")] {
            assert!(!is_ahead(request(name, value).headers()), "{name}: {value}");
        }
    }
}
