//! Servers that do not become ready: each cause has its own error.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use e2e::{Ended, Home, quiet_port, wait_until};
use rustix::process::Signal;
use shared::{app::AppName, claim, port::Port};

struct Failure {
    home: Home,
    port: u16,
    ended: Ended,
}

fn launch(orders: &[&str]) -> Failure {
    let (home, port) = (Home::new(), quiet_port());
    let launch = home.launcher().home_port(port).fake(orders).arg("--ready-timeout").arg("1s");
    let ended = launch.run();
    Failure { home, port, ended }
}

/// Exit code 75, one line and one record that give the reason, nothing kept.
#[track_caller]
fn assert_fails(orders: &[&str], reason: &str) -> String {
    let Failure { home, port, ended } = launch(orders);
    assert_eq!(ended.code, Some(75), "{orders:?}: {ended:?}");
    let (line, record) = (ended.line("launch_failed"), home.last("launch_failed"));
    assert_eq!((&line["reason"], &line["exit_code"]), (&reason.into(), &75.into()), "{orders:?}");
    assert_eq!((&record["reason"], &record["error"]), (&line["reason"], &line["error"]));
    assert_eq!((&record["port"], &line["port"]), (&port.into(), &port.into()), "{orders:?}");
    assert_eq!(home.events("server_spawned").len(), 1, "{orders:?}");
    assert!(home.assignment().is_none() && home.events("server_ready").is_empty(), "{orders:?}");
    assert!(claim::port(Port::new(port).expect("a port")).is_ok(), "{orders:?} keeps the port");
    line["error"].as_str().expect("the message for people").to_owned()
}

#[test]
fn a_server_that_exits_is_reported_with_its_exit_code() {
    let error = assert_fails(&["exit=3"], "exited");
    assert!(error.contains("code 3"), "{error}");
}

#[test]
fn a_server_that_is_ended_by_a_signal_is_reported_with_the_signal() {
    let error = assert_fails(&["signal=9"], "signalled");
    assert!(error.contains("signal 9"), "{error}");
}

#[test]
fn a_server_that_takes_too_long_is_ended_and_reported_with_the_limit() {
    let silent = assert_fails(&["never-ready"], "timed_out");
    assert!(silent.contains("1s"), "{silent}");
    let hanging = assert_fails(&["hang-after-ready"], "timed_out");
    assert_ne!(silent, hanging, "whether it had said anything makes a difference");
    let Failure { home, .. } = launch(&["never-ready"]);
    assert_eq!(home.last("server_exited")["signal"], 9, "the launcher has killed it");
}

#[test]
fn a_server_that_gives_a_wrong_answer_is_ended_and_reported_with_it() {
    let orders = ["garbage", "wrong-identity", "wrong-launch", "not-http"];
    let errors: BTreeSet<_> =
        orders.iter().map(|order| assert_fails(&[order], "wrong_answer")).collect();
    assert_eq!(errors.len(), orders.len(), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("Listening on")), "{errors:?}");
    assert!(!errors.iter().any(|error| error.contains('\u{1b}')), "{errors:?}");
}

#[test]
fn a_server_that_does_not_exist_is_reported_with_its_path() {
    let home = Home::new();
    let ended = home.launcher().setting("command = [\"/nowhere/at-all\"]").run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let error = ended.line("launch_failed")["error"].to_string();
    assert!(error.contains("/nowhere/at-all"), "{error}");
    let file = home.folders().settings(&AppName::default());
    let advice = format!("correct `command` in {}", file.display());
    assert!(ended.stderr.contains(&advice), "no `{advice}`: {ended:?}");
}

#[test]
fn a_server_that_ends_about_its_port_or_its_settings_hands_its_exit_code_on() {
    for code in [69, 78] {
        let Failure { home, ended, .. } = launch(&[&format!("exit={code}")]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(home.events("server_spawned").len(), 1);
        assert_eq!(home.last("launch_failed")["exit_code"], code);
    }
}

/// The person sees the same, with a way on.
#[test]
fn a_person_is_told_why_the_server_did_not_start_and_where_to_look() {
    let home = Home::new();
    let ended = home.launcher().without("--json").fake(&["exit=3"]).run();
    assert_eq!(ended.code, Some(75));
    for piece in ["the server did not start", "code 3", "launcher.jsonl"] {
        assert!(ended.stderr.contains(piece), "no `{piece}`: {}", ended.stderr);
    }
}

/// The server is not to blame for the time in which its messages were not read.
#[test]
fn a_launcher_that_was_stopped_while_its_server_became_ready_hears_it_first() {
    let home = Home::new();
    let (timeout, began) = (Duration::from_secs(1), Instant::now());
    let launch = home.launcher().fake(&["after-stop"]).setting("ready_timeout = \"1s\"");
    let mut running = launch.start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    running.signal(Signal::STOP);
    wait_until("its time is long up", || began.elapsed() > 3 * timeout);
    running.signal(Signal::CONT);
    let port = running.ready().port;
    assert_eq!(home.last_good(), Some(port));
    assert_eq!(running.stop().code, Some(0));
}
