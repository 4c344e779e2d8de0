//! A second start of an app that runs.

use e2e::Home;

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

#[test]
fn a_first_start_that_never_gets_ready_is_not_waited_for_without_end() {
    let home = Home::new();
    let _first = home.launcher().fake(&["never-ready"]).setting("ready_timeout = \"1m\"").start();
    e2e::wait_until("the first start has its lock", || !home.events("server_spawned").is_empty());
    let second = home.launcher().arg("--ready-timeout").arg("100ms").run();
    assert_eq!(second.code, Some(75), "{second:?}");
    assert_eq!(second.line("launch_failed")["reason"], "unresponsive_instance");
}
