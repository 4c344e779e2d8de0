//! The files that a launch reads and writes.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use shared::{
    access::{self, RefusedAccess},
    assignment::{Assignment, AssignmentError},
    folder_links,
    history::Reader,
    identity::Secret,
    message, next_command, os, regular_file,
    trust::{self, Purpose, Untrusted},
};

use super::{check::Check, obstacles::Obstacles};
use crate::{commands::unwritable, options::CommandContext, os as system};

/// What is written to try a folder: more than any record, and as much as a disk gives at once.
const SAMPLE: [u8; 4096] = [b' '; 4096];

/// The four folders, and what is in the place of the substitute of one.
pub(super) fn folders(context: &CommandContext) -> Vec<Check> {
    let folders = &context.folders;
    let config = folders.settings(&context.app);
    let config = config.parent().unwrap_or(Path::new("."));
    let checks = [
        folder("config_folder", config),
        folder("state_folder", folders.state()),
        folder("logs_folder", folders.logs()),
        folder("run_folder", folders.run()),
    ];
    checks.into_iter().chain(substitute_folder(context)).collect()
}

/// What keeps the control socket from the folder that it would be in because `run/` cannot be written.
fn substitute_folder(context: &CommandContext) -> Option<Check> {
    let usual = context.folders.control(&context.app);
    let nearest = usual.ancestors().skip(1).find(|folder| folder.exists())?;
    if os::may_write(nearest) {
        return None;
    }
    let socket = system::substitute_socket(&usual);
    let folder = system::substitute_folder(&socket);
    let error = system::check_substitute_folder(&socket).err()?;
    if error.kind() == io::ErrorKind::NotFound {
        return None;
    }
    let text = message!("doctor.bad_file", file = folder.display(), error);
    let now = message!("doctor.now_substitute", folder = next_command::quoted(folder));
    Some(Check::warning("substitute_folder", text, now))
}

/// Whether a launch may rest on what is there.
pub(super) fn trusted(context: &CommandContext) -> Check {
    let (app, folders) = (&context.app, &context.folders);
    if let Err(link) = folder_links::check(folders, app) {
        return Check::problem("trust", link.to_string(), link.repair());
    }
    if let Err(untrusted) = trust::check_launch(folders, app) {
        let text = message!("doctor.bad_file", file = untrusted.path.display(), error = untrusted);
        return Check::problem("trust", text, untrusted.repair());
    }
    if let Err(untrusted) = trust::check_history(folders, Purpose::Launch) {
        let file = untrusted.path.display();
        let text = message!("doctor.untrusted_history", file, error = untrusted);
        return Check::warning("trust", text, untrusted.repair());
    }
    match trust::unprotected(folders, app) {
        Some(folder) => Check::warning(
            "trust",
            message!("untrusted.no_modes", folder = folder.display()),
            message!("doctor.now_no_modes"),
        ),
        None => Check::ok("trust", message!("doctor.trusted")),
    }
}

