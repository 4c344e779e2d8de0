//! Logs that others rename, delete, save or cut while programs write them, and logs that several
//! processes put aside at once.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use e2e::{Home, RunContext, Running, found, get, program, quiet_port, skip, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use shared::logging::{MAX_KEPT, ROTATE_AT};

const LOGS: [&str; 3] = ["port-history.jsonl", "launcher.jsonl", "server.jsonl"];

/// What is done to a log.
type Disturbance = (&'static str, fn(&Path));

const DISTURBANCES: [Disturbance; 6] = [
    ("renamed", |log| fs::rename(log, aside(log)).expect("renamed")),
    ("renamed, and made anew", |log| {
        fs::rename(log, aside(log)).expect("renamed");
        fs::write(log, "").expect("made");
    }),
    ("copied and cut", |log| {
        fs::copy(log, aside(log)).expect("copied");
        fs::write(log, "").expect("cut");
    }),
    ("deleted", |log| fs::remove_file(log).expect("removed")),
    ("saved by an editor", |log| {
        let saved = log.with_extension("saved");
        fs::copy(log, &saved).expect("copied");
        fs::rename(saved, log).expect("replaced");
    }),
    ("deleted with its folder", |log| {
        let folder = log.parent().expect("a folder");
        if folder.exists() {
            fs::remove_dir_all(folder).expect("removed");
        }
    }),
];

fn aside(log: &Path) -> PathBuf {
    log.with_extension("jsonl.1")
}

fn started(home: &Home) -> Running {
    let launcher = home.launcher().at(&RunContext::with_default_signals());
    let mut running = launcher.port(quiet_port()).start();
    running.ready();
    let logs = LOGS.map(|log| home.folders().logs().join(log));
    wait_until("every log has lines", || logs.iter().all(|log| log.exists()));
    running
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("whole")).collect()
}

fn events(file: &Path) -> Vec<String> {
    lines(file).iter().map(|line| line["event"].as_str().expect("a word").to_owned()).collect()
}

/// A move and the end: what they record is in the log at the path, whatever was done to the one before.
fn assert_goes_on(case: &str, home: &Home, running: Running) {
    let history = home.folders().history();
    let port = quiet_port();
    let moved = home.command("move").arg(port.to_string()).run();
    assert_eq!(moved.code, Some(0), "{case}: {moved:?}");
    let answer = get(&format!("http://127.0.0.1:{port}/_homeport/healthz"));
    assert_eq!(answer.expect("an answer").status, 200, "{case}");
    assert_eq!(running.stop().code, Some(0), "{case}");
    let live = events(&history);
    for event in ["port_moved", "port_assigned", "launch_stopped"] {
        assert!(live.iter().any(|found| found == event), "{case}: no {event} in {live:?}");
    }
    let access_log = lines(&home.folders().logs().join("server.jsonl"));
    assert!(access_log.iter().any(|line| line["msg"] == "request"), "{case}: {access_log:?}");
}

/// I7, I14.
#[test]
fn what_is_written_after_a_log_was_disturbed_is_at_its_path() {
    for (case, disturb) in DISTURBANCES {
        let home = Home::new();
        home.may_lose_records();
        let running = started(&home);
        for log in LOGS {
            disturb(&home.folders().logs().join(log));
        }
        assert_goes_on(case, &home, running);
        let history = home.folders().history();
        if case != "deleted" && case != "deleted with its folder" {
            let all = [events(&aside(&history)), events(&history)].concat();
            for event in ["launch_started", "server_ready", "port_moved", "launch_stopped"] {
                assert!(all.iter().any(|found| found == event), "{case}: {event} is lost: {all:?}");
            }
        }
    }
}

/// Whether a process has the file of `log` that was put aside open.
fn holds(pid: u32, log: &Path) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").flatten();
    descriptors
        .map(|entry| fs::read_link(entry.path()))
        .any(|to| to.is_ok_and(|to| to == aside(log)))
}

#[test]
fn a_signal_has_programs_that_write_nothing_let_go_of_what_was_renamed() {
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
        let home = Home::new();
        home.may_lose_records();
        let running = started(&home);
        let (launcher, server) = (running.pid(), running.server().pid());
        let logs = LOGS.map(|log| home.folders().logs().join(log));
        for log in &logs {
            fs::rename(log, aside(log)).expect("renamed");
        }
        let hold = || logs.iter().any(|log| holds(launcher, log) || holds(server, log));
        assert!(hold(), "they have written");
        for pid in [launcher, server] {
            e2e::WatchedProcess::of(pid).expect("it runs").signal(signal);
        }
        wait_until("both programs let go", || !hold());
        assert_goes_on(&format!("{signal:?}"), &home, running);
    }
}

/// What people write for logrotate.
const MODES: [&str; 4] = ["create 0600", "nocreate", "copytruncate", "create 0600\n  compress"];

