//! The name under which a server is asked: whatever is let in names this computer and our port.

#![no_main]

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use actix_web::http::{
    Method,
    header::{HOST, HeaderMap, HeaderValue, ORIGIN},
};
use libfuzzer_sys::fuzz_target;
use server::web::guard::AllowedHosts;
use shared::port::Port;

// One line says how we listen, the second is the host and the third the origin.
fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n').chain([&b""[..]; 2]);
    let [Some(how), Some(host), Some(origin)] = [lines.next(), lines.next(), lines.next()] else {
        return;
    };
    let (port, everywhere) = match how {
        b"80" => (80, false),
        b"everywhere" => (17000, true),
        _ => (17000, false),
    };
    let port = Port::new(port).expect("not 0");
    let listens: IpAddr = if everywhere { [0, 0, 0, 0].into() } else { [127, 0, 0, 1].into() };
    let hosts = AllowedHosts::new(port, &[SocketAddr::new(listens, port.get())]);
    if hosts.contains(host) {
        assert!(is_ours(host, port.get(), everywhere), "{}", host.escape_ascii());
    }
    let (Ok(host), Ok(origin)) = (HeaderValue::from_bytes(host), HeaderValue::from_bytes(origin))
    else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.insert(HOST, host.clone());
    headers.insert(ORIGIN, origin.clone());
    if hosts.check(&Method::POST, None, &headers).is_ok() {
        let authority = origin.as_bytes().strip_prefix(b"http://").expect("our pages are http");
        assert!(is_ours(authority, port.get(), everywhere), "{origin:?}");
    }
});

/// Said in another way than the guard says it: a loopback name or address with our port, or any
/// address with it where all of them were asked for.
fn is_ours(authority: &[u8], port: u16, everywhere: bool) -> bool {
    let text = std::str::from_utf8(authority).expect("a name of ours is text").to_ascii_lowercase();
    let (host, stated) = match text.rsplit_once(':') {
        Some((host, stated)) if !stated.ends_with(']') => (host, stated.parse().ok()),
        _ => (text.as_str(), Some(80)),
    };
    // An address may name its interface: `[fe80::1%2]:17000`.
    let has_interface = text.parse::<SocketAddrV6>().is_ok();
    let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    let is_known = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    stated == Some(port)
        && (is_known || everywhere && (is_address || has_interface) || host == "0.0.0.0")
}