fn folder(check: &'static str, path: &Path) -> Check {
    let name = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => {
            return Check::problem(
                check,
                message!("doctor.not_a_folder", file = name),
                message!("doctor.now_move_file"),
            );
        }
        Ok(metadata) => Some(metadata),
        Err(_) if path.is_symlink() => {
            return Check::problem(
                check,
                message!("doctor.link_to_nothing", file = name),
                message!("doctor.now_link"),
            );
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            return Check::problem(
                check,
                message!("doctor.unreadable", file = name, error = &error),
                unwritable::now_in_folder(path, &error),
            );
        }
    };
    let nearest = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(path);
    if let Err(error) = try_out(nearest) {
        return Check::problem(
            check,
            message!("doctor.unwritable", file = name, error = &error),
            unwritable::now_in_folder(path, &error),
        );
    }
    match metadata {
        None => Check::ok(check, message!("doctor.folder_new", file = name)),
        // Where no mode stays, `trusted` says so once, and what helps.
        Some(metadata) if os::is_open_to_others(&metadata) && os::keeps_modes(path) => {
            Check::warning(
                check,
                message!("doctor.folder_open", file = name),
                message!("doctor.now_chmod"),
            )
        }
        Some(_) => Check::ok(check, message!("doctor.folder_ok", file = name)),
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

/// What is remembered, and what proves who we are. What is in the way of a file has a check of its own.
pub(super) fn memory(context: &CommandContext, obstacles: &Obstacles) -> Vec<Check> {
    let folders = &context.folders;
    let bad = set_aside(&[
        folders.state().to_owned(),
        folders.state().join(context.app.as_str()),
        folders.run().to_owned(),
    ]);
    let file = Some(folders.assignment(&context.app)).filter(|file| !obstacles.is_at(file));
    let mut checks: Vec<_> = file.iter().map(|file| assignment(context, file)).collect();
    checks.extend(file.iter().filter_map(|file| unwritable_memory(file, folders.state())));
    checks.push(secret(&folders.secret()));
    if !bad.is_empty() {
        let names: Vec<_> = bad.iter().map(|file| file.display().to_string()).collect();
        checks.push(Check::warning(
            "set_aside",
            message!("doctor.set_aside", files = names.join(", ")),
            message!("doctor.now_set_aside"),
        ));
    }
    checks
}

/// The process that keeps the settings from being changed, if one does.
pub(super) fn settings_lock(context: &CommandContext) -> Option<Check> {
    let pid = os::locking_process(&context.folders.settings_lock(&context.app))?;
    let text = message!("doctor.settings_locked", pid);
    Some(Check::warning("settings_lock", text, message!("now.unlock", pid)))
}

fn assignment(context: &CommandContext, file: &Path) -> Check {
    let name = file.display();
    let history = Reader::of_trusted_history(&context.folders, Purpose::Look);
    match Assignment::load_whole(file, &history, &context.app) {
        Ok(assignment) => match assignment.last_good {
            Some(good) => Check::ok("assignment", message!("doctor.remembered", port = good.port)),
            None => Check::ok("assignment", message!("doctor.none_remembered")),
        },
        Err(AssignmentError::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            Check::ok("assignment", message!("doctor.none_yet"))
        }
        Err(error) => {
            let refused = match &error {
                AssignmentError::Unreadable(error) => {
                    access::repair(file, RefusedAccess::Read, error)
                }
                _ => None,
            };
            let now = refused.or_else(|| now_in_place(file));
            Check::warning(
                "assignment",
                message!("doctor.bad_file", file = name, error),
                now.unwrap_or_else(|| message!("doctor.now_assignment")),
            )
        }
    }
}

/// The folder of the assignment is closed, or an attribute keeps the file from being replaced. Where the folder of all
/// apps is closed, its own check says so.
fn unwritable_memory(file: &Path, state: &Path) -> Option<Check> {
    let folder = file.parent().filter(|folder| folder.is_dir() && try_out(state).is_ok())?;
    let opened = || regular_file::open_as_it_is(OpenOptions::new().write(true), file);
    let kept = || opened().err().filter(os::is_unchangeable);
    let error = try_out(folder).err().or_else(kept)?;
    let text = message!("doctor.unwritable", file = file.display(), error);
    Some(Check::problem("unwritable", text, unwritable::now(file, &error)))
}

/// What a person can do about a `file` that a start cannot set aside.
fn now_in_place(file: &Path) -> Option<String> {
    let is_fixed = file.parent().is_some_and(|folder| !os::may_write(folder));
    is_fixed.then(|| unwritable::now(file, &io::ErrorKind::PermissionDenied.into()))
}

fn secret(file: &Path) -> Check {
    let name = file.display();
    match Secret::load(file) {
        Ok(_) if fs::metadata(file).is_ok_and(|metadata| os::is_open_to_others(&metadata)) => {
            let now = if os::keeps_modes(file) {
                message!("doctor.now_secret_open")
            } else {
                message!("doctor.now_no_modes")
            };
            Check::warning("secret", message!("doctor.secret_open", file = name), now)
        }
        Ok(_) => Check::ok("secret", message!("doctor.secret_ok")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Check::ok("secret", message!("doctor.secret_new"))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Check::warning(
            "secret",
            match Untrusted::of(&error) {
                Some(untrusted) => message!("doctor.bad_file", file = name, error = untrusted),
                None => message!("doctor.secret_bad", file = name),
            },
            now_in_place(file).unwrap_or_else(|| message!("doctor.now_secret_bad")),
        ),
        Err(error) => Check::problem(
            "secret",
            message!("doctor.unreadable", file = name, error = &error),
            access::repair(file, RefusedAccess::Read, &error)
                .unwrap_or_else(|| message!("doctor.now_secret")),
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
