//! What stands in the place of a file that the programs write, and is none: nothing replaces it, and a person has
//! to remove it.
//!
//! Left out is what has a check of its own, the settings and the port history, and what a start sets aside.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
};

use shared::{
    history, message, next_command, os,
    regular_file::{self, Links, NotReadable},
    trust::{self, Distrust, Purpose},
};

use super::check::{Check, CheckVerdict};
use crate::{commands::unwritable, options::CommandContext};

/// What was found in the place of files, and which files cannot be written.
pub(super) struct Obstacles {
    found: Vec<Obstacle>,
    unwritable: Vec<Unwritable>,
}

/// Something in the place of a file or a folder of ours.
struct Obstacle {
    path: PathBuf,
    text: String,
    removal: String,
    verdict: CheckVerdict,
    /// Whether a launch that runs makes the file anew.
    is_of_launch: bool,
}

/// A file that cannot be written.
struct Unwritable {
    path: PathBuf,
    error: io::Error,
}

impl Obstacles {
    /// Looks at each path that the programs open or replace, and changes nothing.
    pub(super) fn look(context: &CommandContext) -> Self {
        let mut found = Self { found: Vec::new(), unwritable: Vec::new() };
        found.look_at_what_is_opened(context);
        found.look_at_locks(context);
        found.look_at_what_is_replaced(context);
        found.look_at_app_folder(context);
        found.look_at_tickets(context);
        found
    }

    /// The logs and the locks that are opened where they are.
    fn look_at_what_is_opened(&mut self, context: &CommandContext) {
        use CheckVerdict::{Problem, Warning};
        let (app, folders) = (&context.app, &context.folders);
        let log = |name: &str| folders.logs().join(name);
        let mut opened = vec![
            (log("launcher.jsonl"), Problem),
            (log("server.jsonl"), Problem),
            // A log that cannot be put aside grows up to its limit.
            (log("rotation.lock"), Warning),
            (folders.program_log(app), Warning),
            (folders.settings_lock(app), Problem),
        ];
        if os::APPENDING_NEEDS_A_LOCK {
            let locks = ["launcher.lock", "server.lock", "port-history.lock"];
            opened.extend(locks.map(|name| (log(name), Problem)));
        }
        for (path, verdict) in opened {
            // Where the folder itself is wrong, its own check says so.
            let Some(error) = history::check_writable(&path).err().filter(|_| is_there(&path))
            else {
                continue;
            };
            match NotReadable::of(&error) {
                Some(found) => self.add(path, found, verdict, false),
                None => self.unwritable.push(Unwritable { path, error }),
            }
        }
    }

    /// The locks of the app. Those of another user are set aside.
    fn look_at_locks(&mut self, context: &CommandContext) {
        let (app, folders) = (&context.app, &context.folders);
        let of_version_0_1 =
            folders.locks_of_version_0_1(app).map(|path| (path, CheckVerdict::Warning));
        let own = [(folders.lock(app), CheckVerdict::Problem)];
        for (path, verdict) in own.into_iter().chain(of_version_0_1) {
            let Some(found) = not_a_file(&path) else { continue };
            if path.symlink_metadata().is_ok_and(|about| !is_foreign(&path, &about)) {
                self.add(path, found, verdict, true);
            }
        }
    }

    /// The files that are renamed into their place, which takes the place of anything but a folder.
    fn look_at_what_is_replaced(&mut self, context: &CommandContext) {
        let (app, folders) = (&context.app, &context.folders);
        for (path, verdict, is_of_launch) in [
            (folders.discovery(app), CheckVerdict::Problem, true),
            (folders.token(app), CheckVerdict::Problem, true),
            (folders.error_page(app), CheckVerdict::Warning, false),
        ] {
            if let Some(found @ NotReadable::Folder) = not_a_file(&path) {
                self.add(path, found, verdict, is_of_launch);
            }
        }
    }

    /// The folder of the memory and the lock.
    fn look_at_app_folder(&mut self, context: &CommandContext) {
        let folder = context.folders.lock(&context.app).parent().map(Path::to_owned);
        let Some(path) = folder.filter(|path| path.metadata().is_ok_and(|about| !about.is_dir()))
        else {
            return;
        };
        let text = message!("doctor.not_a_folder", file = path.display());
        let removal = NotReadable::Other.removal(&path);
        let verdict = CheckVerdict::Problem;
        self.found.push(Obstacle { path, text, removal, verdict, is_of_launch: true });
    }

    /// The folder of the tickets that were used.
    fn look_at_tickets(&mut self, context: &CommandContext) {
        let path = context.folders.tickets(&context.app);
        let found = path.symlink_metadata().ok().filter(|about| !about.is_dir());
        let Some(found) = found else { return };
        let file = path.display();
        let text = match found.is_symlink() {
            true => message!("doctor.bad_file", file, error = NotReadable::Link),
            false => message!("doctor.not_a_folder", file),
        };
        let removal = NotReadable::Other.removal(&path);
        let verdict = CheckVerdict::Problem;
        self.found.push(Obstacle { path, text, removal, verdict, is_of_launch: false });
    }

    fn add(
        &mut self,
        path: PathBuf,
        found: NotReadable,
        verdict: CheckVerdict,
        is_of_launch: bool,
    ) {
        let text = message!("doctor.bad_file", file = path.display(), error = found);
        let removal = found.removal(&path);
        self.found.push(Obstacle { path, text, removal, verdict, is_of_launch });
    }

    /// Whether something was found at `path`, or in the place of a folder of it.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.found.iter().any(|obstacle| path.starts_with(&obstacle.path))
    }

    /// What was found, and what a person can do. A launch that runs makes its files anew when a command comes.
    pub(super) fn checks(&self, context: &CommandContext, is_running: bool) -> Vec<Check> {
        self.obstacle_check(context, is_running).into_iter().chain(self.unwritable()).collect()
    }

    fn obstacle_check(&self, context: &CommandContext, is_running: bool) -> Option<Check> {
        let joined = |part: fn(&Obstacle) -> &str| {
            self.found.iter().map(part).collect::<Vec<_>>().join("; ")
        };
        let app = &context.app;
        let removal = joined(|obstacle| &obstacle.removal);
        let is_made_anew = |obstacle: &Obstacle| obstacle.is_of_launch;
        let advice = match is_running && self.found.iter().any(is_made_anew) {
            true => {
                let command = next_command::launcher("status", app);
                message!("doctor.now_in_the_way", removal, app, command)
            }
            false => removal,
        };
        let text = message!("doctor.in_the_way", files = joined(|obstacle| &obstacle.text));
        let verdict = self.found.iter().map(|obstacle| obstacle.verdict).max()?;
        Some(Check { check: "in_the_way", verdict, text, advice: Some(advice) })
    }

    fn unwritable(&self) -> impl Iterator<Item = Check> {
        self.unwritable.iter().map(|Unwritable { path, error }| {
            let text = message!("doctor.unwritable", file = path.display(), error);
            Check::problem("unwritable", text, unwritable::now(path, error))
        })
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What is at `path`, if something is and it is no file.
fn not_a_file(path: &Path) -> Option<NotReadable> {
    NotReadable::of(&regular_file::check(path, Links::Refused).err()?)
}

fn is_foreign(path: &Path, about: &Metadata) -> bool {
    let checked = trust::check(path, about, Purpose::Look);
    checked.is_err_and(|untrusted| untrusted.why == Distrust::Foreign)
}
