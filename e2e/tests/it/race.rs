//! Many at once. Row 20 of the test matrix: whoever finds the port gone goes on to the next.

use std::collections::BTreeSet;

use e2e::{Home, Launch, Running, quiet_port};

const LAUNCHERS: usize = 24;

/// One preferred port, and all the rest of the way the same range.
fn race() {
    let (home, preferred) = (Home::new(), quiet_port());
    let start = |n: usize| home.launcher().app(&format!("app-{n}")).home_port(preferred).start();
    let mut running: Vec<_> = (0..LAUNCHERS).map(start).collect();
    let ports: BTreeSet<_> = running.iter_mut().map(|launcher| launcher.ready().port).collect();
    assert_eq!(ports.len(), LAUNCHERS, "a port was given twice: {ports:?}");
    assert!(ports.contains(&preferred), "the preferred port went to nobody: {ports:?}");
    let refused = home.events("port_conflict");
    let of_home = refused.iter().filter(|conflict| conflict["origin"] == "home");
    assert_eq!(of_home.count(), LAUNCHERS - 1);
}

#[test]
fn launchers_that_want_one_port_all_get_one_and_none_twice() {
    race();
}

#[test]
fn launchers_that_want_one_port_all_get_one_and_none_twice_the_second_time() {
    race();
}

#[test]
fn launchers_that_want_one_port_all_get_one_and_none_twice_the_third_time() {
    race();
}

#[test]
fn launchers_that_want_one_port_all_get_one_and_none_twice_the_fourth_time() {
    race();
}

#[test]
fn launchers_that_want_one_port_all_get_one_and_none_twice_the_fifth_time() {
    race();
}

/// Row 17 and I8.
#[test]
fn twenty_starts_of_one_app_at_once_are_one_server() {
    let port = quiet_port();
    twenty_starts(|_| port, Launch::home_port);
}

/// I8: what was asked for decides for the first alone.
#[test]
fn twenty_starts_of_one_app_at_once_on_one_explicit_port_are_one_server() {
    let port = quiet_port();
    twenty_starts(|_| port, Launch::port);
}

#[test]
fn twenty_starts_of_one_app_at_once_on_twenty_ports_are_one_server() {
    twenty_starts(|_| quiet_port(), Launch::port);
}

#[track_caller]
fn twenty_starts(port: impl Fn(usize) -> u16, wanting: impl Fn(Launch, u16) -> Launch) {
    let home = Home::new();
    let start = |n| wanting(home.launcher(), port(n)).start();
    let mut starts: Vec<Running> = (0..20).map(start).collect();
    e2e::wait_until("all but one have ended", || {
        starts.iter_mut().map(Running::has_ended).filter(|ended| !ended).count() <= 1
    });
    let (mut first, others): (Vec<_>, Vec<_>) = starts
        .into_iter()
        .map(|mut start| (start.has_ended(), start))
        .partition(|(ended, _)| !ended);
    let [(_, first)] = &mut first[..] else { panic!("{} still run", first.len()) };
    let ready = first.ready();
    assert_eq!(others.len(), 19);
    for (_, other) in others {
        let other = other.exit();
        assert_eq!(other.code, Some(0), "{other:?}");
        assert_eq!(other.line("instance_found")["url"], *ready.url);
    }
    assert_eq!((home.events("server_spawned").len(), home.events("port_claimed").len()), (1, 1));
}
