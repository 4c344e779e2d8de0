//! Who may ask: the matrix of hosts, origins and request forms, as a browser or an attacker sends
//! them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use actix_web::{HttpResponse, web};

use crate::support::{Running, plain, serve, settings};

#[test]
fn a_request_for_another_host_is_misdirected_and_reaches_no_route() {
    let touched = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&touched);
    let app = serve(settings(), move |routes| {
        let counter = Arc::clone(&counter);
        routes.default_service(web::to(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            async { HttpResponse::Ok().finish() }
        }));
    });
    for host in [
        "evil",
        "evil:{P}",
        "evil.example",
        "127.0.0.1.evil.example:{P}",
        "127.0.0.1",
        "localhost:1",
        "0.0.0.0:{P}",
        "",
    ] {
        for path in ["/", "/_homeport/identity?challenge=x"] {
            let answer = app
                .send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
            answer.assert_problem(421);
            answer.assert_sealed();
        }
    }
    assert_eq!(touched.load(Ordering::Relaxed), 0);
    assert_eq!(app.get("/").status, 200);
    assert_eq!(touched.load(Ordering::Relaxed), 1);
}

#[test]
fn every_name_of_loopback_is_ours() {
    let app = plain();
    for host in ["127.0.0.1:{P}", "localhost:{P}", "LOCALHOST:{P}", "[::1]:{P}"] {
        let answer = app.send(&format!(
            "GET /_homeport/healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[test]
fn a_request_without_exactly_one_host_is_refused() {
    let app = plain();
    let cases = [
        // The parser itself refuses the first two, as RFC 9112 wants it.
        ("HTTP/1.1\r\n", 400),
        ("HTTP/1.1\r\nHost: 127.0.0.1:{P}\r\nHost: evil\r\n", 400),
        ("HTTP/1.0\r\n", 421),
        ("HTTP/1.0\r\nHost: evil\r\n", 421),
        ("HTTP/1.0\r\nHost: 127.0.0.1:{P}\r\n", 200),
    ];
    for (rest, status) in cases {
        let answer = app.send(&format!("GET /_homeport/healthz {rest}Connection: close\r\n\r\n"));
        assert_eq!(answer.status, status, "{rest:?}");
    }
}

#[test]
fn the_target_in_absolute_form_must_name_us_too() {
    let app = plain();
    let ask = |target: &str, host: &str| {
        app.send(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
            .status
    };
    let ours = "127.0.0.1:{P}";
    assert_eq!(ask("http://127.0.0.1:{P}/_homeport/healthz", ours), 200);
    assert_eq!(ask("http://evil/_homeport/healthz", ours), 421);
    assert_eq!(ask("http://evil@127.0.0.1:{P}/_homeport/healthz", ours), 421);
    assert_eq!(ask("http://127.0.0.1:{P}/_homeport/healthz", "evil"), 421);
    let tunnel =
        |to: &str| app.send(&format!("CONNECT {to} HTTP/1.1\r\nHost: {ours}\r\n\r\n")).status;
    assert_eq!(tunnel("evil:80"), 421);
    assert_ne!(tunnel(ours), 200);
}

/// The page was loaded from `evil.example`, which now resolves to `127.0.0.1`: to the browser every
/// request is of the same origin, and the cookies of `127.0.0.1` stay at home.
#[test]
fn a_page_that_rebound_its_name_gets_nothing_and_changes_nothing() {
    let app = plain();
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/_homeport/api/v1/status"),
        ("GET", "/_homeport/enter?ticket=1"),
        ("GET", "/_homeport/metrics"),
        ("POST", "/_homeport/api/v1/stop"),
    ] {
        let answer = app.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: evil.example:{{P}}\r\nOrigin: http://evil.example:{{P}}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        answer.assert_problem(421);
    }
}

/// A form needs no permission to be sent anywhere, with the type of body that it has.
#[test]
fn a_form_of_another_page_is_refused_whatever_it_sends() {
    let app = plain();
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"] {
        let kind = format!("Content-Type: {kind}");
        let by = ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"];
        for by in [&by[..], &by[..1], &by[1..]] {
            let headers = [by, &[&kind, "Sec-Fetch-Mode: navigate", "Content-Length: 0"]].concat();
            let answer = app.ask("POST", "/_homeport/api/v1/status", &headers);
            answer.assert_problem(403);
            answer.assert_sealed();
        }
    }
}

fn foreign(app: &Running, method: &str, headers: &[&str]) -> u16 {
    let answer = app.ask(method, "/_homeport/healthz", headers);
    if answer.status == 403 {
        answer.assert_problem(403);
        answer.assert_sealed();
    }
    answer.status
}

#[test]
fn another_page_may_not_change_anything() {
    let app = plain();
    for header in [
        "Origin: null",
        "Origin: http://evil",
        "Origin: https://127.0.0.1:17000",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            assert_eq!(
                foreign(&app, method, &[header, "Content-Length: 0"]),
                403,
                "{method} {header}"
            );
        }
        assert_eq!(foreign(&app, "GET", &[header]), 200, "a link may lead here: {header}");
    }
    let own = format!("Origin: http://127.0.0.1:{}", app.port);
    assert_eq!(
        foreign(&app, "POST", &[&own, "Content-Length: 0"]),
        405,
        "nothing to refuse but the method"
    );
}

#[test]
fn another_page_may_not_open_a_web_socket() {
    let app = plain();
    let upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"];
    for origin in ["Origin: http://evil", "Origin: null"] {
        assert_eq!(foreign(&app, "GET", &[&upgrade[..], &[origin]].concat()), 403, "{origin}");
    }
    let own = format!("Origin: http://localhost:{}", app.port);
    assert_eq!(foreign(&app, "GET", &[&upgrade[..], &[&own]].concat()), 200);
}

#[test]
fn nothing_of_ours_can_be_read_by_another_page() {
    let app = plain();
    for path in
        ["/_homeport/", "/_homeport/healthz", "/_homeport/nowhere", "/_homeport/api/v1/status"]
    {
        app.ask("GET", path, &["Origin: http://evil"]).assert_sealed();
    }
    let preflight = ["Origin: http://evil", "Access-Control-Request-Method: PUT"];
    let answer = app.ask("OPTIONS", "/_homeport/api/v1/status", &preflight);
    answer.assert_problem(405);
    answer.assert_sealed();
}
