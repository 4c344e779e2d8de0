//! `launcher doctor`: what a launch depends on, looked at and left as it is.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use e2e::{Ended, Home, RunContext, Running, Tools, program, quiet_port, skip, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use shared::{app::AppName, paths::Folders};

/// What doctor may take where a process does not answer: it waits for 4 s, and machines are slow.
const LIMIT: Duration = Duration::from_secs(20);

fn doctor(home: &Home) -> Ended {
    home.command("doctor").arg("--json").run()
}

#[track_caller]
fn check(told: &Ended, name: &str) -> Value {
    let check = told.lines().into_iter().find(|line| line["check"] == name);
    check.unwrap_or_else(|| panic!("no check of {name}: {told:?}"))
}

#[track_caller]
fn assert_verdict(told: &Ended, name: &str, verdict: &str) {
    assert_eq!(check(told, name)["verdict"], verdict, "{told:?}");
}

fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("readable").flatten().map(|entry| entry.path());
    let with_inner = |path: PathBuf| {
        let inner = if path.is_dir() { everything_in(&path) } else { Vec::new() };
        std::iter::once(path).chain(inner).collect::<Vec<_>>()
    };
    let mut everything: Vec<_> = entries.flat_map(with_inner).collect();
    everything.sort();
    everything
}

#[test]
fn a_fresh_home_is_well_and_stays_empty() {
    let home = Home::new();
    let told = doctor(&home);
    assert_eq!(told.code, Some(0), "{told:?}");
    for name in ["config_folder", "logs_folder", "settings", "loopbacks", "ports", "server"] {
        assert_verdict(&told, name, "ok");
    }
    assert!(everything_in(home.path()).is_empty(), "{:?}", everything_in(home.path()));
    let words = home.command("doctor").run();
    assert!(words.stdout.contains("ok: loopbacks: "), "{words:?}");
    assert!(words.stdout.contains(" 0 with a problem"), "{words:?}");
}

#[test]
fn a_running_app_is_seen_and_disturbed_by_nothing() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    // The server logs the requests that it has answered a moment later.
    let log = home.folders().logs().join("server.jsonl");
    wait_until("the server has logged its readiness", || log.exists());
    let before = everything_in(home.path());
    let told = doctor(&home);
    assert_eq!(told.code, Some(0), "{told:?}");
    let instance = check(&told, "instance")["text"].to_string();
    assert!(instance.contains(&ready.url), "{instance}");
    assert_verdict(&told, "history", "ok");
    assert_verdict(&told, "secret", "ok");
    let assignment = check(&told, "assignment")["text"].to_string();
    assert!(assignment.contains(&ready.port.to_string()), "{assignment}");
    assert_eq!(everything_in(home.path()), before);
    assert!(!running.has_ended());
}

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

type PutAt = fn(&Path);

/// What stands in the place of a file of ours, and how it gets there.
const OBSTACLES: [(&str, PutAt); 3] = [
    ("a folder", |path| fs::create_dir(path).expect("made")),
    ("a pipe", |path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.is_ok_and(|made| made.success()));
    }),
    ("a link", |path| symlink("nowhere", path).expect("linked")),
];

type PathOf = fn(&Folders, &AppName) -> PathBuf;

/// Files that are opened where they are, which wants a file there.
const OPENED: [(&str, PathOf); 6] = [
    ("the diagnostics of the launcher", |folders, _| folders.logs().join("launcher.jsonl")),
    ("the diagnostics of the server", |folders, _| folders.logs().join("server.jsonl")),
    ("the lock of the rotation", |folders, _| folders.logs().join("rotation.lock")),
    ("the lock of the settings", Folders::settings_lock),
    ("the lock", Folders::lock),
    ("the lock of version 0.1", |folders, app| folders.run().join(format!("{app}.lock"))),
];

/// Files that are renamed into their place, which a folder alone prevents.
const REPLACED: [(&str, PathOf); 2] =
    [("the discovery file", Folders::discovery), ("the token", Folders::token)];

