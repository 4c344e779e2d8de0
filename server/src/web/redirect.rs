//! After a move: whoever still asks on the old port is led to the new one.
//!
//! Reading is led there by status 308. Nothing else is: a client that sends its request again
//! elsewhere, without being asked, may do a thing twice, so it is told where the app is and decides.
//! Neither may be remembered, because another app may have the old port tomorrow.
//!
//! A cookie holds for one port. So whoever opens the console here and has the right one is led to a
//! one-time URL of the new port, by status 307, and need not come in again.

use std::sync::atomic::{AtomicU16, Ordering};

use actix_web::{
    Error, HttpRequest, HttpResponse,
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
    web::{
        app_state::AppState,
        connections::Connections,
        error::Problem,
        routes::{BASE, LANDING},
        security_headers::sealed,
    },
};

/// What goes on answering for this server itself, so that nobody who looks for it is misled.
const STAYING: [&str; 3] = ["/_homeport/identity", "/_homeport/healthz", "/_homeport/readyz"];

/// Whether the app has moved from this port, and where to.
#[derive(Debug)]
pub struct Moved {
    from: Port,
    /// 0 is nowhere.
    to: AtomicU16,
    connections: Connections,
}

impl Moved {
    /// The app on port `from` has not moved. If it does, `connections` go to the new port too.
    pub fn not_yet(from: Port, connections: Connections) -> Self {
        Self { from, to: AtomicU16::new(0), connections }
    }

    /// Where to, if it has.
    pub fn to(&self) -> Option<Port> {
        Port::new(self.to.load(Ordering::Relaxed))
    }

    /// Leads every request there from now on. Returns whether it does: to lead to the very port
    /// that was asked would be to lead in a circle.
    pub fn lead(&self, to: Port) -> bool {
        let leads = to != self.from;
        if leads {
            self.to.store(to.get(), Ordering::Relaxed);
            self.connections.dismiss();
        }
        leads
    }
}

/// The middleware. It stands behind the guard, so that nobody is led anywhere who is not let in.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn moved<B: MessageBody + 'static>(
    state: Data<AppState>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    match state.serving.moved.to() {
        Some(to) if !STAYING.contains(&request.path()) => {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let host = host.unwrap_or_default();
            let response = if opens_console(request.request(), &state) {
                let entrance =
                    state.auth.token.one_time_path(&state.launch.app, to, Timestamp::now());
                led(StatusCode::TEMPORARY_REDIRECT, &location(to, host, &entrance), &entrance)
            } else {
                answer(to, request.method(), host, target)
            };
            Ok(request.into_response(response).map_into_right_body())
        }
        _ => next.call(request).await.map(ServiceResponse::map_into_left_body),
    }
}

/// Whether a person who has come in opens the console. A page's own request for it is none, and
/// neither is one that is made ahead of the person: each would only make a ticket for nobody.
fn opens_console(request: &HttpRequest, state: &AppState) -> bool {
    let mode = request.headers().get("sec-fetch-mode");
    request.method() == Method::GET
        && request.path() == LANDING
        && mode.is_none_or(|mode| mode == "navigate")
        && matches!(Credential::of(request, state), Credential::Right(_))
}

/// Where `target` is now, for whoever looked for us as `host`.
fn location(to: Port, host: &str, target: &str) -> String {
    format!("http://{}:{to}{}", without_port(host), rooted(target))
}

/// The answer to a request for `target` that looked for us as `host`.
fn answer(to: Port, method: &Method, host: &str, target: &str) -> HttpResponse {
    let location = location(to, host, target);
    if matches!(*method, Method::GET | Method::HEAD) {
        return led(StatusCode::PERMANENT_REDIRECT, &location, target);
    }
    let detail = format!("the app has moved: send this to {location}");
    let problem = Problem::new(StatusCode::CONFLICT, &detail);
    unkept(Problem { location: Some(location), ..problem }.response(), target)
}

fn led(status: StatusCode, location: &str, target: &str) -> HttpResponse {
    let response = HttpResponse::build(status).insert_header((header::LOCATION, location)).finish();
    unkept(response, target)
}

/// The same answer, which nobody may keep.
fn unkept(mut response: HttpResponse, target: &str) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The rest of what goes with our answers would be new to the app's own pages.
    if is_ours(target) { sealed(response) } else { response }
}

/// The host of an authority that the guard has let pass, so it is one of our names.
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

    #[test]
    fn it_leads_nowhere_at_first_and_never_in_a_circle() {
        let connections = Connections::default();
        let moved = Moved::not_yet(port(17000), connections.clone());
        assert!(!moved.lead(port(17000)));
        assert!(moved.to().is_none() && !connections.are_dismissed());
        assert!(moved.lead(port(17001)) && moved.lead(port(17002)));
        assert_eq!(moved.to(), Some(port(17002)));
        assert!(connections.are_dismissed());
    }
}
