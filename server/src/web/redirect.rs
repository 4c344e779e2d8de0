//! The redirect from the old port to the new one after a move.
//!
//! `GET` and `HEAD` are redirected with status 308. Every other method is refused with status 409 and
//! the new location, because a client that repeats such a request without being asked may do a thing
//! twice. Neither answer may be cached: another app may have the old port tomorrow.
//!
//! A cookie is valid for one port. A browser that opens the console here with the right cookie is
//! redirected to a one-time URL of the new port, with status 307, and gets a new cookie there.

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use jiff::Timestamp;
use shared::port::Port;

use crate::{
    auth::access::Credential,
    problem::Problem,
    web::{
        app_state::AppState,
        paths::{BASE, CONSOLE},
        security_headers::with_security_headers,
    },
};

/// The paths that are not redirected, because they answer for this process.
const NOT_REDIRECTED: [&str; 3] =
    ["/_homeport/identity", "/_homeport/healthz", "/_homeport/readyz"];

/// The middleware. It stands behind the guard, so that only requests to our own host names are
/// redirected.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn redirect<B: MessageBody + 'static>(
    state: Data<AppState>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    match state.redirect_target.port() {
        Some(to) if !NOT_REDIRECTED.contains(&request.path()) => {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let host = host.unwrap_or_default();
            let response = if opens_console(request.request(), &state) {
                let path = state.access.one_time_path(to, Timestamp::now());
                redirected(StatusCode::TEMPORARY_REDIRECT, &location(to, host, &path), &path)
            } else {
                answer(to, request.method(), host, target)
            };
            Ok(request.into_response(response).map_into_right_body())
        }
        _ => next.call(request).await.map(ServiceResponse::map_into_left_body),
    }
}

/// Whether a browser navigates to the console with a right credential. A request by a script of the
/// page, or one that a browser prefetches, does not count: its ticket would not be used.
fn opens_console(request: &HttpRequest, state: &AppState) -> bool {
    let mode = request.headers().get("sec-fetch-mode");
    request.method() == Method::GET
        && request.path() == CONSOLE
        && mode.is_none_or(|mode| mode == "navigate")
        && matches!(state.access.credential(request.headers()), Credential::Right(_))
}

/// The URL of `target` on port `to`, with the host name of the `Host` header `host`.
fn location(to: Port, host: &str, target: &str) -> String {
    format!("http://{}:{to}{}", without_port(host), rooted(target))
}

/// The answer to a request for `target` with the `Host` header `host`.
fn answer(to: Port, method: &Method, host: &str, target: &str) -> HttpResponse {
    let location = location(to, host, target);
    if matches!(*method, Method::GET | Method::HEAD) {
        return redirected(StatusCode::PERMANENT_REDIRECT, &location, target);
    }
    not_cached(Problem::moved(location).error_response(), target)
}

fn redirected(status: StatusCode, location: &str, target: &str) -> HttpResponse {
    let response = HttpResponse::build(status).insert_header((header::LOCATION, location)).finish();
    not_cached(response, target)
}

/// The same answer, with the header that forbids caching it, and for a path of ours with all the
/// security headers.
fn not_cached(mut response: HttpResponse, target: &str) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The app's own pages do not have the other headers.
    if is_ours(target) { with_security_headers(response) } else { response }
}

/// The host of an authority. The guard has checked that it is one of our names.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// `*`, which stands for the whole server, has no path.
fn rooted(target: &str) -> &str {
    if target.starts_with('/') { target } else { "/" }
}

fn is_ours(target: &str) -> bool {
    let rest = target.strip_prefix(BASE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod test {
    use super::*;

    fn port(number: u16) -> Port {
        Port::new(number).expect("not 0")
    }

    fn header(response: &HttpResponse, name: header::HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().expect("text"))
    }

    #[test]
    fn reading_is_led_to_the_same_place_under_the_name_that_was_used() {
        for (host, target, location) in [
            ("127.0.0.1:17000", "/", "http://127.0.0.1:17001/"),
            ("127.0.0.1:17000", "/a/b?c=d&e=%20", "http://127.0.0.1:17001/a/b?c=d&e=%20"),
            ("localhost:17000", "/a", "http://localhost:17001/a"),
            ("[::1]:17000", "/a", "http://[::1]:17001/a"),
            ("localhost", "/a", "http://localhost:17001/a"),
            ("[::1]", "/a", "http://[::1]:17001/a"),
            ("192.0.2.7:17000", "/a", "http://192.0.2.7:17001/a"),
            ("127.0.0.1:17000", "//evil/a", "http://127.0.0.1:17001//evil/a"),
            ("127.0.0.1:17000", "*", "http://127.0.0.1:17001/"),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let response = answer(port(17001), &method, host, target);
                assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
                assert_eq!(header(&response, header::LOCATION), Some(location));
                assert_eq!(header(&response, header::CACHE_CONTROL), Some("no-store"));
            }
        }
    }

    #[test]
    fn everything_else_is_told_and_not_led() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let response = answer(port(17001), &method, "localhost:17000", "/a?b");
            assert_eq!(response.status(), StatusCode::CONFLICT, "{method}");
            assert_eq!(header(&response, header::LOCATION), None);
            assert_eq!(header(&response, header::CACHE_CONTROL), Some("no-store"));
        }
    }

    #[test]
    fn only_what_is_ours_is_sealed() {
        for (target, sealed) in [
            ("/_homeport", true),
            ("/_homeport/api/v1/status?a", true),
            ("/_homeport?a", true),
            ("/_homeporting", false),
            ("/", false),
        ] {
            let response = answer(port(17001), &Method::GET, "localhost:17000", target);
            let is_sealed = header(&response, header::CONTENT_SECURITY_POLICY).is_some();
            assert_eq!(is_sealed, sealed, "{target}");
        }
    }
}
