//! How a launch on Windows ends.

use e2e::{is_free, quiet_port, wait_until};
use rustix::process::Signal;
use shared::app::AppName;

use crate::{home, portable::load::server_of};

/// Ctrl-C reaches the launcher alone, which ends its server well.
#[test]
fn ctrl_c_ends_the_launch_well() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.signal(Signal::INT);
    assert_eq!(running.exit().code, Some(0));
    assert!(is_free(port));
    assert_eq!(home.last("server_exited")["exit_code"], 0);
    assert_eq!(home.last("launch_stopped")["reason"], "asked");
    assert!(!home.folders().discovery(&AppName::default()).exists());
}

/// I9: the job ends it, if it does not notice.
#[test]
fn a_server_that_stands_still_does_not_outlive_its_launcher() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    let server = server_of(&running);
    server.signal(Signal::STOP);
    wait_until("it stands still", || server.is_stopped());
    running.signal(Signal::KILL);
    wait_until("Windows has ended it", || {
        // A stopped process of Linux ends when it goes on; to Windows it is gone before.
        server.signal(Signal::CONT);
        server.has_ended()
    });
    wait_until("the port is free", || is_free(port));
}

/// A crash is reported by its exception code, as Windows users know it.
#[test]
fn the_exception_that_ended_a_server_is_told_by_its_number() {
    let Some(home) = home() else { return };
    let mut running = home.launcher().without("--json").setting("restart = \"never\"").start();
    wait_until("the server is ready", || !home.events("port_assigned").is_empty());
    let server = home.last("server_ready")["server_pid"].as_u64().expect("a process");
    assert!(!running.has_ended());
    home.crash(u32::try_from(server).expect("a number of a process"));
    let ended = running.exit();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert!(ended.stderr.contains("0xC0000005"), "{ended:?}");
    assert_eq!(home.last("server_exited")["exit_code"], -0x3FFF_FFFB);
}
