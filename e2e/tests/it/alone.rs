//! `server --port N`, as a developer runs it: without a launcher.

use e2e::{Home, Stranger, get, quiet_port};

#[test]
fn a_server_serves_on_the_port_it_is_told_and_says_so_in_one_line() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.server().port(port).start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str(), ready.launcher_pid), (port, "explicit", None));
    assert_eq!(ready.server_pid, running.pid());
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
    assert_eq!(running.stop().code, Some(0));
    let told: Vec<_> = home.history().iter().map(|record| record["event"].clone()).collect();
    let expected = [
        "launch_started",
        "port_claimed",
        "server_listening",
        "server_ready",
        "port_released",
        "launch_stopped",
    ];
    assert_eq!(told, expected);
    assert!(home.assignment().is_none(), "only the launcher remembers");
}

/// I2: the diagnosis, the holder, two commands that would work, the record, the exit code.
#[test]
fn a_server_whose_port_is_taken_names_the_holder_and_two_commands_that_would_work() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let refused = home.server().without("--json").port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let pid = format!("pid {}", stranger.pid);
    for piece in [&stranger.port.to_string(), "stranger", &pid, "server --port ", "launcher"] {
        assert!(refused.stderr.contains(piece), "no `{piece}`: {}", refused.stderr);
    }
    let conflict = home.last("port_conflict");
    assert_eq!((&conflict["class"], &conflict["origin"]), (&"in_use".into(), &"explicit".into()));
    assert_eq!(
        (&conflict["process"], &conflict["os_error"]["code"]),
        (&"server".into(), &98.into())
    );
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    assert_eq!(home.last("launch_failed")["exit_code"], 69);

    // The command it proposes is as good as its word.
    let proposed = refused.stderr.split("server --port ").nth(1).expect("a command");
    let proposed: String = proposed.chars().take_while(char::is_ascii_digit).collect();
    let mut running = home.server().arg("--port").arg(&proposed).start();
    assert_eq!(running.ready().port.to_string(), proposed);
    running.stop();
}

#[test]
fn a_program_is_told_the_same_as_two_lines_of_json() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let refused = home.server().port(stranger.port).run();
    let lines = refused.lines();
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["port_conflict", "launch_failed"]);
    let mut recorded = home.last("port_conflict");
    let keys = lines[0].as_object().expect("an object").keys();
    assert!(keys.clone().all(|key| recorded[key] == lines[0][key]), "{lines:?}");
    assert_eq!(recorded["holder"]["pid"].take(), stranger.pid);
}

/// The two it can be: this app's own server, or another app's.
#[test]
fn a_port_that_another_of_our_servers_has_is_said_to_be_ours() {
    let (home, port) = (Home::new(), quiet_port());
    let mut first = home.server().port(port).start();
    first.ready();
    assert_eq!(home.server().port(port).run().line("port_conflict")["class"], "own_instance");
    let other = home.server().app("other").port(port).run();
    assert_eq!(other.code, Some(69));
    assert_eq!(other.line("port_conflict")["class"], "reserved_by_app");

    // A stranger cannot tell: his secret is another.
    let elsewhere = Home::new();
    assert_eq!(elsewhere.server().port(port).run().line("port_conflict")["class"], "in_use");
    assert!(!first.has_ended());
}

/// Row 13 of the test matrix.
#[test]
fn a_stranger_on_the_other_loopback_keeps_the_server_from_its_port() {
    let (home, stranger) = (Home::new(), Stranger::listening("[::1]:0"));
    let refused = home.server().port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "other_family");
}

#[test]
fn a_server_serves_the_files_of_a_folder() {
    let home = Home::new();
    let site = home.path().join("site");
    std::fs::create_dir(&site).expect("made");
    std::fs::write(site.join("index.html"), "<p>hello</p>").expect("written");
    let mut running = home.server().port(quiet_port()).arg("--root").arg(&site).start();
    let url = running.ready().url;
    let page = get(&url).expect("it serves");
    assert_eq!((page.status, page.body.as_str()), (200, "<p>hello</p>"));
    let outside = get(&format!("{url}..%2fstate%2fsecret")).expect("it serves");
    assert!(outside.status >= 400, "{outside:?}");
}
