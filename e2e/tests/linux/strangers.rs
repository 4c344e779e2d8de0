//! Row 18 of the test matrix: the last good port answers, but not as one of ours (I13).

use std::fs;

use e2e::{Home, RunContext, Stranger, quiet_port};
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

/// The last one asks a stranger, too, and believes him as little.
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
