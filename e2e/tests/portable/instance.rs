//! A second start of an app that runs.

use std::fs;

use e2e::quiet_port;
use shared::app::AppName;

use crate::home;

/// I8.
#[test]
fn a_second_start_finds_the_first_says_where_it_is_and_ends() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut first = home.launcher().port(port).start();
    let ready = first.ready();

    let second = home.launcher().run();
    assert_eq!(second.code, Some(0), "{second:?}");
    let found = second.line("instance_found");
    assert_eq!((&found["url"], &found["port"]), (&(*ready.url).into(), &port.into()));
    assert_eq!(found["relation"], "same");
    assert_eq!(home.last("instance_found")["url"], *ready.url);

    let told = home.launcher().without("--json").run();
    assert!(told.stdout.contains(&ready.url), "{told:?}");
    assert!(!first.has_ended());
}

/// Another port can be wished for, but the app has one server.
#[test]
fn a_second_start_with_another_port_finds_the_first_all_the_same() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut first = home.launcher().port(port).start();
    first.ready();
    let second = home.launcher().port(quiet_port()).run();
    assert_eq!((second.code, &second.line("instance_found")["port"]), (Some(0), &port.into()));
}

#[test]
fn another_app_is_no_second_start() {
    let Some(home) = home() else { return };
    let (mut first, mut second) =
        (home.launcher().app("first").start(), home.launcher().app("second").start());
    assert_ne!(first.ready().port, second.ready().port);
}

/// A discovery file may outlive a crash, so it is not believed unasked.
#[test]
fn the_discovery_file_of_a_killed_launch_is_not_believed() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let file = home.folders().discovery(&AppName::default());
    let mut first = home.launcher().port(port).start();
    first.ready();
    let kept = fs::read(&file).expect("it is published");
    first.kill_both();
    fs::write(&file, kept).expect("written");

    let mut second = home.launcher().start();
    assert_eq!(second.ready().port, port);
    assert_eq!(second.stop().code, Some(0));
    assert!(!file.exists(), "a launch that ends takes its discovery file along");
}
