//! A running launch that has lost a file, or whose processes are stopped.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use e2e::{Home, Running, quiet_port, wait_until};
use rustix::process::Signal;
use shared::{app::AppName, paths::Folders};

use super::{check, doctor, everything_in};

/// What doctor may take where a process does not answer: it waits for 4 s, and machines are slow.
const LIMIT: Duration = Duration::from_secs(20);

/// What has happened to a running launch, and what doctor finds of it.
struct State {
    name: &'static str,
    bring_about: fn(&Home, &mut Running),
    check: &'static str,
    verdict: &'static str,
    /// What the text names.
    named: fn(&Home, &Running) -> Vec<String>,
}

/// A file of the running launch that is removed, and named.
macro_rules! lost {
    ($name:literal, $file:expr) => {
        State {
            name: $name,
            bring_about: |home, _| fs::remove_file(file_of(home, $file)).expect("it was there"),
            check: "run_files",
            verdict: "warning",
            named: |home, _| vec![file_of(home, $file).display().to_string()],
        }
    };
}

fn file_of(home: &Home, file: impl FnOnce(&Folders, &AppName) -> PathBuf) -> PathBuf {
    file(home.folders(), &AppName::default())
}

fn stop_server(_: &Home, running: &mut Running) {
    running.server().signal(Signal::STOP);
}

fn stop_launcher(_: &Home, running: &mut Running) {
    running.signal(Signal::STOP);
    wait_until("it is stopped", || is_stopped(running.pid()));
}

fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    stat.contains(") T ")
}

const STATES: [State; 11] = [
    lost!("the discovery file is lost", Folders::discovery),
    lost!("the lock is lost", Folders::lock),
    lost!("the token is lost", Folders::token),
    lost!("the control socket is lost", Folders::control),
    lost!("the lock of version 0.1 is lost", |folders, app| {
        folders.run().join(format!("{app}.lock"))
    }),
    State {
        name: "the run folder is lost",
        bring_about: |home, _| fs::remove_dir_all(home.folders().run()).expect("it was there"),
        check: "run_files",
        verdict: "warning",
        named: |_, _| ["json", "token", "sock", "lock"].map(|end| format!("server.{end}")).into(),
    },
    State {
        name: "the launcher is stopped",
        bring_about: stop_launcher,
        check: "instance",
        verdict: "warning",
        named: |_, running| vec![format!("process {}", running.pid())],
    },
    State {
        name: "the server is stopped",
        bring_about: stop_server,
        check: "instance",
        verdict: "problem",
        named: |_, running| vec![format!("process {}", running.server().pid())],
    },
    State {
        name: "both are stopped",
        bring_about: |home, running| {
            stop_server(home, running);
            stop_launcher(home, running);
        },
        check: "instance",
        verdict: "problem",
        named: |_, running| vec![format!("process {}", running.pid())],
    },
    State {
        name: "the history was renamed",
        bring_about: |home, _| {
            let history = home.folders().history();
            fs::rename(&history, history.with_extension("1")).expect("it was there");
        },
        check: "history",
        verdict: "warning",
        named: |home, _| vec![home.folders().history().display().to_string()],
    },
    State {
        name: "the history is a pipe",
        bring_about: |home, _| {
            let history = home.folders().history();
            fs::rename(&history, history.with_extension("1")).expect("it was there");
            let made = Command::new("mkfifo").arg(&history).status();
            assert!(made.is_ok_and(|made| made.success()));
        },
        check: "history",
        verdict: "problem",
        named: |home, _| vec![home.folders().history().display().to_string()],
    },
];

#[test]
fn whatever_is_lost_or_stopped_of_a_running_launch_is_named_and_nothing_is_mended() {
    for State { name, bring_about, check: about, verdict, named } in STATES {
        let home = Home::new();
        home.may_lose_records();
        let mut running = home.launcher().port(quiet_port()).start();
        running.ready();
        let log = home.folders().logs().join("server.jsonl");
        wait_until("the server has logged its readiness", || log.exists());
        bring_about(&home, &mut running);
        let before = everything_in(home.path());
        let began = Instant::now();
        let told = doctor(&home);
        assert!(began.elapsed() < LIMIT, "{name}: {:?}", began.elapsed());
        let code = if verdict == "problem" { 75 } else { 0 };
        assert_eq!(told.code, Some(code), "{name}: {told:?}");
        let found = check(&told, about);
        assert_eq!(found["verdict"], verdict, "{name}: {told:?}");
        assert!(found["advice"].is_string(), "{name}: {told:?}");
        let text = found["text"].to_string();
        for part in named(&home, &running) {
            assert!(text.contains(&part), "{name}: {part}: {text}");
        }
        assert_eq!(everything_in(home.path()), before, "{name}");
        assert!(!running.has_ended(), "{name}");
        let history = home.folders().history();
        if !history.is_file() {
            let _ = fs::remove_file(&history);
        }
    }
}