fn remove(path: &Path) {
    let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let _ = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// Carries out the advice of a check, each command in it.
fn carry_out(home: &Home, advice: &str) {
    let launcher = program("launcher");
    for command in advice.split('`').skip(1).step_by(2) {
        if let Some(words) = command.strip_prefix("rm ") {
            let removed = Command::new("rm").args(words.split(' ')).status();
            assert!(removed.is_ok_and(|removed| removed.success()), "{command}");
        } else {
            let name = launcher.file_name().and_then(|name| name.to_str()).expect("text");
            assert_eq!(command, format!("{name} status"));
            assert_eq!(home.command("status").run().code, Some(0));
        }
    }
}

/// What doctor advises is carried out, and then everything is well.
#[track_caller]
fn assert_named_with_what_helps(case: &str, home: &Home, path: &Path) {
    let before = everything_in(home.path());
    let told = doctor(home);
    let found = check(&told, "in_the_way");
    assert_ne!(found["verdict"], "ok", "{case}: {told:?}");
    let text = found["text"].to_string();
    assert!(text.contains(&path.display().to_string()), "{case}: {text}");
    for other in ["run_files", "left_behind", "planted"] {
        assert!(told.lines().iter().all(|line| line["check"] != other), "{case}: {told:?}");
    }
    let code = if found["verdict"] == "problem" { 75 } else { 0 };
    assert_eq!(told.code, Some(code), "{case}: {told:?}");
    assert_eq!(everything_in(home.path()), before, "{case}");
    carry_out(home, found["advice"].as_str().expect("text"));
    let told = doctor(home);
    assert_eq!(told.code, Some(0), "{case}: {told:?}");
    for check in ["in_the_way", "run_files"] {
        assert!(told.lines().iter().all(|line| line["check"] != check), "{case}: {told:?}");
    }
}

#[test]
fn what_is_in_the_place_of_a_file_is_named_with_the_commands_that_help() {
    let app = AppName::default();
    let home = Home::new();
    home.may_lose_records();
    // A request that is logged would bring its file back, whatever is to be in its place.
    let mut running = home.launcher().port(quiet_port()).env("HOMEPORT_LOG", "error").start();
    running.ready();
    let opened = OPENED.iter().flat_map(|file| OBSTACLES.iter().map(move |what| (file, what)));
    let replaced = REPLACED.iter().map(|file| (file, &OBSTACLES[0]));
    for ((file, path_of), (what, put)) in opened.chain(replaced) {
        let path = path_of(home.folders(), &app);
        remove(&path);
        put(&path);
        assert_named_with_what_helps(&format!("{what} in place of {file}"), &home, &path);
    }
    let tickets = home.folders().tickets(&app);
    for (what, put) in &OBSTACLES[1..] {
        put(&tickets);
        assert_named_with_what_helps(&format!("{what} in place of the tickets"), &home, &tickets);
    }
    let folder = home.folders().lock(&app).parent().expect("a folder").to_owned();
    fs::remove_dir_all(&folder).expect("it was there");
    fs::write(&folder, "no folder").expect("written");
    assert_named_with_what_helps("a file in place of the app's folder", &home, &folder);
    assert_eq!(running.stop().code, Some(0));
    // Nothing runs.
    for (file, path_of) in REPLACED {
        let path = path_of(home.folders(), &app);
        fs::create_dir(&path).expect("made");
        assert_named_with_what_helps(&format!("a folder in place of {file}"), &home, &path);
    }
}

#[test]
fn a_setting_that_cannot_be_set_is_refused_with_what_helps() {
    let home = Home::new();
    let lock = home.folders().settings_lock(&AppName::default());
    fs::create_dir_all(&lock).expect("made");
    let set = || home.command("settings").args(["set", "port", "4000"]).run();
    let refused = set();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    carry_out(&home, &refused.stderr);
    assert_eq!(set().code, Some(0));
}

#[test]
fn a_log_that_may_not_be_changed_is_a_problem() {
    let home = Home::new();
    let log = home.folders().logs().join("server.jsonl");
    fs::create_dir_all(home.folders().logs()).expect("made");
    fs::write(&log, "").expect("written");
    let immutable = Immutable(&log);
    if !immutable.set("+i") {
        return skip("this file system keeps no attribute that forbids changes (chattr +i)");
    }
    let told = doctor(&home);
    assert_eq!(told.code, Some(75), "{told:?}");
    let advice = check(&told, "unwritable")["advice"].to_string();
    assert!(advice.contains("chattr -i") && advice.contains("server.jsonl"), "{told:?}");
}

/// A file that nothing can change while this lives.
struct Immutable<'a>(&'a Path);

