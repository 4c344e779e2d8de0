//! A second start of an app that runs.

use std::fs;

use e2e::{Home, quiet_port};
use shared::app::AppName;

/// I8.
#[test]
fn a_second_start_finds_the_first_says_where_it_is_and_ends() {
    let (home, port) = (Home::new(), quiet_port());
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

/// After an update the old one may still be running.
#[test]
fn a_running_one_of_another_version_is_named_as_such() {
    for (version, relation) in [("0.0.1", "older"), ("99.0.0", "newer")] {
        let home = Home::new();
        let mut first = home.launcher().fake(&[&format!("version={version}")]).start();
        first.ready();
        let second = home.launcher().run();
        assert_eq!(
            (second.code, second.line("instance_found")["relation"].as_str()),
            (Some(0), Some(relation))
        );
        let told = home.launcher().without("--json").run();
        assert!(told.stdout.contains(&format!("{relation} version")), "{told:?}");
    }
}

/// Another port can be wished for, but the app has one server.
#[test]
fn a_second_start_with_another_port_finds_the_first_all_the_same() {
    let (home, port) = (Home::new(), quiet_port());
    let mut first = home.launcher().port(port).start();
    first.ready();
    let second = home.launcher().port(quiet_port()).run();
    assert_eq!((second.code, &second.line("instance_found")["port"]), (Some(0), &port.into()));
}

#[test]
fn another_app_is_no_second_start() {
    let home = Home::new();
    let (mut first, mut second) =
        (home.launcher().app("first").start(), home.launcher().app("second").start());
    assert_ne!(first.ready().port, second.ready().port);
}

/// A discovery file may outlive a crash, so it is not believed unasked.
#[test]
fn the_discovery_file_of_a_killed_launch_misleads_nobody() {
    let (home, port) = (Home::new(), quiet_port());
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

#[test]
fn a_first_start_that_never_gets_ready_is_not_waited_for_without_end() {
    let home = Home::new();
    let _first = home.launcher().fake(&["never-ready"]).setting("ready_timeout = \"1m\"").start();
    e2e::wait_until("the first start has its lock", || !home.events("server_spawned").is_empty());
    let second = home.launcher().arg("--ready-timeout").arg("100ms").run();
    assert_eq!(second.code, Some(75), "{second:?}");
    assert_eq!(second.line("launch_failed")["reason"], "unresponsive_instance");
}
