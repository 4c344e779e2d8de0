//! The checks of `Host` and `Origin` before routing.
//!
//! Every page that a user opens can send requests to a server on loopback. So each request is checked
//! for two things. `Host` must be one of our names: a page that has rebound its own host name to
//! `127.0.0.1` has the same origin to the browser, and only `Host` shows it. And `Origin` and
//! `Sec-Fetch-Site` must be ours on every unsafe method and on every upgrade, such as to a WebSocket.
//!
//! No response has CORS headers, so that only our own pages can read it.

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

use crate::{problem::Problem, web::security_headers::with_security_headers};

/// The port that `http` means when a URL names none.
const HTTP_PORT: u16 = 80;

/// The values of `Host` that this server answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts {
    /// `127.0.0.1:P`, `localhost:P`, `[::1]:P`, and the other addresses that it listens on.
    authorities: Vec<String>,
    /// The port, if the server listens on every address of the host. Any address with this port is
    /// then allowed: an address, unlike a name, cannot be rebound.
    any_address: Option<u16>,
}

impl AllowedHosts {
    /// The hosts of a server on `port` that listens on `addresses`.
    pub fn new(port: Port, addresses: &[SocketAddr]) -> Self {
        let port = port.get();
        let mut authorities: Vec<String> = ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .flat_map(|host| spellings(host, port))
            .collect();
        for address in addresses {
            authorities.extend(spellings(&host(address.ip()), port));
        }
        let any_address =
            addresses.iter().any(|address| address.ip().is_unspecified()).then_some(port);
        Self { authorities, any_address }
    }

    /// Whether `authority`, from a `Host` header or a URL, is allowed.
    pub fn contains(&self, authority: &[u8]) -> bool {
        self.authorities.iter().any(|name| authority.eq_ignore_ascii_case(name.as_bytes()))
            || self.any_address.is_some_and(|port| is_address(authority, port))
    }

    /// Whether a page of `origin` that sends a request to `host` is one of our own.
    fn contains_origin(&self, origin: &[u8], host: Option<&[u8]>) -> bool {
        let Some(authority) = origin.strip_prefix(b"http://") else { return false };
        let is_ours = |name: &String| authority.eq_ignore_ascii_case(name.as_bytes());
        self.authorities.iter().any(is_ours) || host == Some(authority)
    }

