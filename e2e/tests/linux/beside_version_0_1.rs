//! Version 0.1.0 and this one side by side: they still are one instance, in both orders.

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use e2e::{is_free, program, quiet_port, quiet_range, skip};
use serde_json::Value;

/// The folder of the programs of version 0.1.0; `cargo xtask test` builds them.
const PROGRAMS: &str = "HOMEPORT_VERSION_0_1_PROGRAMS";

/// A user with folders of their own.
struct User {
    home: tempfile::TempDir,
    range: String,
    /// Whether one folder has everything, and not the folders of the system's rules.
    has_homeport_home: bool,
}

impl User {
    fn new(has_homeport_home: bool) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let session = home.path().join("session");
        fs::DirBuilder::new().mode(0o700).create(session).expect("made");
        Self { home, range: quiet_range(), has_homeport_home }
    }

    fn run(&self, launcher: &Path, words: &str) -> Output {
        let home = self.home.path();
        let mut command = Command::new(launcher);
        command.args(words.split(' ')).env("HOME", home).env_remove("XDG_STATE_HOME");
        command.env("XDG_RUNTIME_DIR", home.join("session")).env("HOMEPORT_RANGE", &self.range);
        command.env("HOMEPORT_LOG_DIR", home.join("logs")).env_remove("XDG_CONFIG_HOME");
        match self.has_homeport_home {
            true => command.env("HOMEPORT_HOME", home.join("home")),
            false => command.env_remove("HOMEPORT_HOME"),
        };
        command.output().expect("it can be started")
    }

    #[track_caller]
    fn done(&self, launcher: &Path, words: &str) -> Value {
        let output = self.run(launcher, words);
        assert!(output.status.success(), "{words}: {output:?}");
        let line = output.stdout.split(|byte| *byte == b'\n').next().expect("a line");
        serde_json::from_slice(line).unwrap_or_else(|_| panic!("{words}: {output:?}"))
    }
}

fn old_launcher() -> Option<PathBuf> {
    let folder = env::var_os(PROGRAMS).map(PathBuf::from);
    folder.map(|folder| folder.join("launcher")).filter(|launcher| launcher.is_file())
}

/// Every command of `second` against a launcher that `first` has started.
fn assert_are_one(case: &str, user: &User, first: &Path, second: &Path) {
    let started = user.done(first, "--detach --no-open --json");
    let url = &started["url"];
    let again = user.done(second, "--no-open --json");
    assert_eq!((&again["event"], &again["url"]), (&"instance_found".into(), url), "{case}");
    for words in ["where --json", "status --json"] {
        let told = user.done(second, words);
        assert_eq!(&told["url"], url, "{case}: {words}");
        assert_eq!(told["launcher_pid"], started["launcher_pid"], "{case}: {words}");
    }
    assert_eq!(&user.done(second, "restart --json")["url"], url, "{case}");
    let port = quiet_port();
    let moved = user.done(second, &format!("move {port} --json"));
    assert_eq!(moved["to"], port, "{case}");
    assert_eq!(user.done(first, "where --json")["port"], port, "{case}");
    assert_eq!(user.done(second, "stop --json")["port"], port, "{case}");
    assert!(is_free(port), "{case}");
    assert_eq!(user.run(second, "where --json").status.code(), Some(3), "{case}");
}

/// I8, between versions.
#[test]
fn a_launcher_of_one_version_is_found_and_served_by_every_command_of_the_other() {
    let Some(old) = old_launcher() else {
        return skip("no programs of version 0.1.0: `cargo xtask version-0-1` builds them");
    };
    let new = program("launcher");
    for has_homeport_home in [false, true] {
        let case = |order| format!("{order}, HOMEPORT_HOME: {has_homeport_home}");
        let user = User::new(has_homeport_home);
        assert_are_one(&case("old, then new"), &user, &old, &new);
        // In the folders that the old one has left.
        assert_are_one(&case("new, then old"), &user, &new, &old);
        assert_are_one(&case("new, then old, fresh"), &User::new(has_homeport_home), &new, &old);
    }
}

/// The folder's name is ours, and its content need not be.
#[test]
fn the_run_folder_of_version_0_1_becomes_a_link_unless_there_is_something_of_a_person_in_it() {
    let launcher = program("launcher");
    for (kept, is_link) in [(&[][..], true), (&["notes.txt"], false), (&["mine/thesis.txt"], false)]
    {
        let user = User::new(false);
        let folder = user.home.path().join("session/homeport");
        for name in ["server.lock", "server.json"].iter().chain(kept) {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(file, "").expect("written");
        }
        user.done(&launcher, "--detach --no-open --json");
        assert_eq!(folder.is_symlink(), is_link, "{kept:?}");
        assert!(kept.iter().all(|name| folder.join(name).is_file()), "{kept:?}");
        user.done(&launcher, "stop --json");
    }
}
