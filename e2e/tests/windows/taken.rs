//! What this project is for: `Os { code: 10048, kind: AddrInUse }`.

use e2e::{Stranger, get, quiet_port};

use crate::home;

/// Rows 1 and 29 of the test matrix: Wine lacks what old versions of Windows lack.
#[test]
fn a_windows_server_serves_and_a_second_one_on_its_port_explains_10048() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let server = home.server().without("--json").port(port);
    let mut first = server.clone().arg("--json").start();
    let ready = first.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "explicit"));
    let answer = get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves");
    assert_eq!(answer.status, 200);

    let second = server.run();
    assert_eq!(second.code, Some(69), "{second:?}");
    for piece in [&port.to_string(), "10048", "It answers at", "launcher stop"] {
        assert!(second.stderr.contains(piece), "no `{piece}`: {}", second.stderr);
    }
    assert!(!second.stderr.contains("finds and remembers"), "it runs: {}", second.stderr);
    let conflict = home.conflict_over(port);
    assert_eq!(conflict["os_error"]["code"], 10048);
    assert_eq!(conflict["os_error"]["kind"], "AddrInUse");
    assert_eq!(home.last("launch_failed")["exit_code"], 69);
    assert!(!first.has_ended());
}

/// Row 16.
#[test]
fn a_windows_server_refuses_a_port_that_browsers_block() {
    let Some(home) = home() else { return };
    let refused = home.server().port(6000).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "browser_blocked");
}

/// Row 1: another program holds the port, so the launch uses another; the next launch reuses that
/// one.
#[test]
fn a_launch_that_is_driven_from_home_is_remembered_where_it_went() {
    let Some(home) = home() else { return };
    let stranger = Stranger::listening("127.0.0.1:0");
    let mut away = home.launcher().home_port(stranger.port).start();
    let ready = away.ready();
    assert_ne!(ready.port, stranger.port);
    let conflict = home.conflict_over(stranger.port);
    assert_eq!(
        (&conflict["class"], &conflict["os_error"]["code"]),
        (&"in_use".into(), &10048.into())
    );
    assert_eq!(away.stop().code, Some(0));
    home.set("server", "");

    let again = home.launcher().start().ready();
    assert_eq!((again.port, again.origin.as_str()), (ready.port, "last_good"));
}
