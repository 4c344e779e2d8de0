//! Files and folders that an attribute keeps from changes, from root too: what has it is named with the command that
//! takes it away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Ended, Home, quiet_port, skip};
use shared::app::AppName;

use super::{check, doctor};

/// A file or a folder that nothing can change while this lives.
pub(super) struct Immutable(PathBuf);

impl Immutable {
    /// `None`, and the test is skipped, where nothing can be made immutable.
    pub(super) fn make(path: &Path) -> Option<Self> {
        let immutable = Self(path.to_owned());
        if immutable.set("+i") {
            return Some(immutable);
        }
        skip("this file system keeps no attribute that forbids changes (chattr +i)");
        None
    }

    fn set(&self, attribute: &str) -> bool {
        let set = Command::new("chattr").arg(attribute).arg(&self.0).output();
        set.is_ok_and(|set| set.status.success())
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        self.set("-i");
    }
}

fn now_changeable(path: &Path) -> String {
    format!("`sudo chattr -ia {}`", path.display())
}

#[track_caller]
fn assert_problem(told: &Ended, of: &Path, now: &str) {
    let check = check(told, "unwritable").to_string();
    for piece in ["\"problem\"", of.to_str().expect("text"), now] {
        assert!(check.contains(piece), "no `{piece}`: {told:?}");
    }
    assert_eq!(told.code, Some(75), "{told:?}");
}

#[test]
fn a_log_that_may_not_be_changed_is_a_problem() {
    let home = Home::new();
    let log = home.folders().logs().join("server.jsonl");
    fs::create_dir_all(home.folders().logs()).expect("made");
    fs::write(&log, "").expect("written");
    let Some(_immutable) = Immutable::make(&log) else { return };
    assert_problem(&doctor(&home), &log, &now_changeable(&log));
}

#[test]
fn a_memory_that_may_not_be_changed_is_a_problem_and_a_start_names_it_alike() {
    let home = Home::remembering(&[quiet_port()]);
    let file = home.folders().assignment(&AppName::default());
    for path in [&file, file.parent().expect("a folder")] {
        let Some(_immutable) = Immutable::make(path) else { return };
        let now = now_changeable(path);
        assert_problem(&doctor(&home), &file, &now);
        let mut running = home.launcher().start();
        running.ready();
        let ended = running.stop();
        assert!(ended.stderr.contains(&now), "no `{now}`: {ended:?}");
    }
}

#[test]
fn a_setting_that_a_folder_keeps_from_being_set_is_refused_with_what_has_the_attribute() {
    let home = Home::remembering(&[quiet_port()]);
    let file = home.folders().assignment(&AppName::default());
    let folder = file.parent().expect("a folder");
    let Some(_immutable) = Immutable::make(folder) else { return };
    let refused = home.command("settings").args(["set", "log", "debug"]).run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&now_changeable(folder)), "{refused:?}");
}
