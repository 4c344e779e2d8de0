//! `server --port N`, as a developer runs it: without a launcher.

use e2e::{Stranger, get, quiet_port};

use crate::{ADDRESS_IN_USE, home};

#[test]
fn a_server_serves_on_the_port_it_is_told_and_says_so_in_one_line() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.server().port(port).start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str(), ready.launcher_pid), (port, "explicit", None));
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
    for event in ["port_released", "launch_stopped"] {
        assert_eq!(home.last(event)["by"], "signal");
    }
    assert!(home.last("server_ready")["since_spawn_ms"].is_null());
    assert!(home.assignment().is_none(), "only the launcher remembers");
}

#[test]
fn a_program_is_told_the_same_as_two_lines_of_json() {
    let Some(home) = home() else { return };
    let stranger = Stranger::listening("127.0.0.1:0");
    let refused = home.server().port(stranger.port).run();
    let lines = refused.lines();
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["port_conflict", "launch_failed"]);
    assert_eq!(lines[1]["reason"], "port_unavailable");
    let mut recorded = home.last("port_conflict");
    let keys = lines[0].as_object().expect("an object").keys();
    assert!(keys.clone().all(|key| recorded[key] == lines[0][key]), "{lines:?}");
    assert_eq!(recorded["os_error"]["code"].take(), ADDRESS_IN_USE);
}

/// The two it can be: this app's own server, or another app's.
#[test]
fn a_port_that_another_of_our_servers_has_is_said_to_be_ours() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut first = home.server().port(port).start();
    first.ready();
    assert_eq!(home.server().port(port).run().line("port_conflict")["class"], "own_instance");
    let other = home.server().app("other").port(port).run();
    assert_eq!(other.code, Some(69));
    assert_eq!(other.line("port_conflict")["class"], "reserved_by_app");

    // A launch of another home cannot recognize it: its secret is another.
    let elsewhere = home.another("elsewhere");
    assert_eq!(elsewhere.server().port(port).run().line("port_conflict")["class"], "in_use");
    assert!(!first.has_ended());
}

/// Row 13 of the test matrix.
#[test]
fn a_stranger_on_the_other_loopback_keeps_the_server_from_its_port() {
    let Some(home) = home() else { return };
    let stranger = Stranger::listening("[::1]:0");
    let refused = home.server().port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "other_family");
}

#[test]
fn a_server_serves_the_files_of_a_folder() {
    let Some(home) = home() else { return };
    let site = home.path().join("site");
    std::fs::create_dir(&site).expect("made");
    std::fs::write(site.join("index.html"), "<p>hello</p>").expect("written");
    let mut running = home.server().port(quiet_port()).arg("--root").arg(home.seen(&site)).start();
    let url = running.ready().url;
    let page = get(&url).expect("it serves");
    assert_eq!((page.status, page.body.as_str()), (200, "<p>hello</p>"));
    let outside = get(&format!("{url}..%2fstate%2fsecret")).expect("it serves");
    assert!(outside.status >= 400, "{outside:?}");
}
