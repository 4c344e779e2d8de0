//! What is remembered, and what is not.

use std::fs;

use e2e::{Home, WatchedProcess, quiet_port};
use rustix::process::Signal;
use shared::app::AppName;

/// I5: written after readiness and not before.
#[test]
fn a_port_on_which_no_server_became_ready_is_not_remembered() {
    let home = Home::new();
    let failed = home.launcher().home_port(quiet_port()).fake(&["exit=1"]).run();
    assert_eq!(failed.code, Some(75), "{failed:?}");
    assert!(home.assignment().is_none() && home.events("port_assigned").is_empty());
}

/// The server of a launcher that was killed may be there for a moment longer.
#[test]
fn a_start_right_after_a_kill_has_the_last_good_port_again() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let port = running.ready().port;
    for round in 0..rounds() {
        WatchedProcess::of(running.pid()).expect("it runs").signal(Signal::KILL);
        let mut next = home.launcher().start();
        assert_eq!(next.ready().port, port, "round {round}");
        drop(running.exit());
        running = next;
    }
    let folders = home.folders();
    let (app, run) = (AppName::default(), folders.run().to_owned());
    for folder in [run, folders.state().to_owned(), folders.state().join(app.as_str())] {
        let names = fs::read_dir(&folder).expect("there").flatten().map(|entry| entry.file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".tmp")).collect();
        assert!(left.is_empty(), "{}: {left:?}", folder.display());
    }
}

/// How often the launcher is killed; a set number makes it longer.
fn rounds() -> u32 {
    let wanted = std::env::var("HOMEPORT_KILLS").ok();
    wanted.map_or(20, |number| number.parse().expect("HOMEPORT_KILLS is a number"))
}
