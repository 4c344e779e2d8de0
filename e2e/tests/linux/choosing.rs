//! What a launch does when another program holds its port.

use e2e::{Home, ReadyMessage, RunContext, Stranger, quiet_port};
use serde_json::Value;

/// Launches with a home port that cannot be had: the record of the conflict, and where it went.
#[track_caller]
fn driven_from(port: u16) -> (Value, ReadyMessage) {
    let home = Home::new();
    let mut running = home.launcher().home_port(port).start();
    let ready = running.ready();
    assert_ne!(ready.port, port);
    let conflict = home.conflict_over(port);
    assert_eq!(conflict["origin"], "home");
    assert_eq!(running.stop().code, Some(0));
    (conflict, ready)
}

/// Row 1 of the test matrix, and I3: the stranger is named, and not ended.
#[test]
fn a_home_port_that_a_stranger_listens_on_is_left_to_him_and_he_is_named() {
    let stranger = Stranger::listening("127.0.0.1:0");
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(conflict["class"], "in_use");
    assert_eq!(conflict["os_error"]["code"], 98);
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    assert_eq!(conflict["holder"]["name"], "stranger");
    assert!(conflict["holder"]["exe"].as_str().is_some_and(|exe| exe.ends_with("/stranger")));
    assert!(conflict["holder"]["started_at"].is_string(), "{conflict}");
    let own = std::process::Command::new("id").arg("-un").output().expect("id");
    let own = String::from_utf8(own.stdout).expect("a name");
    assert_eq!(conflict["holder"]["user"], own.trim());
    drop(stranger);
}

/// Row 2.
#[test]
fn a_stranger_on_every_address_is_a_stranger_on_loopback() {
    for every in ["0.0.0.0:0", "[::]:0"] {
        let stranger = Stranger::listening(every);
        let (conflict, _) = driven_from(stranger.port);
        assert_eq!(
            (&conflict["class"], &conflict["holder"]["pid"]),
            (&"in_use".into(), &stranger.pid.into())
        );
    }
}

/// Row 7.
#[test]
fn a_port_that_an_outgoing_connection_uses_is_told_apart_from_one_that_is_served() {
    let stranger = Stranger::start(&RunContext::direct(), &["connect", "127.0.0.1:0"]);
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(conflict["class"], "source_port");
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
}

/// Row 10.
#[test]
fn a_listener_that_a_dead_program_left_to_its_child_is_no_server() {
    let stranger = Stranger::start(&RunContext::direct(), &["leak", "127.0.0.1:0"]);
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(conflict["class"], "ghost_owner");
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    let took = conflict["elapsed_ms"].as_f64().expect("a time");
    assert!(took < 1500.0, "a ghost is waited for no longer than a diagnosis may take: {took} ms");
}

/// Row 11: a kernel before Linux 6.8 tells of no such socket.
#[test]
fn a_port_that_is_bound_and_not_served_is_in_use_by_its_holder_if_the_system_names_it() {
    let stranger = Stranger::start(&RunContext::direct(), &["bound", "127.0.0.1:0"]);
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(conflict["class"], "in_use");
    let pid = &conflict["holder"]["pid"];
    assert!(pid.is_null() || *pid == stranger.pid, "{conflict}");
}

/// Row 11 and I1: it may be the reservation of another app.
#[test]
fn a_program_that_only_binds_keeps_the_port_though_it_would_share_it() {
    let stranger = Stranger::start(&RunContext::direct(), &["bound-shareable", "127.0.0.1:0"]);
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(conflict["class"], "in_use");
    let pid = &conflict["holder"]["pid"];
    assert!(pid.is_null() || *pid == stranger.pid, "{conflict}");
}

/// Row 12.
#[test]
fn a_port_is_never_shared_with_one_who_offers_to_share_it() {
    let stranger = Stranger::start(&RunContext::direct(), &["reuseport", "127.0.0.1:0"]);
    let (conflict, _) = driven_from(stranger.port);
    assert_eq!(
        (&conflict["class"], &conflict["holder"]["pid"]),
        (&"in_use".into(), &stranger.pid.into())
    );
}

/// Row 13 and I15.
#[test]
fn a_stranger_on_the_other_loopback_makes_the_port_a_conflict() {
    let stranger = Stranger::listening("[::1]:0");
    let (conflict, ready) = driven_from(stranger.port);
    assert_eq!(
        (&conflict["class"], &conflict["holder"]["pid"]),
        (&"other_family".into(), &stranger.pid.into())
    );
    assert!(ready.url.starts_with("http://127.0.0.1:"), "{}", ready.url);

    let home = Home::new();
    let refused = home.launcher().port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "other_family");
}

