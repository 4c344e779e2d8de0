//! After a move: the old port redirects every request to the new one.

use actix_web::web;
use jiff::Timestamp;
use server::web::application::ApplicationSettings;
use shared::{port::Port, token::cookie_name};

use crate::support::{Kept, Running, plain, serve, settings};

/// A port to redirect to. No test connects to it.
fn elsewhere(app: &Running) -> Port {
    Port::new(if app.port == 17001 { 17002 } else { 17001 }).expect("not 0")
}

fn notes() -> Running {
    serve(settings(), |routes| {
        routes.route("/notes", web::get().to(|| async { "notes" }));
        routes.route("/notes", web::post().to(|| async { "noted" }));
    })
}

#[test]
fn every_page_leads_to_the_same_page_of_the_new_port() {
    let app = notes();
    assert_eq!(app.get("/notes").body, "notes");
    let to = elsewhere(&app);
    assert!(app.redirect_target.set(to));
    for path in ["/", "/notes?a=b%20c", "/nothing", "/_homeport/", "/_homeport/api/v1/status"] {
        for method in ["GET", "HEAD"] {
            let answer = app.ask(method, path, &[]);
            assert_eq!((answer.status, answer.body.as_str()), (308, ""), "{method} {path}");
            let location = format!("http://127.0.0.1:{to}{path}");
            assert_eq!(answer.header("location"), Some(location.as_str()));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(answer.is_last() && !answer.head.contains("access-control"), "{answer:?}");
            if path.starts_with("/_homeport/") {
                answer.assert_sealed();
            }
        }
    }
}

#[test]
fn the_name_that_was_used_is_kept() {
    let app = plain();
    let to = elsewhere(&app);
    assert!(app.redirect_target.set(to));
    for host in ["localhost", "[::1]"] {
        let answer = app.send(&format!("GET /a HTTP/1.1\r\nHost: {host}:{{P}}\r\n\r\n"));
        let location = format!("http://{host}:{to}/a");
        assert_eq!((answer.status, answer.header("location")), (308, Some(location.as_str())));
    }
}

#[test]
fn a_site_leads_away_as_well() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::write(root.path().join("index.html"), "here").expect("written");
    let app =
        serve(ApplicationSettings { root: Some(root.path().to_owned()), ..settings() }, |_| {});
    assert_eq!(app.get("/").body, "here");
    assert!(app.redirect_target.set(elsewhere(&app)));
    assert_eq!(app.get("/").status, 308);
}

#[test]
fn a_request_that_changes_something_gets_the_address_and_changes_nothing() {
    let app = notes();
    assert_eq!(app.ask("POST", "/notes", &[]).body, "noted");
    let to = elsewhere(&app);
    assert!(app.redirect_target.set(to));
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = app.ask(method, "/notes?a=b", &[]);
        answer.assert_problem(409);
        assert_eq!((answer.header("location"), answer.is_last()), (None, true));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let (problem, location) = (answer.json(), format!("http://127.0.0.1:{to}/notes?a=b"));
        assert_eq!(problem["title"], "Conflict");
        assert_eq!(problem["location"], location.as_str());
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains("moved") && detail.contains(&location), "{detail}");
    }
}

#[test]
fn a_client_without_a_credential_is_not_redirected_with_a_ticket() {
    let app = plain();
    assert!(app.redirect_target.set(elsewhere(&app)));
    let rebound = app.send("GET / HTTP/1.1\r\nHost: evil:{P}\r\nConnection: close\r\n\r\n");
    rebound.assert_problem(421);
    app.ask("POST", "/", &["Origin: http://evil"]).assert_problem(403);
}

#[test]
fn it_still_answers_for_itself() {
    let app = plain();
    assert_eq!(app.get("/_homeport/readyz").status, 200);
    assert!(app.redirect_target.set(elsewhere(&app)));
    assert_eq!(app.get("/_homeport/healthz").status, 200);
    let identity = app.get("/_homeport/identity?challenge=5f0c");
    assert!(identity.status == 200 && identity.is_last(), "{identity:?}");
    let ready = app.get("/_homeport/readyz");
    ready.assert_problem(503);
    assert!(ready.json()["detail"].as_str().expect("text").contains("moved"));
}

#[test]
fn a_kept_connection_is_led_away_by_its_next_answer() {
    let app = notes();
    let mut kept = Kept::open(app.port).expect("it listens");
    assert!(!kept.ask("GET /notes").expect("an answer").is_last());
    assert!(app.redirect_target.set(elsewhere(&app)));
    let answer = kept.ask("GET /notes").expect("an answer");
    assert_eq!((answer.status, answer.is_last()), (308, true));
    kept.assert_closes();
    // The sockets are still open: later connections are redirected as well.
    let mut later = Kept::open(app.port).expect("it listens");
    assert_eq!(later.ask("GET /notes").expect("an answer").status, 308);
}

/// The cookie's name contains the port, so a logged-in user would otherwise have to log in again.
#[test]
fn a_client_with_a_cookie_is_redirected_to_the_new_console_with_a_fresh_ticket() {
    let settings = settings();
    let (token, name) = (settings.token.clone(), settings.launch.app.clone());
    let app = serve(settings, |_| {});
    let (from, to) = (Port::new(app.port).expect("not 0"), elsewhere(&app));
    let cookie = format!("Cookie: {}={}", cookie_name(&name, from), token.cookie(&name, from));
    assert!(app.redirect_target.set(to));

    let answer = app.ask("GET", "/_homeport/", &[&cookie, "Sec-Fetch-Mode: navigate"]);
    assert_eq!((answer.status, answer.header("cache-control")), (307, Some("no-store")));
    answer.assert_sealed();
    let location = answer.header("location").expect("a place");
    let entrance = format!("http://127.0.0.1:{to}/_homeport/enter?ticket=");
    let ticket = location.strip_prefix(&entrance).unwrap_or_else(|| panic!("{location}"));
    assert!(token.check(ticket, &name, to, Timestamp::now()).is_ok());

    let plain = format!("http://127.0.0.1:{to}/_homeport/");
    let wrong = format!("Cookie: {}={}", cookie_name(&name, from), "0".repeat(64));
    let requests: [(&str, &[&str]); 4] = [
        ("GET", &[]),
        ("GET", &[&wrong]),
        ("GET", &[&cookie, "Sec-Fetch-Mode: cors"]),
        ("HEAD", &[&cookie]),
    ];
    for (method, headers) in requests {
        let answer = app.ask(method, "/_homeport/", headers);
        assert_eq!((answer.status, answer.header("location")), (308, Some(plain.as_str())));
    }
}