#[test]
fn logrotate_rotates_in_all_its_modes() {
    if !found("logrotate") || !rustix::process::geteuid().is_root() {
        return skip("logrotate is not installed, or would have to run as root");
    }
    for mode in MODES {
        let home = Home::new();
        home.may_lose_records();
        let running = started(&home);
        let (logs, config) = (home.folders().logs(), home.path().join("logrotate.conf"));
        let pids = format!("{} {}", running.pid(), running.server().pid());
        let text = format!(
            "\"{}/*.jsonl\" {{\n  rotate 5\n  {mode}\n  sharedscripts\n  postrotate\n    kill -HUP {pids}\n  endscript\n}}\n",
            logs.display()
        );
        fs::write(&config, text).expect("written");
        let state = home.path().join("logrotate.state");
        let rotated =
            Command::new("logrotate").arg("-f").arg("-s").args([&state, &config]).output();
        let rotated = rotated.expect("logrotate runs");
        assert!(rotated.status.success(), "{mode}: {rotated:?}");
        assert_goes_on(mode, &home, running);
        let told = home.command("doctor").arg("--json").run();
        let checks = told.lines();
        let check = checks.iter().find(|line| line["check"] == "history").expect("a check");
        assert_eq!(check["verdict"], "ok", "{mode}: {check}");
        let text = check["text"].as_str().expect("a sentence");
        assert!(text.contains("none is lost"), "{mode}: {text}");
        let is_compressed = mode.contains("compress");
        assert_eq!(text.contains("earlier records"), is_compressed, "{mode}: {text}");
    }
}

/// What is written between the copy and the cut of `copytruncate` is in neither file.
#[test]
fn what_is_lost_where_a_log_was_copied_and_cut_is_told_apart_from_other_losses() {
    let home = Home::new();
    home.may_lose_records();
    let running = started(&home);
    let history = home.folders().history();
    fs::copy(&history, aside(&history)).expect("copied");
    let moved = home.command("move").arg(quiet_port().to_string()).run();
    assert_eq!(moved.code, Some(0), "{moved:?}");
    fs::write(&history, "").expect("cut");
    assert_eq!(running.stop().code, Some(0));
    let told = home.command("doctor").run();
    assert!(told.stdout.contains("warning: history: "), "{told:?}");
    assert!(told.stdout.contains("`copytruncate`"), "{told:?}");
}

/// Two launches, again and again, that find the log of launchers at the size at which it is put aside.
#[test]
fn two_launches_put_the_same_log_aside() {
    let home = Home::new();
    let log = home.folders().logs().join("launcher.jsonl");
    fs::DirBuilder::new().mode(0o700).create(home.folders().logs()).expect("made");
    for _ in 0..5 {
        let line = "{\"msg\":\"x\"}\n";
        fs::write(&log, line.repeat(ROTATE_AT as usize / line.len() + 1)).expect("written");
        let launches =
            ["one", "two"].map(|app| home.launcher().app(app).port(quiet_port()).start());
        for mut launch in launches {
            launch.ready();
            assert_eq!(launch.stop().code, Some(0));
        }
        assert!(fs::metadata(&log).expect("there").len() < ROTATE_AT);
    }
    let aside = fs::read_dir(home.folders().logs()).expect("there").flatten();
    let aside =
        aside.filter(|entry| entry.file_name().to_string_lossy().starts_with("launcher.jsonl."));
    assert_eq!(aside.count(), 5);
}

/// How many lines two writers log; a set number makes it longer.
fn lines_each() -> u64 {
    let wanted = std::env::var("HOMEPORT_LOG_LINES").ok();
    wanted.map_or(250_000, |number| number.parse().expect("HOMEPORT_LOG_LINES is a number"))
}

/// Every line of two processes is in a file, or is told as dropped or deleted.
#[test]
fn every_line_of_two_writers_is_kept_or_counted() {
    let home = Home::new();
    let each = lines_each();
    let start = || {
        let mut command = Command::new(program("log_writer"));
        command.arg(each.to_string()).env("HOMEPORT_HOME", home.path()).stdin(Stdio::null());
        command.stderr(Stdio::piped()).spawn().expect("started")
    };
    let writers = [start(), start()];
    let pids = writers.each_ref().map(std::process::Child::id);
    for writer in writers {
        let ended = writer.wait_with_output().expect("our child");
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    }
    let files = fs::read_dir(home.folders().logs()).expect("there").flatten();
    let files =
        files.filter(|entry| entry.file_name().to_string_lossy().starts_with("server.jsonl"));
    let kept: Vec<Value> = files.flat_map(|file| lines(&file.path())).collect();
    let size = kept.len() as u64;
    let last = |pid: u32, key: &str| {
        let told = kept.iter().filter(|line| line["pid"] == pid);
        told.filter_map(|line| line[key].as_u64()).max().unwrap_or_default()
    };
    let written: u64 = pids.iter().map(|pid| last(*pid, "seq") + 1).sum();
    let lost: u64 = pids.iter().map(|pid| last(*pid, "dropped") + last(*pid, "lines")).sum();
    assert_eq!(size + lost, written, "{size} kept, {lost} told as lost");
    assert!(written >= 2 * each);
    let total: u64 = fs::read_dir(home.folders().logs())
        .expect("there")
        .flatten()
        .map(|entry| entry.metadata().expect("there").len())
        .sum();
    assert!(total <= MAX_KEPT + 2 * ROTATE_AT, "{total} bytes");
}
