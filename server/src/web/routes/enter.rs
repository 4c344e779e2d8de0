//! `enter`: the one-time URL, which turns a ticket into a cookie.
//!
//! A browser may prefetch it, and a program may send `HEAD` for it. Neither uses the ticket.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
    web::{Data, Query},
};
use jiff::Timestamp;
use maud::html;
use serde::Deserialize;
use shared::{app::AppName, messages::Language, next_command, token::TicketError};

use super::{components, document::Document, landing};
use crate::{
    auth::access::Rejection,
    problem::Problem,
    web::{
        app_state::AppState,
        i18n::PreferredLanguage,
        paths::{BASE, CONSOLE},
    },
};

/// The headers of a prefetch, the standard one first.
const PREFETCH_HEADERS: [&str; 3] = ["sec-purpose", "purpose", "x-moz"];

#[derive(Deserialize)]
struct EnterQuery {
    #[serde(default)]
    ticket: String,
}

/// `GET /_homeport/enter?ticket=T`
pub(super) async fn enter(
    request: HttpRequest,
    state: Data<AppState>,
    PreferredLanguage(language): PreferredLanguage,
) -> Result<HttpResponse, Problem> {
    if !state.access.admits_browsers() {
        // The page says which commands do what the console does elsewhere.
        return Ok(landing::see_landing_page());
    }
    if is_prefetch(request.headers()) {
        // The browser drops what it prefetched, and sends the request again when the person follows it.
        return Ok(HttpResponse::ServiceUnavailable().finish());
    }
    let asked = Query::<EnterQuery>::from_query(request.query_string());
    let ticket = asked.map_or_else(|_| String::new(), |asked| asked.into_inner().ticket);
    let now = Timestamp::now();
    let checked = state.access.check_ticket(&ticket, now);
    if request.method() == Method::HEAD && checked.is_ok() {
        return Ok(landing::see_landing_page());
    }
    match checked.map(|ticket| state.access.use_ticket(ticket, now)) {
        Ok(true) => Ok(admitted(&state.access.cookie())),
        Ok(false) | Err(TicketError::Expired) => Ok(not_admitted(&state.launch.app, language)),
        Err(TicketError::Forged) => match state.access.reject(&request) {
            Rejection::Unauthorized => Ok(not_admitted(&state.launch.app, language)),
            rejection => Err(rejection.into()),
        },
    }
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    let mut said = PREFETCH_HEADERS.iter().filter_map(|name| headers.get(*name));
    said.any(|purpose| purpose.as_bytes().starts_with(b"pre"))
}

/// Sets the cookie, which browsers send to our own paths alone and show to no script.
fn admitted(cookie: &str) -> HttpResponse {
    let cookie = format!("{cookie}; HttpOnly; SameSite=Strict; Path={BASE}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, CONSOLE))
        .insert_header((header::SET_COOKIE, cookie))
        .finish()
}

/// Shows how to get access, and what it means if the ticket was used by another program.
fn not_admitted(app: &AppName, language: Language) -> HttpResponse {
    let messages = language.messages();
    let body = html! {
        body.landing {
            header.top { (components::brand()) }
            main {
                p.state { (messages.message("enter.state")) }
                h1 { (messages.message("enter.title")) }
                p { (messages.message("enter.about")) }
                p { code.command { (next_command::launcher_in_any_shell("open --console", app)) } }
                section aria-labelledby="not-you" {
                    h2 #not-you { (messages.message("enter.not_you")) }
                    p { (messages.fill("enter.not_you_about", &[("app", app)])) }
                    p { a href=(CONSOLE) { (messages.message("enter.back")) } }
                }
            }
            footer.bottom { p { (messages.message("page.local")) } }
        }
    };
    let title = format!("{app} · {} · Homeport", messages.message("enter.title"));
    let styles = &["style/landing.css"];
    let mut response = Document { language, title: &title, styles, script: None, body }.response();
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let bearer = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
    response
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
            assert!(is_prefetch(request(name, value).headers()), "{name}: {value}");
        }
        for (name, value) in [("Sec-Fetch-Mode", "navigate"), ("Accept", "*/*")] {
            assert!(!is_prefetch(request(name, value).headers()), "{name}: {value}");
        }
    }
}