impl Immutable<'_> {
    fn set(&self, attribute: &str) -> bool {
        let set = Command::new("chattr").arg(attribute).arg(self.0).output();
        set.is_ok_and(|set| set.status.success())
    }
}

impl Drop for Immutable<'_> {
    fn drop(&mut self) {
        self.set("-i");
    }
}

#[track_caller]
fn assert_no_records_can_be_written(home: &Home, why: &str, now: &str) {
    let told = doctor(home);
    assert_eq!(told.code, Some(75), "{told:?}");
    assert_verdict(&told, "history", "problem");
    let check = check(&told, "history").to_string();
    for piece in ["no records can be written", "port-history.jsonl", why, now] {
        assert!(check.contains(piece), "no `{piece}`: {check}");
    }
    let stopped = home.command("stop").run();
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    for piece in ["no records can be written", why] {
        assert!(stopped.stderr.contains(piece), "no `{piece}`: {stopped:?}");
    }
}

/// A running launch whose records may be lost, and its history.
fn serving_without_records(home: &Home) -> (Running, PathBuf) {
    home.may_lose_records();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    (running, home.folders().history())
}

#[test]
fn a_history_that_is_a_link_is_a_problem_with_what_to_do() {
    let home = Home::new();
    let (running, history) = serving_without_records(&home);
    let kept = home.path().join("kept");
    fs::rename(&history, &kept).expect("it was there");
    symlink(&kept, &history).expect("linked");
    assert_no_records_can_be_written(&home, "it is a link", "move away what is there");
    assert_eq!(running.exit().code, Some(0));
    fs::remove_file(&history).expect("it was there");
}

#[test]
fn a_history_that_must_not_be_changed_is_a_problem_with_the_command_that_allows_it() {
    let home = Home::new();
    let (running, history) = serving_without_records(&home);
    let immutable = Immutable(&history);
    if !immutable.set("+i") {
        return skip("this file system keeps no attribute that forbids changes (chattr +i)");
    }
    let told = home.command("history").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_no_records_can_be_written(&home, "Operation not permitted", "chattr -i");
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn wrong_settings_are_a_problem_of_their_own() {
    let home = Home::new();
    home.set("server", "prot = 3030\n");
    let told = doctor(&home);
    assert_eq!(told.code, Some(78), "{told:?}");
    assert_verdict(&told, "settings", "problem");
    let text = check(&told, "settings")["text"].to_string();
    assert!(text.contains("line 1") && text.contains("`port`"), "{text}");
    assert_verdict(&told, "loopbacks", "ok");
}

#[test]
fn what_a_killed_launch_left_behind_is_named_and_left_where_it_is() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    running.kill_both();
    let told = doctor(&home);
    assert_eq!(told.code, Some(0), "a warning is no problem: {told:?}");
    assert_verdict(&told, "left_behind", "warning");
    assert!(home.folders().discovery(&AppName::default()).exists());
}

