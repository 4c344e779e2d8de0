//! `launcher explain PORT`: what is the matter with a port, now and before.

use e2e::{Ended, Home, Stranger, quiet_port, wait_for, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};

#[track_caller]
fn explained(home: &Home, port: u16) -> Value {
    let told = home.command("explain").arg(port.to_string()).arg("--json").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    told.line("explain")
}

/// The same until the diagnosis, which is given one second (I11), has had the time to find `class`.
#[track_caller]
fn found(home: &Home, port: u16, class: &str) -> Value {
    let found = wait_for(|| {
        let line = explained(home, port);
        (line["class"] == class && !line["holder"].is_null()).then_some(line)
    });
    found.unwrap_or_else(|| panic!("not {class}: {}", explained(home, port)))
}

fn in_words(home: &Home, words: &[&str]) -> Ended {
    words.iter().fold(home.command("explain"), |launch, word| launch.arg(*word)).run()
}

#[test]
fn a_free_port_could_be_claimed_just_now() {
    let (home, port) = (Home::new(), quiet_port());
    let line = explained(&home, port);
    assert_eq!((&line["port"], &line["free"]), (&port.into(), &true.into()));
    assert!(line["class"].is_null() && line["holder"].is_null() && line["os_error"].is_null());
    assert_eq!(line["history"], Value::Array(Vec::new()));
    let told = in_words(&home, &[&port.to_string()]);
    assert!(told.stdout.contains("could be claimed just now"), "{told:?}");
    assert!(told.stdout.contains("history has no records"), "{told:?}");
    // It is let go at once.
    home.launcher().port(port).start().ready();
}

#[test]
fn a_port_that_a_stranger_has_is_explained_with_its_holder_and_a_way_out() {
    let home = Home::new();
    let stranger = Stranger::listening("127.0.0.1:0");
    let line = found(&home, stranger.port, "in_use");
    assert_eq!((&line["free"], &line["class"]), (&false.into(), &"in_use".into()));
    assert_eq!(line["holder"]["pid"], stranger.pid);
    assert_eq!(line["os_error"]["kind"], "AddrInUse");
    wait_until("the sentences name the holder", || {
        let told = in_words(&home, &[&stranger.port.to_string()]);
        assert_eq!(told.code, Some(0), "finding out is no failure");
        told.stdout.contains("is held by stranger")
            && told.stdout.contains(&format!("end process {}", stranger.pid))
    });
}

#[test]
fn the_port_of_the_running_server_is_known_as_ours_and_by_what_it_is_to_the_app() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().home_port(port).start();
    let ready = running.ready();
    let line = found(&home, port, "own_instance");
    // Both hold the socket.
    let holder = line["holder"]["pid"].as_u64().expect("a process");
    assert!([running.pid(), ready.server_pid].map(u64::from).contains(&holder), "{line}");
    let remarks = line["remarks"].to_string();
    assert!(remarks.contains("home") && remarks.contains("last_good"), "{line}");
    assert_eq!(line["launches"], 1);
    let events: Vec<_> = line["history"].as_array().expect("a list").iter().collect();
    assert!(events.iter().all(|event| event["port"] == port), "{events:?}");
    assert!(events.iter().any(|event| event["event"] == "port_assigned"), "{events:?}");

    let told = wait_for(|| {
        let ask = home.command("explain").arg(port.to_string()).arg("--json").app("notes");
        Some(ask.run().line("explain")).filter(|line| line["class"] == "reserved_by_app")
    });
    assert_eq!(told.expect("asked again and again")["reserved_by"], "server");
}

#[test]
fn every_remark_of_the_policy_is_made() {
    let home = Home::new();
    home.set("server", "avoid = [8080]\n");
    let line = explained(&home, 8080);
    let remarks = line["remarks"].to_string();
    for word in ["crowded", "avoided", "outside_range"] {
        assert!(remarks.contains(word), "no {word}: {line}");
    }
    let line = explained(&home, 6000);
    assert!(line["remarks"].to_string().contains("browser_blocked"), "{line}");
}

#[test]
fn the_history_tells_who_had_the_port_at_any_time() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    let ready = running.ready();
    let served = home.last("server_ready")["ts"].as_str().expect("a time").to_owned();
    running.stop();
    let then = |at: &str| {
        let told = in_words(&home, &[&port.to_string(), "--at", at, "--json"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        told.line("explain")
    };
    let line = then(&served);
    assert_eq!(
        (&line["then"], &line["launch_id"]),
        (&"serving".into(), &(*ready.launch_id).into())
    );
    assert_eq!(then("2020-01-01T00:00:00Z")["then"], "unknown");
    assert_eq!(then("2120-01-01T00:00:00Z")["then"], "released");
    assert_eq!(then("10d")["then"], "unknown");
    assert_eq!(then("yesterday 14:00")["then"], "unknown");
    assert_eq!(then("now")["then"], "released");
    let told = in_words(&home, &[&port.to_string(), "--at", &served]);
    assert!(told.stdout.contains("was used by server"), "{told:?}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let home = Home::new();
    for words in [&["0"][..], &["70000"], &["-1"], &["abc"], &[], &["3030", "--at", "soon"]] {
        assert_eq!(in_words(&home, words).code, Some(2), "{words:?}");
    }
    let told = in_words(&home, &["3030", "--at", "soon"]);
    assert!(told.stderr.contains("`soon` is not a time: write 10m, 2h or 7d"), "{told:?}");
    home.set("server", "prot = 1\n");
    let told = in_words(&home, &["3030"]);
    assert_eq!(told.code, Some(78), "{told:?}");
    assert!(told.stderr.contains("`port`"), "{told:?}");
}

#[test]
fn a_port_that_a_start_would_refuse_is_not_said_to_be_free() {
    let home = Home::new();
    let explained = home.command("explain").arg("6000").run();
    assert!(explained.stdout.starts_with("Browsers block port 6000"), "{explained:?}");
    assert_eq!(explained.stdout.matches("rowsers block").count(), 1, "{explained:?}");
    let explained = home.command("explain").arg("6000").arg("--json").run().line("explain");
    assert_eq!(
        (&explained["free"], &explained["class"]),
        (&json!(false), &json!("browser_blocked"))
    );
    assert_eq!(home.launcher().arg("--port").arg("6000").run().code, Some(69));
}

/// A server that is stopped cannot prove itself; the file of its app and the holder of its port show whose it is.
#[test]
fn the_port_of_an_app_whose_server_is_stopped_is_not_a_strangers() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.server().signal(Signal::STOP);
    let refused = home.launcher().app("notes").port(port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let conflict = refused.line("port_conflict");
    assert_eq!(conflict["class"], "reserved_by_app", "{conflict}");
    assert!(!refused.stderr.contains("end process"), "{refused:?}");
    let explained = home.command("explain").arg(port.to_string()).arg("--json").run();
    assert_eq!(explained.line("explain")["class"], "own_instance", "{explained:?}");
    running.server().signal(Signal::CONT);
    assert_eq!(running.stop().code, Some(0));
}
