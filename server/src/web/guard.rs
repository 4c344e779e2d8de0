//! Who may ask: the rules that stand before routing.
//!
//! A server on loopback is reached by every page that its user opens, so two questions are put to
//! each request before anything else happens. Under which name did it look for us? A page that has
//! rebound its own host name to `127.0.0.1` is of the same origin to the browser, and only `Host`
//! betrays it. And who asks for more than reading? `Origin` and `Sec-Fetch-Site` tell, on every
//! unsafe method and on every upgrade, WebSockets above all.
//!
//! There are no CORS headers anywhere: no page but ours reads our answers.

use std::{
    net::{IpAddr, SocketAddr},
    rc::Rc,
};

use actix_web::{
    Error, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
        uri::Authority,
    },
    middleware::Next,
};
use shared::port::Port;

use crate::web::{error::ApiError, security_headers::sealed};

/// The port that `http` means when a URL names none.
const HTTP_PORT: u16 = 80;

/// The names under which this server may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `127.0.0.1:P`, `localhost:P`, `[::1]:P`, and what it was asked to serve beyond loopback.
    authorities: Vec<String>,
    /// The port, if it serves on every address of the host. Any address with this port is then one
    /// of our names: an address, unlike a name, cannot be rebound by whoever owns it.
    any_address: Option<u16>,
}

impl Names {
    /// The names of a server on `port` that listens on `addresses`.
    pub fn new(port: Port, addresses: &[SocketAddr]) -> Self {
        let port = port.get();
        let mut authorities: Vec<String> =
            ["127.0.0.1", "localhost", "[::1]"].iter().flat_map(|host| spelt(host, port)).collect();
        for address in addresses.iter().filter(|address| !address.ip().is_loopback()) {
            authorities.extend(spelt(&host(address.ip()), port));
        }
        let any_address =
            addresses.iter().any(|address| address.ip().is_unspecified()).then_some(port);
        Self { authorities, any_address }
    }

    /// Whether `authority`, as a `Host` header or a URL spells it, is one of them.
    pub fn hold(&self, authority: &[u8]) -> bool {
        self.authorities.iter().any(|name| authority.eq_ignore_ascii_case(name.as_bytes()))
            || self.any_address.is_some_and(|port| is_address(authority, port))
    }

    /// Whether a page of `origin`, which asks for `host`, is one of our own.
    fn hold_origin(&self, origin: &[u8], host: Option<&[u8]>) -> bool {
        let Some(authority) = origin.strip_prefix(b"http://") else { return false };
        let is_ours = |name: &String| authority.eq_ignore_ascii_case(name.as_bytes());
        self.authorities.iter().any(is_ours) || host == Some(authority)
    }

    /// Judges a request by its method, the authority of its target (if it was sent in the absolute
    /// form, as to a proxy) and its headers.
    ///
    /// # Errors
    ///
    /// [`ApiError::Misdirected`] if it looked for somebody else, [`ApiError::ForeignOrigin`] if a
    /// stranger's page sent it.
    pub fn judge(
        &self,
        method: &Method,
        target: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), ApiError> {
        let mut hosts = headers.get_all(header::HOST).map(HeaderValue::as_bytes);
        let host = hosts.next();
        let is_named = host.is_some_and(|host| self.hold(host)) && hosts.next().is_none();
        if !is_named || target.is_some_and(|target| !self.hold(target.as_bytes())) {
            return Err(ApiError::Misdirected);
        }
        let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_safe && !headers.contains_key(header::UPGRADE) {
            return Ok(());
        }
        let mut origins = headers.get_all(header::ORIGIN).map(HeaderValue::as_bytes);
        let is_foreign = origins.any(|origin| !self.hold_origin(origin, host));
        let mut sites = headers.get_all("sec-fetch-site").map(HeaderValue::as_bytes);
        if is_foreign || sites.any(|site| !matches!(site, b"same-origin" | b"none")) {
            return Err(ApiError::ForeignOrigin);
        }
        Ok(())
    }
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// `host:port`, and `host` alone where the port goes without saying.
fn spelt(host: &str, port: u16) -> impl Iterator<Item = String> + use<> {
    let short = (port == HTTP_PORT).then(|| host.to_owned());
    [format!("{host}:{port}")].into_iter().chain(short)
}

/// Whether `authority` is an address, and no name, with this port.
fn is_address(authority: &[u8], port: u16) -> bool {
    let Ok(authority) = str::from_utf8(authority) else { return false };
    match authority.parse::<SocketAddr>() {
        Ok(address) => address.port() == port,
        Err(_) => port == HTTP_PORT && authority.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()),
    }
}

/// The middleware: answers what the rules refuse, and hands on the rest.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn guard<B: MessageBody + 'static>(
    names: Rc<Names>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let target = request.uri().authority().map(Authority::as_str);
    match names.judge(request.method(), target, request.headers()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refusal) => {
            let response = sealed(refusal.error_response());
            Ok(request.into_response(response).map_into_right_body())
        }
    }
}

