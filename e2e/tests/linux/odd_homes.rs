//! Homes that are reached in an unusual way: from another session or container, on a file system without locks, by
//! a path that is too long for a socket.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use e2e::{Home, RunContext, program, quiet_port, quiet_range, skip};
use serde_json::Value;

/// A session's folder comes and goes with the session, and is another for a service.
#[test]
fn the_environment_of_a_session_does_not_decide_where_an_app_is_looked_for() {
    let user = tempfile::tempdir().expect("a folder");
    let session = tempfile::tempdir().expect("a folder");
    let launcher = |arguments: &[&str]| {
        let mut command = Command::new(program("launcher"));
        command.args(arguments).env("HOME", user.path()).env_remove("HOMEPORT_HOME");
        command.env("HOMEPORT_RANGE", quiet_range()).env("HOMEPORT_LOG_DIR", user.path());
        command.env_remove("XDG_RUNTIME_DIR").env_remove("XDG_STATE_HOME");
        command
    };
    let started = launcher(&["--detach", "--no-open", "--json"]).output().expect("started");
    assert!(started.status.success(), "{started:?}");
    let first: Value = serde_json::from_slice(&started.stdout).expect("a line");
    let second = launcher(&["--no-open", "--json"])
        .env("XDG_RUNTIME_DIR", session.path())
        .output()
        .expect("started");
    let stopped = launcher(&["stop"]).env("XDG_RUNTIME_DIR", session.path()).output();
    assert!(second.status.success(), "{second:?}");
    let found: Value = serde_json::from_slice(&second.stdout).expect("a line");
    assert_eq!((&found["event"], &found["url"]), (&"instance_found".into(), &first["url"]));
    assert!(stopped.expect("started").status.success());
}

/// Two containers with one volume: neither the port nor the processes of one are those of the other.
#[test]
fn an_app_that_runs_in_another_container_is_said_to_run_there() {
    let script = "hostname boxa && ip link set lo up && exec \"$@\"";
    let boxa = ["unshare", "--uts", "--net", "sh", "-c", script, "sh"];
    let boxa = RunContext::direct().through(boxa);
    if let Err(refusal) = boxa.try_out() {
        return skip(&format!("unshare: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&boxa).start();
    running.ready();
    for command in ["where", "status", "stop", "open"] {
        let told = home.command(command).run();
        assert_eq!(told.code, Some(3), "{command}: {told:?}");
        assert!(told.stderr.contains("boxa"), "{command}: {told:?}");
    }
    let began = Instant::now();
    let second = home.launcher().run();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.line("launch_failed")["error"].to_string().contains("boxa"), "{second:?}");
    assert!(!running.has_ended());
}

/// As on a network file system without a lock manager.
#[test]
fn where_flock_is_refused_the_app_is_locked_all_the_same() {
    let refused = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock"];
    let refused = refused.into_iter().chain(["-e", "inject=flock:error=ENOLCK"]);
    let refused = RunContext::direct().through(refused);
    if let Err(refusal) = refused.try_out() {
        return skip(&format!("strace: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&refused).port(quiet_port()).start();
    let url = running.ready().url;
    let second = home.launcher().at(&refused).run();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.line("instance_found")["url"], url.as_str());
    assert_eq!(home.command("status").at(&refused).run().code, Some(0));
    assert_eq!(home.command("stop").at(&refused).run().code, Some(0));
    assert!(home.last_good().is_some(), "what is locked is remembered");
}

/// A path that no socket can have: 113 bytes and more.
#[test]
fn a_home_with_a_long_path_can_be_asked_and_stopped() {
    let home = Home::new();
    let long = home.path().join("d".repeat(60)).join("e".repeat(60));
    let of_long = |command: Option<&str>| {
        let launcher = command.map_or_else(|| home.launcher(), |name| home.command(name));
        launcher.arg("--home").arg(&long)
    };
    let mut running = of_long(None).port(quiet_port()).start();
    running.ready();
    for command in ["status", "restart", "stop"] {
        let told = of_long(Some(command)).run();
        assert_eq!(told.code, Some(0), "{command}: {told:?}");
    }
    assert_eq!(running.exit().code, Some(0));
}

/// Everything is where it was beside each other, and the paths that the launcher knows are gone.
#[test]
fn an_app_whose_home_was_renamed_is_found_there_and_not_started_twice() {
    let home = Home::new();
    let [before, after] = ["before", "after"].map(|name| home.path().join(name));
    let mut running = home.launcher().arg("--home").arg(&before).start();
    let port = running.ready().port;
    fs::rename(&before, &after).expect("renamed");
    for (words, lost) in [("status", None), ("where", None), ("where", Some("run"))] {
        if let Some(folder) = lost {
            fs::remove_dir_all(after.join(folder)).expect("it was there");
        }
        let told = home.ask(&format!("{words} --home {}", after.display()));
        assert_eq!(told.line(words)["port"], port, "{told:?}");
        let second = home.launcher().arg("--home").arg(&after).run();
        assert_eq!(second.code, Some(0), "{words} {lost:?}: {second:?}");
        assert_eq!(second.line("instance_found")["port"], port);
    }
    assert_eq!(home.command("stop").arg("--home").arg(&after).run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));
}
