//! The life and the end of a launch.

use std::time::{Duration, Instant};

use e2e::{Place, Running, get, is_free, quiet_port, wait_for, wait_until};
use rustix::process::Signal;

use crate::{both::command::ask, home};

/// I9: within two seconds.
#[track_caller]
pub(crate) fn assert_leaves_nothing_behind(mut running: Running, port: u16) {
    let killed = Instant::now();
    running.signal(Signal::KILL);
    let gone = wait_for(|| running.server().has_ended().then(|| killed.elapsed()));
    assert!(gone.is_some_and(|after| after < Duration::from_secs(2)), "{gone:?}");
    wait_until("the port is free", || is_free(port));
}

/// Row 23 of the test matrix, and I9.
#[test]
fn when_the_launcher_is_killed_the_server_goes_too_and_the_port_is_free() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    assert_leaves_nothing_behind(running, port);
}

/// Nothing that we were started with is inherited: whoever reads what we print is not made to wait
/// for the server.
#[test]
fn a_launch_in_the_background_lets_go_of_the_pipes_that_it_was_started_with() {
    let Some(home) = home() else { return };
    let (port, asked) = (quiet_port(), Instant::now());
    // Wine gives every process the stderr of the one that started it, whatever Windows says.
    let aside = Place::here().through(["sh", "-c", "exec 2>&-; exec \"$@\"", "sh"]);
    let ended = home.launcher().at(&aside).port(port).arg("--detach").run();
    assert_eq!((ended.code, &ended.line("server_ready")["port"]), (Some(0), &port.into()));
    // An end of a pipe that somebody holds is waited for twice as long.
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let health = get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves");
    assert_eq!(health.status, 200);

    assert_eq!(ask(&home, "stop").code, Some(0));
    assert!(is_free(port));
}
