//! The life and the end of a launch.

use e2e::{RunContext, get, is_free, quiet_port};

use crate::home;

/// Row 23 of the test matrix, and I9.
#[test]
fn when_the_launcher_is_killed_the_server_goes_too_and_the_port_is_free() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.assert_leaves_nothing_behind(port);
}

/// The server inherits none of the launcher's pipes: a program that reads the launcher's output
/// does not wait for the server's end.
#[test]
fn a_launch_in_the_background_lets_go_of_the_pipes_that_it_was_started_with() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    // Wine gives every process the stderr of the one that started it, whatever Windows says.
    let aside = RunContext::direct().through(["sh", "-c", "exec 2>&-; exec \"$@\"", "sh"]);
    let ended = home.launcher().at(&aside).port(port).arg("--detach").run();
    assert_eq!((ended.code, &ended.line("server_ready")["port"]), (Some(0), &port.into()));
    assert!(ended.is_whole, "a process holds its pipes: {ended:?}");
    let health = get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves");
    assert_eq!(health.status, 200);

    assert_eq!(home.ask("stop").code, Some(0));
    assert!(is_free(port));
}
