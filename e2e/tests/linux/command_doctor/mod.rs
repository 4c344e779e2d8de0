//! `launcher doctor`: what a launch depends on, looked at and left as it is.

mod obstacles;
mod records;
mod running_launch;
mod unchangeable;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use e2e::{
    Ended, Home, RunContext, Stranger, Tools, copy_program, program, quiet_port, wait_until,
};
use serde_json::Value;
use shared::app::AppName;

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
    for name in
        ["config_folder", "logs_folder", "settings", "loopbacks", "ports", "server", "listeners"]
    {
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
fn a_server_that_may_not_be_executed_is_a_problem_with_the_command_that_allows_it() {
    let home = Home::new();
    let beside = home.path().join("bin");
    let server = beside.join("server");
    fs::create_dir(&beside).expect("made");
    copy_program("launcher", &beside.join("launcher"));
    fs::write(&server, "#!/bin/sh\n").expect("written");
    home.set("server", format!("command = [\"{}\"]\n", server.display()));
    let of_settings = check(&doctor(&home), "server");
    home.set("server", "");
    let launcher = home.command("doctor").program(beside.join("launcher"));
    let allowed = format!("`chmod a+x {}`", server.display());
    let start = home.launcher().program(beside.join("launcher")).without("--json").run();
    assert!(start.stderr.contains(&allowed), "{start:?}");
    for told in [of_settings, check(&launcher.arg("--json").run(), "server")] {
        assert_eq!(told["verdict"], "problem", "{told}");
        assert!(told["text"].to_string().contains("is not executable"), "{told}");
        assert!(told["advice"].to_string().contains(&allowed), "{told}");
    }
}

#[test]
fn a_server_that_is_a_folder_is_said_to_be_one() {
    let home = Home::new();
    home.set("server", "command = [\"/var\"]\n");
    let told = check(&doctor(&home), "server");
    assert_eq!(told["text"], "/var: it is a folder, not a file", "{told}");
    assert!(told["advice"].to_string().contains("name the server's program"), "{told}");
}

#[test]
fn a_home_port_that_no_start_can_use_is_a_warning_with_the_reason() {
    let home = Home::new();
    home.set("server", "port = 6000\n");
    let told = doctor(&home);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_verdict(&told, "home_port", "warning");
    let text = check(&told, "home_port").to_string();
    assert!(text.contains("browsers block") && text.contains("choose another port"), "{text}");
}

#[test]
fn a_closed_folder_of_what_is_remembered_is_named_with_the_command_that_opens_it() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    let file = home.assignment_file("server");
    let folder = file.parent().expect("a folder");
    fs::create_dir_all(folder).expect("made");
    home.give_to_plain_user();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).expect("changed");
    let allowed = format!("`chmod u+rwx {}`", folder.display());
    let told = home.command("doctor").arg("--json").at(&plain).run();
    assert_verdict(&told, "unwritable", "problem");
    assert!(check(&told, "unwritable")["advice"].to_string().contains(&allowed), "{told:?}");
    let mut running = home.launcher().at(&plain).start();
    running.ready();
    let said = running.stop();
    assert!(said.stderr.contains(&allowed), "{said:?}");
}

#[test]
fn a_taken_port_that_the_next_start_must_have_is_a_problem_with_its_holder() {
    let home = Home::new();
    let taken = Stranger::listening("127.0.0.1:0");
    let port = taken.port;
    home.set("server", format!("port = {port}\n"));
    let told = doctor(&home);
    assert!(told.lines().iter().all(|line| line["check"] != "wanted_port"), "it moves: {told:?}");
    home.set("server", format!("port = {port}\non_conflict = \"fail\"\n"));
    let told = doctor(&home);
    assert_eq!(told.code, Some(75), "{told:?}");
    let wanted = check(&told, "wanted_port");
    assert_eq!(wanted["verdict"], "problem", "{wanted}");
    assert!(wanted["text"].to_string().contains(&format!("port {port} is held by")), "{wanted}");
    assert!(wanted["advice"].to_string().contains("--on-conflict move"), "{wanted}");
    drop(taken);
    assert_verdict(&doctor(&home), "wanted_port", "ok");
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
