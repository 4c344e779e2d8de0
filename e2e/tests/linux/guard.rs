//! Row 28 of the test matrix: who may ask a launched server. Each request is sent byte by byte.

use std::fs;

use e2e::{Home, ReadyMessage, Running, quiet_port, send};
use shared::app::AppName;

/// A server, and the token that lets one in.
fn launched() -> (Home, Running, ReadyMessage, String) {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    (home, running, ready, token.trim().to_owned())
}

#[track_caller]
fn assert_status(port: u16, request: &str, expected: &[u16]) {
    let answer = send(port, request).unwrap_or_else(|error| panic!("{request:?}: {error}"));
    assert!(expected.contains(&answer.status), "{request:?}: {answer:?}");
    let head = answer.head.to_lowercase();
    assert!(!head.contains("access-control-allow"), "{request:?}: {answer:?}");
}

#[test]
fn only_a_request_that_names_this_server_is_answered() {
    let (_home, _running, ready, _) = launched();
    let port = ready.port;
    let get = |host: &str| {
        format!("GET /_homeport/healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    };
    for host in ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"] {
        assert_status(port, &get(&format!("{host}:{port}")), &[200]);
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost.:{port}"),
        "127.0.0.1:1".to_owned(),
        "localhost".to_owned(),
        format!("user@127.0.0.1:{port}"),
        String::new(),
    ] {
        assert_status(port, &get(&host), &[400, 421]);
    }
}

#[test]
fn a_request_of_an_unusual_form_gets_no_further_than_a_usual_one() {
    let (_home, _running, ready, _) = launched();
    let port = ready.port;
    let path = "/_homeport/healthz";
    let ours = format!("127.0.0.1:{port}");
    let close = "Connection: close\r\n\r\n";
    for request in [
        format!("GET {path} HTTP/1.1\r\n{close}"),
        format!("GET {path} HTTP/1.0\r\n\r\n"),
        format!("GET {path} HTTP/1.1\r\nHost: {ours}\r\nHost: evil.example\r\n{close}"),
        format!("GET http://evil.example{path} HTTP/1.1\r\nHost: {ours}\r\n{close}"),
        format!("GET http://{ours}{path} HTTP/1.1\r\nHost: evil.example\r\n{close}"),
    ] {
        assert_status(port, &request, &[400, 421]);
    }
    let absolute = format!("GET http://{ours}{path} HTTP/1.1\r\nHost: {ours}\r\n{close}");
    assert_status(port, &absolute, &[200]);
    let plain = format!("GET {path} HTTP/1.0\r\nHost: {ours}\r\n\r\n");
    assert_status(port, &plain, &[200]);
}

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let (_home, mut running, ready, token) = launched();
    let port = ready.port;
    let ask = |method: &str, headers: &str| {
        let always = format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n");
        let rest = "Content-Length: 0\r\nConnection: close\r\n\r\n";
        format!("{method} /_homeport/api/v1/stop HTTP/1.1\r\n{always}{headers}{rest}")
    };
    for headers in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1:1\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            assert_status(port, &ask(method, headers), &[403]);
        }
    }
    let upgrade = "Origin: https://evil.example\r\nUpgrade: websocket\r\n";
    assert_status(port, &ask("GET", upgrade), &[403]);
    assert!(!running.has_ended() && !running.server().has_ended());
}

#[test]
fn what_is_ours_wants_the_token_but_for_the_few_that_prove_nothing() {
    let (_home, _running, ready, token) = launched();
    let port = ready.port;
    let get = |path: &str, headers: &str| {
        let host = format!("Host: 127.0.0.1:{port}\r\n");
        format!("GET /_homeport/{path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n")
    };
    for open in ["healthz", "readyz", "identity?challenge=1"] {
        assert_status(port, &get(open, ""), &[200]);
    }
    assert_status(port, &get("api/v1/status", ""), &[401]);
    assert_status(port, &get("api/v1/status", "Authorization: Bearer wrong\r\n"), &[401]);
    let authorized = format!("Authorization: Bearer {token}\r\n");
    assert_status(port, &get("api/v1/status", &authorized), &[200]);
}

/// I13, from the other side: a request cannot fill the server's memory.
#[test]
fn a_request_without_end_is_cut_off() {
    let (_home, running, ready, _) = launched();
    let endless =
        format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX: {}", ready.port, "x".repeat(1 << 20));
    // Cut off, whether with words or by closing.
    let answer = send(ready.port, &endless);
    assert!(answer.map_or(true, |answer| answer.status == 0 || answer.status >= 400));
    assert!(!running.server().has_ended());
}
