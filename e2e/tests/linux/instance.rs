//! A second start of an app that runs.

use std::{
    path::Path,
    process::{Child, Command},
};

use e2e::{Home, quiet_port};
use shared::{app::AppName, os};

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

/// Both have one secret and name one port, and the files in `run/` of the copy lead to the original.
#[test]
fn a_copy_of_the_folders_neither_finds_nor_ends_what_runs_in_the_original() {
    let home = Home::new();
    let mut original = home.launcher().start();
    let port = original.ready().port;
    let copy = home.another("copy");
    let from = home.path().join(".");
    let copied = Command::new("cp").arg("-a").arg(from).arg(copy.path()).status();
    assert!(copied.expect("cp is there").success());
    for words in ["where", "status", "stop", "restart", "move"] {
        assert_eq!(copy.ask(words).code, Some(3), "{words}");
    }
    let mut second = copy.launcher().start();
    assert_ne!(second.ready().port, port);
    assert_eq!(copy.conflict_over(port)["class"], "reserved_by_app");
    assert_eq!(second.stop().code, Some(0));
    let mut alone = copy.server().port(quiet_port()).start();
    let served = alone.ready().port;
    assert_eq!(copy.ask("where").line("where")["port"], served);
    assert_eq!(alone.stop().code, Some(0));
    assert_eq!(home.ask("where").line("where")["port"], port);
    assert_eq!(original.stop().code, Some(0));
}

/// A program that holds this lock, as one for backups may, until it is killed.
fn locking(lock: &Path) -> Child {
    let mut flock = Command::new("flock");
    let holder = flock.arg("--no-fork").arg(lock).args(["sleep", "60"]).spawn().expect("started");
    e2e::wait_until("it has the lock", || os::locking_process(lock) == Some(holder.id()));
    holder
}

#[test]
fn a_program_that_has_locked_the_app_is_named() {
    let home = Home::new();
    let mut running = home.launcher().start();
    running.ready();
    let (app, killed) = (AppName::default(), Home::new());
    assert_eq!(running.stop().code, Some(0));
    let mut running = killed.launcher().start();
    running.ready();
    running.kill_both();
    for (home, lock) in [
        (&home, home.folders().lock(&app)),
        (&home, home.folders().run().join("server.lock")),
        // It still names the launcher that was killed.
        (&killed, killed.folders().lock(&app)),
    ] {
        let mut holder = locking(&lock);
        let wanted = format!("process {} (sleep) has locked this app", holder.id());
        for words in ["status", "doctor", "forget", "version", "start --no-open"] {
            let told = home.command(words).run();
            let code = if words == "version" { 0 } else { 75 };
            assert_eq!(told.code, Some(code), "{words}: {told:?}");
            assert!(format!("{}{}", told.stdout, told.stderr).contains(&wanted), "{told:?}");
        }
        holder.kill().expect("ours");
        holder.wait().expect("ours");
    }
}

#[test]
fn a_program_that_has_locked_the_settings_is_named() {
    let home = Home::new();
    assert_eq!(home.command("settings set log debug").run().code, Some(0));
    let mut holder = locking(&home.folders().settings_lock(&AppName::default()));
    let wanted = format!("kill {}", holder.id());
    let refused = home.command("settings set log info").run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&wanted), "{refused:?}");
    let examined = home.command("doctor").run();
    assert!(examined.stdout.contains(&wanted), "{examined:?}");
    holder.kill().expect("ours");
    holder.wait().expect("ours");
}

#[test]
fn a_second_start_serves_when_the_first_that_it_waited_for_has_failed() {
    let home = Home::new();
    let first = home.launcher().fake(&["never-ready"]).args(["--ready-timeout", "2s"]).start();
    e2e::wait_until("the first start has its lock", || !home.events("server_spawned").is_empty());
    home.set("server", "");
    let mut second = home.launcher().start();
    second.ready();
    assert_eq!(first.exit().code, Some(75));
    assert_eq!(second.stop().code, Some(0));
}
