//! What stands in the place of a file that the programs write: doctor names it, with the commands that remove it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Home, program, quiet_port};
use shared::{app::AppName, paths::Folders};

use super::{check, doctor, everything_in};

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
const OPENED: [(&str, PathOf); 7] = [
    ("the output of the app", Folders::program_log),
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
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
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
