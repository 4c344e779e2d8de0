//! Settings that may not be read, and what those do that need a server of a certain kind.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use e2e::{Home, RunContext, program, quiet_port};
use shared::app::AppName;

/// Another user's file, or one without the right to read it.
#[test]
fn a_file_that_may_not_be_read_is_named() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.set("server", "port = 3030\n");
    home.give_to_plain_user();
    let file = home.folders().settings(&AppName::default());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("ours to change");
    let refused = home.launcher().at(&plain).run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let error = refused.line("launch_failed")["error"].to_string();
    assert!(error.contains("server.toml") && error.contains("cannot be read"), "{error}");
}

#[test]
fn a_server_that_does_not_end_is_killed_after_its_stop_timeout() {
    let home = Home::new();
    let launch = home.launcher().port(quiet_port()).fake(&["deaf"]);
    let mut running = launch.setting("stop_timeout = \"1s\"").start();
    running.ready();
    let asked = Instant::now();
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(home.last("server_exited")["signal"], 9);
    // It would have had 12 s.
    let took = asked.elapsed();
    assert!(Duration::from_secs(1) <= took && took < Duration::from_secs(11), "{took:?}");
}