/// I2.
#[test]
fn an_explicit_port_is_never_replaced() {
    let stranger = Stranger::listening("127.0.0.1:0");
    let home = Home::new();
    let refused = home.launcher().port(stranger.port).home_port(quiet_port()).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let (conflict, failed) = (refused.line("port_conflict"), refused.line("launch_failed"));
    assert_eq!(
        (&conflict["origin"], &conflict["holder"]["pid"]),
        (&"explicit".into(), &stranger.pid.into())
    );
    assert_eq!((&failed["exit_code"], &failed["port"]), (&69.into(), &stranger.port.into()));
    assert_eq!(failed["reason"], "port_unavailable");

    assert_eq!(home.events("port_conflict").len(), 1);
    assert_eq!(home.last("launch_failed")["exit_code"], 69);
    assert!(home.events("port_claimed").is_empty() && home.assignment().is_none());
}

/// The output for a person: what went wrong, which program it is, what to do.
#[test]
fn a_person_whose_port_is_taken_is_told_by_whom_and_what_to_do() {
    let stranger = Stranger::listening("127.0.0.1:0");
    let home = Home::new();
    let refused = home.launcher().without("--json").port(stranger.port).run();
    assert_eq!(refused.code, Some(69));
    let (port, pid) = (stranger.port.to_string(), format!("pid {}", stranger.pid));
    for piece in [port.as_str(), "stranger", &pid, "start without --port"] {
        assert!(refused.stderr.contains(piece), "no `{piece}`: {}", refused.stderr);
    }
    assert_eq!(refused.stdout, "");
}

/// I4: the evidence is written before the switch, and every remembered port leaves its own.
#[test]
fn every_remembered_port_that_is_refused_is_on_record_before_another_is_claimed() {
    let (home, last_good) = (Home::new(), quiet_port());
    let mut first = home.launcher().port(last_good).start();
    first.ready();
    first.stop();
    let strangers = [
        Stranger::listening("127.0.0.1:0"),
        Stranger::listening(&format!("127.0.0.1:{last_good}")),
    ];

    let mut running = home.launcher().home_port(strangers[0].port).start();
    let ready = running.ready();
    let history = home.history();
    let of_launch = history.iter().filter(|record| record["launch_id"] == *ready.launch_id);
    let told: Vec<_> = of_launch
        .map(|record| (record["event"].as_str().expect("a name"), record["port"].as_u64()))
        .take_while(|(event, _)| *event != "server_spawned")
        .collect();
    let [home_port, last_good] = [strangers[0].port, last_good].map(|port| Some(u64::from(port)));
    assert_eq!(told[1..3], [("port_conflict", home_port), ("port_conflict", last_good)]);
    assert_eq!(told.last(), Some(&("port_claimed", Some(ready.port.into()))));
    assert_eq!(home.conflict_over(strangers[0].port)["last_good"], false);
    assert_eq!(home.conflict_over(strangers[1].port)["last_good"], true);
    assert_eq!(home.last("port_moved")["why"], "conflict");
    assert_eq!(home.last("port_moved")["from"], strangers[1].port);

    let printed: Vec<_> =
        running.stop().lines().into_iter().map(|line| line["event"].clone()).collect();
    assert_eq!(printed, ["server_ready", "port_conflict", "port_conflict"]);
}

/// Browsers refuse the one port of the range, so the port is of the system's choice and is not remembered.
#[test]
fn a_port_outside_the_range_is_left_for_that_reason_and_each_move_names_the_port_that_it_left() {
    let (home, remembered) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(remembered).start();
    running.ready();
    running.stop();

    let mut running = home.launcher().setting("range = '6000-6000'").start();
    let first = running.ready().port;
    let moves = || -> Vec<_> {
        let ports = |moved: &Value| [&moved["from"], &moved["to"]].map(Value::as_u64);
        let moved = home.events("port_moved");
        moved.iter().map(|moved| (ports(moved), moved["why"].clone())).collect()
    };
    let from_to = |from: u16, to: u16| [Some(u64::from(from)), Some(to.into())];
    assert_eq!(moves(), [(from_to(remembered, first), Value::from("outside_range"))]);
    assert_eq!(home.ask("restart").code, Some(0));
    assert_eq!(moves().len(), 1);

    let mut before = first;
    for moved in 1..3 {
        let answer = home.ask("move").line("moved");
        let now = answer["to"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        assert_eq!(moves()[moved], (from_to(before, now), Value::from("asked")));
        let warning = answer["warning"].as_str().expect("a warning");
        assert!(warning.contains("for this launch only"), "{warning}");
        before = now;
    }
    running.stop();
    assert_eq!(home.last_good(), Some(remembered));
}

#[test]
fn a_start_says_that_the_range_is_why_it_left_the_last_good_port() {
    let (home, remembered) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(remembered).start();
    running.ready();
    running.stop();
    let range = if remembered < 25_000 { "25000-25999" } else { "20000-20999" };
    let said = home.command("start").without("--json").args(["--range", range, "--detach"]).run();
    assert_eq!(said.code, Some(0), "{said:?}");
    let reason = format!("port {remembered}, which is outside {range} (--range)");
    assert!(said.stdout.contains(&reason), "{said:?}");
    assert_eq!(home.last("port_moved")["why"], "outside_range");
    let told = home.command("history").run().stdout;
    assert!(
        told.contains(&format!("instead of {remembered}, which is outside the range.")),
        "{told}"
    );
    assert_eq!(home.ask("stop").code, Some(0));
}