#[test]
fn damaged_files_are_named_and_not_mended() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    running.stop();
    let history = fs::read_to_string(home.folders().history()).expect("written");
    let mut lines: Vec<_> = history.lines().collect();
    lines.remove(1);
    lines.push("{\"ts\":\"20");
    fs::write(home.folders().history(), lines.join("\n")).expect("written");
    let assignment = home.assignment_file("server");
    fs::write(&assignment, "nonsense").expect("written");
    fs::write(assignment.with_extension("toml.bad-20261122"), "").expect("written");
    fs::write(home.folders().secret(), "nonsense").expect("written");
    let told = doctor(&home);
    assert_eq!(told.code, Some(0), "a launch would mend it all: {told:?}");
    for name in ["history", "assignment", "set_aside", "secret"] {
        assert_verdict(&told, name, "warning");
    }
    let text = check(&told, "history")["text"].to_string();
    assert!(text.contains("lines that are no records: 1; lost records: 1"), "{text}");
    assert_eq!(fs::read_to_string(&assignment).expect("left"), "nonsense");
    // The home's own check wants the whole history.
    fs::write(home.folders().history(), history).expect("written");
}

#[test]
fn a_range_that_leaves_nothing_and_a_server_that_is_not_there_are_problems() {
    let home = Home::new();
    home.set(
        "server",
        "range = \"20000-20009\"\navoid = [\"20000-20009\"]\ncommand = [\"/nowhere/server\"]\n",
    );
    let told = doctor(&home);
    assert_eq!(told.code, Some(75), "{told:?}");
    assert_verdict(&told, "ports", "problem");
    assert_verdict(&told, "server", "problem");
    let advice = check(&told, "ports")["advice"].to_string();
    assert!(advice.contains("`range`"), "{advice}");
}

#[test]
fn a_folder_that_cannot_be_written_is_a_problem_and_one_that_others_see_a_warning() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.set("server", "");
    fs::create_dir_all(home.folders().logs()).expect("made");
    fs::create_dir_all(home.folders().state()).expect("made");
    home.give_to_plain_user();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours to change");
    };
    mode(home.folders().state(), 0o755);
    for closed in [0o500, 0o000] {
        mode(home.folders().logs(), closed);
        let told = home.command("doctor").arg("--json").at(&plain).run();
        assert_eq!(told.code, Some(75), "{told:?}");
        assert_verdict(&told, "logs_folder", "problem");
        assert_verdict(&told, "state_folder", "warning");
    }
    mode(home.folders().logs(), 0o700);
}

#[test]
fn a_machine_without_a_browser_is_warned_of_it() {
    let home = Home::new();
    let told = home.command("doctor").arg("--json").env("PATH", home.path()).run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_verdict(&told, "browser", "warning");

    // What opens pages, and nothing that it could open them with.
    let tools = Tools::of(&home);
    tools.failing("xdg-open");
    let doctor = home.command("doctor").arg("--json").env("PATH", tools.path());
    let data = tools.path().join("data");
    let of_system = doctor.env("XDG_DATA_HOME", &data).env("XDG_DATA_DIRS", &data);
    let told = of_system.run();
    let text = check(&told, "browser")["text"].to_string();
    assert!(text.contains("no browser that it could open"), "{text}");
    fs::create_dir_all(data.join("applications")).expect("made");
    let registered = "[MIME Cache]\nx-scheme-handler/http=some.desktop;\n";
    fs::write(data.join("applications/mimeinfo.cache"), registered).expect("written");
    assert_verdict(&of_system.run(), "browser", "ok");
    assert_verdict(&of_system.env("BROWSER", "true").run(), "browser", "ok");
}

#[test]
fn a_folder_that_is_a_link_to_nothing_is_a_problem() {
    for folder in ["config", "state", "logs", "run"] {
        let home = Home::new();
        let link = home.path().join(folder);
        symlink("nowhere", &link).expect("linked");
        let told = home.command("doctor").run();
        assert_eq!(told.code, Some(75), "{told:?}");
        let said = format!("{} is a link that leads to no folder", link.display());
        assert!(told.stdout.contains(&said), "no `{said}`: {told:?}");
    }
}
