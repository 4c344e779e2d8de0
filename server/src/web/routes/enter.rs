//! `enter`: the one-time URL, which turns a ticket into a cookie.
//!
//! A browser follows it from outside, so that it may be fetched ahead of the person, or looked at
//! without being opened. Neither uses the ticket.

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
use shared::{
    app::AppName,
    launch::LaunchInfo,
    messages::Language,
    token::{TicketError, cookie_name},
};

use super::{BASE, LANDING, components, document::Document, to_landing_page};
use crate::{
    auth::access::{Access, Token},
    web::{app_state::AppState, error::ApiError, i18n::PreferredLanguage},
};

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
    state: Data<AppState>,
    access: Data<Access>,
    PreferredLanguage(language): PreferredLanguage,
) -> Result<HttpResponse, ApiError> {
    if is_ahead(request.headers()) {
        // The browser drops what it fetched ahead, and asks again when the person comes.
        return Ok(HttpResponse::ServiceUnavailable().finish());
    }
    let asked = Query::<Asked>::from_query(request.query_string());
    let ticket = asked.map_or_else(|_| String::new(), |asked| asked.into_inner().ticket);
    let now = Timestamp::now();
    let judged = state.auth.token.judge(&ticket, &state.launch.app, state.launch.port, now);
    if request.method() == Method::HEAD && judged.is_ok() {
        return Ok(to_landing_page());
    }
    match judged.map(|ticket| access.take(ticket, now)) {
        Ok(true) => Ok(admitted(&state.auth.token, &state.launch)),
        Ok(false) | Err(TicketError::Expired) => Ok(not_admitted(&state.launch.app, language)),
        Err(TicketError::Forged) => match access.wrong(&request) {
            ApiError::NoToken => Ok(not_admitted(&state.launch.app, language)),
            other => Err(other),
        },
    }
}

fn is_ahead(headers: &HeaderMap) -> bool {
    let mut said = AHEAD.iter().filter_map(|name| headers.get(*name));
    said.any(|purpose| purpose.as_bytes().starts_with(b"pre"))
}

/// The cookie goes to nothing but our own part of this host, and to no script.
fn admitted(token: &Token, launch: &LaunchInfo) -> HttpResponse {
    let name = cookie_name(&launch.app, launch.port);
    let value = token.cookie(&launch.app, launch.port);
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path={BASE}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, LANDING))
        .insert_header((header::SET_COOKIE, cookie))
        .finish()
}

/// Says how to come in, and what it means if somebody else did.
fn not_admitted(app: &AppName, language: Language) -> HttpResponse {
    let messages = language.messages();
    let body = html! {
        body.landing {
            header.top { (components::brand()) }
            main {
                p.state { (messages.message("enter.state")) }
                h1 { (messages.message("enter.title")) }
                p { (messages.message("enter.about")) }
                p { code.command { (components::command("open", app)) " --console" } }
                section aria-labelledby="not-you" {
                    h2 #not-you { (messages.message("enter.not_you")) }
                    p { (messages.fill("enter.not_you_about", &[("app", app)])) }
                    p { a href=(LANDING) { (messages.message("enter.back")) } }
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
            assert!(is_ahead(request(name, value).headers()), "{name}: {value}");
        }
        for (name, value) in [("Sec-Fetch-Mode", "navigate"), ("Accept", "*/*")] {
            assert!(!is_ahead(request(name, value).headers()), "{name}: {value}");
        }
    }
}
