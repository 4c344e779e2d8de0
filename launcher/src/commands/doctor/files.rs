//! The files that a launch reads and writes.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use shared::{
    assignment::{Assignment, AssignmentError},
    discovery::AppLock,
    identity::Secret,
    os,
};

use super::check::Check;
use crate::{commands::running, options::Basics};

/// What is written to try a folder: more than any record, and as much as a disk gives at once.
const SAMPLE: [u8; 4096] = [b' '; 4096];

/// The four folders.
pub(super) fn folders(basics: &Basics) -> Vec<Check> {
    let folders = &basics.folders;
    let config = folders.settings(&basics.app);
    let config = config.parent().unwrap_or(Path::new("."));
    vec![
        folder("config_folder", config),
        folder("state_folder", folders.state()),
        folder("logs_folder", folders.logs()),
        folder("run_folder", folders.run()),
    ]
}

fn folder(check: &'static str, path: &Path) -> Check {
    let name = path.display();
    let elsewhere = "make it yours, make room on its disk, or name another folder with --home";
    let metadata = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => {
            return Check::problem(check, format!("{name} is not a folder"), "move that file away");
        }
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            return Check::problem(check, format!("{name} cannot be read ({error})"), elsewhere);
        }
    };
    let nearest = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(path);
    if let Err(error) = try_out(nearest) {
        return Check::problem(check, format!("{name} cannot be written ({error})"), elsewhere);
    }
    match metadata {
        None => Check::ok(check, format!("{name} is not there yet, and can be made")),
        Some(metadata) if os::is_open_to_others(&metadata) => Check::warning(
            check,
            format!("other users may look into {name}"),
            "take their rights away (chmod 700), unless that is meant",
        ),
        Some(_) => Check::ok(check, format!("{name} is private and has room for a record")),
    }
}

/// Writes a file and removes it.
fn try_out(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!(".homeport-doctor-{}", std::process::id()));
    let mut made = OpenOptions::new().write(true).create_new(true).open(&file)?;
    let written = made.write_all(&SAMPLE);
    drop(made);
    fs::remove_file(&file)?;
    written
}

/// What is remembered, and what proves who we are.
pub(super) fn memory(basics: &Basics) -> Vec<Check> {
    let folders = &basics.folders;
    let bad = set_aside(&[
        folders.state().to_owned(),
        folders.state().join(basics.app.as_str()),
        folders.run().to_owned(),
    ]);
    let mut checks = vec![assignment(&folders.assignment(&basics.app)), secret(&folders.secret())];
    if !bad.is_empty() {
        let names: Vec<_> = bad.iter().map(|file| file.display().to_string()).collect();
        checks.push(Check::warning(
            "set_aside",
            format!("files that could not be read are kept: {}", names.join(", ")),
            "look into them if you wonder why, and delete them",
        ));
    }
    checks
}

fn assignment(file: &Path) -> Check {
    let name = file.display();
    match Assignment::load(file) {
        Ok(assignment) => match assignment.last_good {
            Some(good) => Check::ok("assignment", format!("port {} is remembered", good.port)),
            None => Check::ok("assignment", "no port is remembered"),
        },
        Err(AssignmentError::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            Check::ok("assignment", "no port is remembered yet")
        }
        Err(error) => Check::warning(
            "assignment",
            format!("{name}: {error}"),
            "start as usual: it is set aside, and the ports are taken from the history",
        ),
    }
}

fn secret(file: &Path) -> Check {
    let name = file.display();
    match Secret::load(file) {
        Ok(_) if fs::metadata(file).is_ok_and(|metadata| os::is_open_to_others(&metadata)) => {
            Check::problem(
                "secret",
                format!("other users may read {name}"),
                "stop every app and delete it: the next start makes another",
            )
        }
        Ok(_) => Check::ok("secret", "it is one, and private"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Check::ok("secret", "it is made at the first start")
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Check::warning(
            "secret",
            format!("{name} holds no secret"),
            "start as usual: it is set aside, and another one is made",
        ),
        Err(error) => Check::problem(
            "secret",
            format!("{name} cannot be read ({error})"),
            "make it yours, or delete it: the next start makes another",
        ),
    }
}

/// Files that could not be read and were set aside.
fn set_aside(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
    let files = entries.flatten().map(|entry| entry.path());
    let is_bad = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().contains(".bad-"))
    };
    files.filter(is_bad).collect()
}

/// Whether the app runs, and what an earlier launch has left behind.
pub(super) fn instance(basics: &Basics) -> Vec<Check> {
    let (app, folders) = (&basics.app, &basics.folders);
    if let Some(found) = running::find(basics) {
        return vec![Check::ok("instance", format!("{app} runs: {}", found.url))];
    }
    let lock = folders.lock(app);
    if lock.exists() && matches!(AppLock::try_hold(&lock), Ok(None)) {
        return vec![Check::warning(
            "instance",
            format!("a launcher of {app} is there, but its server does not answer"),
            "wait if it has just begun to start; otherwise end that launcher",
        )];
    }
    let mut checks = vec![Check::ok("instance", format!("{app} is not running"))];
    let left: Vec<_> = [folders.discovery(app), folders.token(app), folders.control(app)]
        .into_iter()
        .filter(|file| file.exists())
        .map(|file| file.display().to_string())
        .collect();
    if !left.is_empty() {
        checks.push(Check::warning(
            "left_behind",
            format!("an earlier launch did not end by itself and left {}", left.join(", ")),
            "start as usual: nobody believes them, and they are replaced",
        ));
    }
    checks
}

#[cfg(test)]
mod test {
    use super::{super::check::CheckVerdict, *};

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let home = tempfile::tempdir().expect("a folder");
        let new = home.path().join("a").join("b");
        assert_eq!(folder("f", &new).verdict, CheckVerdict::Ok);
        assert!(!new.exists());
        assert_ne!(folder("f", home.path()).verdict, CheckVerdict::Problem);
        assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 0);
        let file = home.path().join("file");
        fs::write(&file, "").expect("written");
        assert_eq!(folder("f", &file).verdict, CheckVerdict::Problem);
        assert_eq!(folder("f", &file.join("inner")).verdict, CheckVerdict::Problem);
    }
}
