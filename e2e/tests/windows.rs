//! The Windows programs, under Wine: what this project is for, `Os { code: 10048, kind: AddrInUse }`.

#![cfg(target_os = "linux")]

use e2e::{Home, Wine, get, quiet_port};

/// Rows 1 and 29 of the test matrix: Wine lacks what old versions of Windows lack.
#[test]
fn a_windows_server_serves_and_a_second_one_on_its_port_explains_10048() {
    let Some(wine) = Wine::new() else { return };
    let (home, port) = (Home::new(), quiet_port());
    let server = wine.launch(&home, "server.exe").port(port);
    let mut first = server.clone().arg("--json").start();
    let ready = first.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "explicit"));
    let answer = get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves");
    assert_eq!(answer.status, 200);

    let second = server.run();
    assert_eq!(second.code, Some(69), "{second:?}");
    for piece in [&port.to_string(), "10048", "server --port ", "launcher"] {
        assert!(second.stderr.contains(piece), "no `{piece}`: {}", second.stderr);
    }
    let conflict = home.conflict_over(port);
    assert_eq!(conflict["os_error"]["code"], 10048);
    assert_eq!(conflict["os_error"]["kind"], "AddrInUse");
    assert_eq!(home.last("launch_failed")["exit_code"], 69);
    assert!(!first.has_ended());
}

/// Its own instance is recognised on Windows too.
#[test]
fn a_windows_server_recognises_another_of_the_same_app() {
    let Some(wine) = Wine::new() else { return };
    let (home, port) = (Home::new(), quiet_port());
    let server = wine.launch(&home, "server.exe").port(port).arg("--json");
    let mut first = server.start();
    first.ready();
    let second = server.run();
    assert_eq!(second.code, Some(69), "{second:?}");
    assert_eq!(second.line("port_conflict")["class"], "own_instance", "{second:?}");
}

/// Row 16.
#[test]
fn a_windows_server_refuses_a_port_that_browsers_block() {
    let Some(wine) = Wine::new() else { return };
    let home = Home::new();
    let refused = wine.launch(&home, "server.exe").port(6000).arg("--json").run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "browser_blocked");
}
