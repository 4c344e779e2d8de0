//! Many launches at once. Row 20 of the test matrix: a launch that loses the port tries the next.

use std::collections::BTreeSet;

use e2e::{Home, quiet_port};

const LAUNCHERS: usize = 24;

/// One preferred port, and all the rest of the way the same range.
fn race() {
    let (home, preferred) = (Home::new(), quiet_port());
    let start = |n: usize| home.launcher().app(&format!("app-{n}")).home_port(preferred).start();
    let mut running: Vec<_> = (0..LAUNCHERS).map(start).collect();
    let ports: BTreeSet<_> = running.iter_mut().map(|launcher| launcher.ready().port).collect();
    assert_eq!(ports.len(), LAUNCHERS, "a port was given twice: {ports:?}");
    assert!(ports.contains(&preferred), "no launch got the preferred port: {ports:?}");
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