#[cfg(test)]
mod test {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn names(port: u16, address: &str) -> Names {
        let addresses = [SocketAddr::new(address.parse().expect("an address"), port)];
        Names::new(Port::new(port).expect("not 0"), &addresses)
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &(name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_our_own_names_are_answered_and_the_port_is_part_of_them() {
        let names = names(17000, "127.0.0.1");
        for ours in ["127.0.0.1:17000", "localhost:17000", "LocalHost:17000", "[::1]:17000"] {
            assert!(names.hold(ours.as_bytes()), "{ours}");
        }
        for other in [
            "",
            "evil",
            "evil:17000",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:17001",
            "127.0.0.1:017000",
            "127.0.0.1.evil:17000",
            "localhost.:17000",
            "localhost.evil:17000",
            "evil@127.0.0.1:17000",
            "127.0.0.1:17000@evil",
            "0.0.0.0:17000",
            "127.1:17000",
            "2130706433:17000",
            "::1:17000",
            "[::]:17000",
            "[0:0:0:0:0:0:0:1]:17000",
            "127.0.0.1:17000,evil",
            " 127.0.0.1:17000",
        ] {
            assert!(!names.hold(other.as_bytes()), "{other}");
        }
        assert!(!names.hold(b"\xff:17000"));
    }

    #[test]
    fn on_port_80_the_port_may_be_left_out() {
        let names = names(80, "127.0.0.1");
        assert!(names.hold(b"localhost") && names.hold(b"127.0.0.1:80") && !names.hold(b"evil"));
    }

    #[test]
    fn beyond_loopback_the_asked_address_is_a_name_and_all_of_them_if_all_were_asked_for() {
        let one = names(17000, "192.0.2.7");
        assert!(one.hold(b"192.0.2.7:17000") && one.hold(b"localhost:17000"));
        assert!(!one.hold(b"192.0.2.8:17000") && !one.hold(b"evil:17000"));
        let all = names(17000, "0.0.0.0");
        assert!(all.hold(b"192.0.2.8:17000") && all.hold(b"[2001:db8::1]:17000"));
        assert!(
            !all.hold(b"evil:17000") && !all.hold(b"192.0.2.8:17001") && !all.hold(b"192.0.2.8")
        );
    }

    #[test]
    fn a_request_without_exactly_one_host_is_for_somebody_else() {
        let names = names(17000, "127.0.0.1");
        let ours = ("host", "127.0.0.1:17000");
        for pairs in [&[][..], &[ours, ours], &[ours, ("host", "evil")]] {
            let verdict = names.judge(&Method::GET, None, &headers(pairs));
            assert_eq!(verdict, Err(ApiError::Misdirected), "{pairs:?}");
        }
        let ours = headers(&[ours]);
        assert_eq!(names.judge(&Method::GET, Some("127.0.0.1:17000"), &ours), Ok(()));
        assert_eq!(names.judge(&Method::GET, Some("evil"), &ours), Err(ApiError::Misdirected));
    }

    #[test]
    fn reading_is_open_to_every_origin_and_all_else_to_our_own_alone() {
        let names = names(17000, "127.0.0.1");
        let judge = |method: &Method, pair: &[(&'static str, &'static str)]| {
            let pairs = [&[("host", "127.0.0.1:17000")], pair].concat();
            names.judge(method, None, &headers(&pairs))
        };
        let foreign = [
            ("origin", "null"),
            ("origin", "http://evil"),
            ("origin", "https://127.0.0.1:17000"),
            ("origin", "http://127.0.0.1:17001"),
            ("origin", "http://127.0.0.1:17000.evil"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ];
        for pair in foreign {
            assert_eq!(judge(&Method::GET, &[pair]), Ok(()), "{pair:?}");
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                assert_eq!(judge(&method, &[pair]), Err(ApiError::ForeignOrigin), "{pair:?}");
            }
            let upgrade = judge(&Method::GET, &[("upgrade", "websocket"), pair]);
            assert_eq!(upgrade, Err(ApiError::ForeignOrigin), "{pair:?}");
        }
        for pair in [
            ("origin", "http://127.0.0.1:17000"),
            ("origin", "http://localhost:17000"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("accept", "*/*"),
        ] {
            assert_eq!(judge(&Method::POST, &[pair]), Ok(()), "{pair:?}");
            assert_eq!(judge(&Method::GET, &[("upgrade", "websocket"), pair]), Ok(()), "{pair:?}");
        }
    }

    #[test]
    fn a_neighbour_on_the_network_is_no_origin_of_ours_even_if_we_serve_on_all_addresses() {
        let names = names(17000, "0.0.0.0");
        let post = |origin| {
            names.judge(
                &Method::POST,
                None,
                &headers(&[("host", "192.0.2.7:17000"), ("origin", origin)]),
            )
        };
        assert_eq!(post("http://192.0.2.7:17000"), Ok(()));
        assert_eq!(post("http://192.0.2.8:17000"), Err(ApiError::ForeignOrigin));
    }
}
