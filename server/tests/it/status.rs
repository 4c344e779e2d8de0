//! The status, which needs the token, and the refusal of wrong methods and unknown paths.

use shared::token::Token;
use shared::{conflict::Origin, port::Port};

use crate::support::{plain, serve, settings};

const STATUS: &str = "/_homeport/api/v1/status";

#[test]
fn the_status_needs_the_token() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("run").join("notes.token");
    let mut settings = settings();
    settings.token = Token::load_or_create(&file).expect("made");
    settings.launch.last_good = Port::new(1);
    settings.launch.origin = Origin::Range;
    let launch_id = settings.launch.launch_id.to_string();
    let app = serve(settings, |_| {});
    let token = std::fs::read_to_string(file).expect("there");
    let token = token.trim();

    for wrong in [
        "Accept: */*".to_owned(),
        format!("Authorization: Bearer {}", "0".repeat(token.len())),
        format!("Authorization: Bearer {}", &token[1..]),
        format!("Authorization: Basic {token}"),
        "Authorization: Bearer ".to_owned(),
        "Authorization: ".to_owned(),
        format!("Cookie: token={token}"),
    ] {
        let answer = app.ask("GET", STATUS, &[&wrong]);
        answer.assert_problem(401);
        answer.assert_sealed();
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }

    let answer = app.ask("GET", STATUS, &[&format!("authorization: bearer {token}")]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let status = answer.json();
    assert_eq!(status["app"], "notes");
    assert_eq!(status["port"], app.port);
    assert_eq!(status["url"], format!("http://127.0.0.1:{}/", app.port));
    assert_eq!(status["addresses"][0], format!("127.0.0.1:{}", app.port));
    assert_eq!(status["origin"], "range");
    assert_eq!(status["launch_id"], launch_id);
    assert_eq!(status["launcher_pid"], serde_json::Value::Null);
    assert_eq!(status["server_pid"], std::process::id());
    // Nothing is remembered now; before this launch, another port was.
    assert_eq!(status["last_good"], serde_json::Value::Null);
    assert_eq!(status["same_as_last_time"], false);
    let started_at = status["started_at"].as_str().expect("text");
    assert!(started_at.parse::<jiff::Timestamp>().is_ok() && status["uptime_ms"].is_number());
}

#[test]
fn what_can_only_be_read_says_so() {
    let app = plain();
    for path in ["/_homeport/", "/_homeport/healthz", "/_homeport/identity", STATUS] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = app.ask(method, path, &["Content-Length: 0"]);
            answer.assert_problem(405);
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_found_in_our_part_and_outside_it() {
    let app = plain();
    for path in
        ["/_homeport/nowhere", "/_homeport/api/v2/status", "/_homeport//", "/_homeport/healthz/"]
    {
        let answer = app.get(path);
        answer.assert_problem(404);
        answer.assert_sealed();
    }
    for path in ["/nowhere", "/_homeportal"] {
        let answer = app.get(path);
        assert_eq!((answer.status, answer.body.as_str()), (404, "Not found\n"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}
