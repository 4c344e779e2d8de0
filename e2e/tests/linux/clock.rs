//! A clock that is set forward and back: what is remembered does not depend on it.

use std::fs;

use e2e::{Home, get, quiet_port, skip};

#[test]
fn the_last_good_port_is_that_of_the_last_launch_whatever_the_clock_said() {
    let (home, first, last) = (Home::new(), quiet_port(), quiet_port());
    for (clock, port) in [("+10d", Some(first)), ("-10d", Some(last)), ("+0d", None)] {
        let Some(launch) = home.launcher().with_clock(clock) else {
            return skip("faketime is missing");
        };
        let launch = port.map_or(launch.clone(), |port| launch.port(port));
        let mut running = launch.start();
        let ready = running.ready();
        assert_eq!(ready.port, port.unwrap_or(last), "{clock}");
        let answer = get(&format!("{}_homeport/healthz", ready.url)).expect("it serves");
        assert_eq!((answer.status, running.stop().code), (200, Some(0)), "{clock}");
    }
    // The history says the same, although its times go back and forth.
    fs::remove_file(home.assignment_file("server")).expect("removed");
    let mut running = home.launcher().start();
    assert_eq!(running.ready().port, last);
    assert_eq!(home.last("state_recovered")["source"], "port_history");
    running.stop();
}

#[test]
fn a_clock_at_a_time_that_no_launch_can_have_is_named_by_each_program() {
    let home = Home::new();
    for (clock, named) in [("1960-01-01 00:00:00", "1960-01-01T"), ("+9000y", "after 9999")] {
        for program in [home.launcher(), home.server().port(quiet_port()), home.command("history")]
        {
            let Some(program) = program.env("TZ", "UTC").with_clock(clock) else {
                return skip("faketime is missing");
            };
            let refused = program.run();
            assert_eq!(refused.code, Some(75), "{refused:?}");
            let lines: Vec<_> = refused.stderr.lines().collect();
            assert_eq!(lines.len(), 1, "{refused:?}");
            assert!(lines[0].contains(named) && lines[0].contains("set it"), "{refused:?}");
        }
    }
    assert_eq!(fs::read_dir(home.path()).expect("there").count(), 0);
}
