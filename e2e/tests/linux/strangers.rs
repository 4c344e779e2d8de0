//! Row 18 of the test matrix: the last good port answers, but not as one of ours (I13).

use std::fs;

use e2e::{Home, Invocation, RunContext, Stranger, quiet_port, quiet_range, send};
use serde_json::Value;
use shared::app::AppName;

/// Holds the last good port with a stranger that responds like this; returns the requests it got.
#[track_caller]
fn heard_by(answer: &str) -> Vec<String> {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    running.stop();
    let secret = fs::read_to_string(home.folders().secret()).expect("a secret");
    let stranger =
        Stranger::start(&RunContext::direct(), &["http", &format!("127.0.0.1:{port}"), answer]);

    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_ne!(ready.port, port, "{answer} was mistaken for us");
    let conflict = home.conflict_over(port);
    assert_eq!((&conflict["class"], &conflict["origin"]), (&"in_use".into(), &"last_good".into()));
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    let took = conflict["elapsed_ms"].as_f64().expect("a time");
    assert!(took < 2000.0, "{answer} held us up for {took} ms");
    assert!(ready.elapsed_ms < 10_000.0, "{answer} held the launch up for {} ms", ready.elapsed_ms);

    let heard = stranger.heard();
    for request in &heard {
        let small = request.to_lowercase();
        assert!(request.starts_with("GET /_homeport/identity?challenge="), "{request}");
        assert!(!small.contains("authorization") && !small.contains("cookie"), "{request}");
        assert!(!request.contains(token.trim()) && !request.contains(secret.trim()), "{request}");
    }
    heard
}

#[test]
fn a_server_that_answers_200_to_everything_is_not_mistaken_for_us() {
    assert!(heard_by("all-ok").len() <= 1);
}

#[test]
fn a_stranger_is_not_followed_through_a_redirect() {
    assert!(heard_by("redirect").len() <= 1);
}

#[test]
fn a_stranger_that_answers_one_byte_at_a_time_delays_no_command() {
    heard_by("drip");
}

#[test]
fn a_stranger_who_answers_without_end_is_not_read_to_the_end() {
    heard_by("flood");
}

/// The start asks the stranger for a proof, and its answer is none.
#[test]
fn a_second_start_does_not_believe_a_stranger_on_the_port_of_the_discovery_file() {
    let (home, port) = (Home::new(), quiet_port());
    let file = home.folders().discovery(&AppName::default());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let kept = fs::read(&file).expect("it is published");
    running.kill_both();
    fs::write(&file, kept).expect("written");
    let _stranger =
        Stranger::start(&RunContext::direct(), &["http", &format!("127.0.0.1:{port}"), "all-ok"]);
    let ready = home.launcher().start().ready();
    assert_ne!(ready.port, port);
    assert!(home.events("instance_found").is_empty());
}

/// Fifteen bytes, which is what Linux keeps of a name: an order to a terminal in two forms, and a mark
/// that turns the rest of the line around.
const ODD_NAME: &str = "s\u{1b}]0;\u{9b}2J\u{202e}exe";

#[track_caller]
fn assert_prints_escaped(said: &str, what: &str) {
    let raw = ["\u{1b}]", "\u{9b}", "\u{202e}"].into_iter().find(|raw| said.contains(raw));
    assert_eq!(raw, None, "{what}: {said:?}");
}

#[test]
fn the_name_of_another_program_reaches_no_terminal_unescaped() {
    let home = Home::new();
    let stranger = Stranger::renamed(&home.path().join(ODD_NAME), "127.0.0.1:0");
    let port = stranger.port.to_string();
    let said = |launch: Invocation, what: &str| {
        // Colours pass through as on a terminal.
        let ended = launch.without("--json").env("CLICOLOR_FORCE", "1").run();
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert_prints_escaped(&said, what);
        said
    };
    let mut running =
        home.launcher().home_port(stranger.port).args(["--range", &quiet_range()]).start();
    let ready = running.ready();

    let app = |launch: Invocation| launch.app("other");
    let text = [
        (app(home.launcher()).port(stranger.port), "start --port"),
        (home.server().app("other").port(stranger.port), "server --port"),
        (home.command("status"), "status"),
        (home.command("history"), "history"),
        (home.command("conflicts"), "conflicts"),
        (home.command("explain").arg(&port), "explain"),
        (home.command("logs").arg("tail"), "logs tail"),
    ];
    for (launch, what) in text {
        let said = said(launch, what);
        assert!(said.contains(r"s\u{1b}]0;\u{9b}2J\u{202e}exe"), "{what}: {said:?}");
    }
    said(home.command("doctor"), "doctor");

    let json = [
        (app(home.launcher()).port(stranger.port), "start --port", "port_conflict"),
        (home.server().app("other").port(stranger.port), "server --port", "port_conflict"),
        (home.command("history").arg("--json"), "history", "port_conflict"),
        (home.command("logs").arg("tail").arg("--json"), "logs tail", "port_conflict"),
        (home.command("explain").arg(&port).arg("--json"), "explain", "explain"),
    ];
    for (launch, what, event) in json {
        let ended = launch.run();
        assert_prints_escaped(&ended.stdout, what);
        assert_eq!(ended.line(event)["holder"]["name"], ODD_NAME, "{what}");
    }

    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    let head = format!("Host: 127.0.0.1:{}\r\nAuthorization: Bearer {}", ready.port, token.trim());
    for path in ["history?event=port_conflict", "conflicts", &format!("ports/{port}")] {
        let request =
            format!("GET /_homeport/api/v1/{path} HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n");
        let answer = send(ready.port, &request).expect("an answer");
        assert_prints_escaped(&answer.body, path);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(body.to_string().contains("\u{202e}exe"), "{path}: {body}");
    }
}