    /// Checks the method of a request, the authority of its target (if it was sent in the absolute
    /// form, as to a proxy) and its headers.
    ///
    /// # Errors
    ///
    /// `Problem::misdirected` if it is for another host, `Problem::foreign_origin` if a page of
    /// another origin sent it.
    pub fn check(
        &self,
        method: &Method,
        target: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        let mut hosts = headers.get_all(header::HOST).map(HeaderValue::as_bytes);
        let host = hosts.next();
        let is_named = host.is_some_and(|host| self.contains(host)) && hosts.next().is_none();
        if !is_named || target.is_some_and(|target| !self.contains(target.as_bytes())) {
            return Err(Problem::misdirected());
        }
        let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_safe && !headers.contains_key(header::UPGRADE) {
            return Ok(());
        }
        let mut origins = headers.get_all(header::ORIGIN).map(HeaderValue::as_bytes);
        let is_foreign = origins.any(|origin| !self.contains_origin(origin, host));
        let mut sites = headers.get_all("sec-fetch-site").map(HeaderValue::as_bytes);
        if is_foreign || sites.any(|site| !matches!(site, b"same-origin" | b"none")) {
            return Err(Problem::foreign_origin());
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

/// `host:port`, and `host` alone if the port is the default of `http`.
fn spellings(host: &str, port: u16) -> impl Iterator<Item = String> + use<> {
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

/// The middleware: refuses what [`AllowedHosts::check`] refuses, and passes on the rest.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn guard<B: MessageBody + 'static>(
    hosts: Rc<AllowedHosts>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let target = request.uri().authority().map(Authority::as_str);
    match hosts.check(request.method(), target, request.headers()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refusal) => {
            let response = with_security_headers(refusal.error_response());
            Ok(request.into_response(response).map_into_right_body())
        }
    }
}

#[cfg(test)]
mod test {
    use actix_web::http::header::HeaderName;

    use super::*;
    use crate::problem::ProblemKind;

    fn allowed_hosts(port: u16, address: &str) -> AllowedHosts {
        let addresses = [SocketAddr::new(address.parse().expect("an address"), port)];
        AllowedHosts::new(Port::new(port).expect("not 0"), &addresses)
    }

    fn checked(
        hosts: &AllowedHosts,
        method: &Method,
        target: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), ProblemKind> {
        hosts.check(method, target, headers).map_err(|problem| problem.kind())
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
        let hosts = allowed_hosts(17000, "127.0.0.1");
        for ours in ["127.0.0.1:17000", "localhost:17000", "LocalHost:17000", "[::1]:17000"] {
            assert!(hosts.contains(ours.as_bytes()), "{ours}");
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
            assert!(!hosts.contains(other.as_bytes()), "{other}");
        }
        assert!(!hosts.contains(b"\xff:17000"));
    }

    #[test]
    fn on_port_80_the_port_may_be_left_out() {
        let hosts = allowed_hosts(80, "127.0.0.1");
        assert!(
            hosts.contains(b"localhost")
                && hosts.contains(b"127.0.0.1:80")
                && !hosts.contains(b"evil")
        );
    }

    #[test]
    fn beyond_loopback_the_asked_address_is_a_name_and_all_of_them_if_all_were_asked_for() {
        let loopback = allowed_hosts(17000, "127.0.0.2");
        assert!(loopback.contains(b"127.0.0.2:17000") && !loopback.contains(b"127.0.0.3:17000"));
        let one = allowed_hosts(17000, "192.0.2.7");
        assert!(one.contains(b"192.0.2.7:17000") && one.contains(b"localhost:17000"));
        assert!(!one.contains(b"192.0.2.8:17000") && !one.contains(b"evil:17000"));
        let all = allowed_hosts(17000, "0.0.0.0");
        assert!(all.contains(b"192.0.2.8:17000") && all.contains(b"[2001:db8::1]:17000"));
        assert!(
            !all.contains(b"evil:17000")
                && !all.contains(b"192.0.2.8:17001")
                && !all.contains(b"192.0.2.8")
        );
    }

    #[test]
    fn a_request_without_exactly_one_host_is_for_another_server() {
        let hosts = allowed_hosts(17000, "127.0.0.1");
        let ours = ("host", "127.0.0.1:17000");
        for pairs in [&[][..], &[ours, ours], &[ours, ("host", "evil")]] {
            let result = checked(&hosts, &Method::GET, None, &headers(pairs));
            assert_eq!(result, Err(ProblemKind::Misdirected), "{pairs:?}");
        }
        let ours = headers(&[ours]);
        assert_eq!(checked(&hosts, &Method::GET, Some("127.0.0.1:17000"), &ours), Ok(()));
        assert_eq!(
            checked(&hosts, &Method::GET, Some("evil"), &ours),
            Err(ProblemKind::Misdirected)
        );
    }

    #[test]
    fn reading_is_open_to_every_origin_and_all_else_to_our_own_alone() {
        let hosts = allowed_hosts(17000, "127.0.0.1");
        let check = |method: &Method, pair: &[(&'static str, &'static str)]| {
            let pairs = [&[("host", "127.0.0.1:17000")], pair].concat();
            checked(&hosts, method, None, &headers(&pairs))
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
            assert_eq!(check(&Method::GET, &[pair]), Ok(()), "{pair:?}");
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                assert_eq!(check(&method, &[pair]), Err(ProblemKind::ForeignOrigin), "{pair:?}");
            }
            let upgrade = check(&Method::GET, &[("upgrade", "websocket"), pair]);
            assert_eq!(upgrade, Err(ProblemKind::ForeignOrigin), "{pair:?}");
        }
        for pair in [
            ("origin", "http://127.0.0.1:17000"),
            ("origin", "http://localhost:17000"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("accept", "*/*"),
        ] {
            assert_eq!(check(&Method::POST, &[pair]), Ok(()), "{pair:?}");
            assert_eq!(check(&Method::GET, &[("upgrade", "websocket"), pair]), Ok(()), "{pair:?}");
        }
    }

    #[test]
    fn a_neighbour_on_the_network_is_no_origin_of_ours_even_if_we_serve_on_all_addresses() {
        let hosts = allowed_hosts(17000, "0.0.0.0");
        let post = |origin| {
            checked(
                &hosts,
                &Method::POST,
                None,
                &headers(&[("host", "192.0.2.7:17000"), ("origin", origin)]),
            )
        };
        assert_eq!(post("http://192.0.2.7:17000"), Ok(()));
        assert_eq!(post("http://192.0.2.8:17000"), Err(ProblemKind::ForeignOrigin));
    }
}
