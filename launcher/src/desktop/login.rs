//! The start at login: what is registered with the system, and whether it agrees with the setting.
//!
//! The setting `start_at_login` is what the person wants, the registration its effect. They may differ: the file
//! was edited by hand, or the program was moved. A change of the setting registers anew; a start
//! repairs what would not work, and leaves alone what leads to another copy of the program or was
//! changed by the person.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use shared::{invoked_as, message};

use crate::{
    options::CommandContext,
    os::{self, login_format::entry::LoginEntry},
};

/// What the system starts at login in the name of this app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// The app is not started at login.
    Nothing,
    /// What this launcher would register.
    This,
    /// A program that is there, or something that the person has written.
    Another(Option<PathBuf>),
    /// A program that is gone.
    Gone(PathBuf),
}

/// What makes a registration agree with the setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcileAction {
    /// Register this launcher.
    Register,
    /// Remove the registration.
    Remove,
}

/// What a start does about a registration that does not agree with the setting.
pub fn reconcile_action(is_wanted: bool, registered: &Registered) -> Option<ReconcileAction> {
    match (is_wanted, registered) {
        (true, Registered::Nothing | Registered::Gone(_)) => Some(ReconcileAction::Register),
        (true, Registered::This | Registered::Another(_)) | (false, Registered::Nothing) => None,
        (false, _) => Some(ReconcileAction::Remove),
    }
}

/// The start of the app, by the program that runs now.
///
/// # Errors
///
/// If the path of the program is unknown, or a path is not text.
pub fn entry(context: &CommandContext) -> io::Result<LoginEntry> {
    let app = &context.app;
    let program = path_text(&env::current_exe()?)?;
    let mut words = vec![
        program,
        "start".to_owned(),
        "--app".to_owned(),
        app.to_string(),
        "--no-open".to_owned(),
    ];
    let mut name = format!("homeport-{app}");
    if let Some(home) = &context.home {
        let home = path_text(&std::path::absolute(home)?)?;
        let digest = Sha256::digest(home.as_bytes());
        // Four bytes distinguish the few homes of one user.
        name.extend(
            ["-".to_owned()]
                .into_iter()
                .chain(digest.iter().take(4).map(|byte| format!("{byte:02x}"))),
        );
        words.extend(["--home".to_owned(), home]);
    }
    Ok(LoginEntry { name, label: format!("Homeport: {app}"), words })
}

/// Looks up what is registered under the name of `entry`.
///
/// # Errors
///
/// If the system cannot be asked.
pub fn registered(entry: &LoginEntry) -> io::Result<Registered> {
    let Some(text) = os::login::read(&entry.name)? else { return Ok(Registered::Nothing) };
    Ok(match os::login::program_of(&text) {
        _ if text == os::login::rendered(entry) => Registered::This,
        Some(program) if !program.is_file() => Registered::Gone(program),
        Some(program) if is_registered_as(entry, &program, &text) => Registered::This,
        program => Registered::Another(program),
    })
}

/// Whether `text` registers the start of `entry` by this launcher under its other name: `program` is a
/// link to it, or stands beside it in a build.
fn is_registered_as(entry: &LoginEntry, program: &Path, text: &str) -> bool {
    let (Some(own), Ok(word)) = (entry.words.first().map(Path::new), path_text(program)) else {
        return false;
    };
    let real = |path: &Path| path.canonicalize().ok();
    let beside =
        program.parent() == own.parent() && invoked_as::is_one_of(&invoked_as::LAUNCHERS, program);
    let words = [word].into_iter().chain(entry.words.iter().skip(1).cloned()).collect();
    let other = LoginEntry { words, ..entry.clone() };
    (beside || real(program) == real(own)) && text == os::login::rendered(&other)
}

fn register(entry: &LoginEntry) -> io::Result<()> {
    os::login::write(&entry.name, &os::login::rendered(entry))
}

/// It is no error if nothing is registered.
fn remove(entry: &LoginEntry) -> io::Result<()> {
    os::login::remove(&entry.name)
}

/// Registers the app's start, or removes it, whatever was registered before.
///
/// # Errors
///
/// If the system refuses.
pub fn set(context: &CommandContext, is_wanted: bool) -> io::Result<()> {
    let entry = entry(context)?;
    if is_wanted { register(&entry) } else { remove(&entry) }
}

/// What a person can do about an error of what is registered.
pub fn repair(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            message!("login.now_in_the_way")
        }
        _ => message!("login.now_check"),
    }
}

/// Makes the registration agree with the setting, and returns what was done.
///
/// # Errors
///
/// If the system refuses.
pub fn reconcile(context: &CommandContext, is_wanted: bool) -> io::Result<Option<ReconcileAction>> {
    let entry = entry(context)?;
    let action = reconcile_action(is_wanted, &registered(&entry)?);
    match action {
        Some(ReconcileAction::Register) => register(&entry)?,
        Some(ReconcileAction::Remove) => remove(&entry)?,
        None => {}
    }
    Ok(action)
}

/// A path as an argument of a command line that is kept as text.
fn path_text(path: &Path) -> io::Result<String> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    text.map(str::to_owned).ok_or_else(|| {
        let problem = format!("{} cannot be written as text", path.display());
        io::Error::new(io::ErrorKind::InvalidInput, problem)
    })
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_start_mends_what_would_not_work_and_leaves_another_copy_alone() {
        let (gone, another) = (PathBuf::from("/gone"), Some(PathBuf::from("/bin/launcher")));
        for (is_wanted, registered, wanted) in [
            (true, Registered::Nothing, Some(ReconcileAction::Register)),
            (true, Registered::Gone(gone.clone()), Some(ReconcileAction::Register)),
            (true, Registered::This, None),
            (true, Registered::Another(another.clone()), None),
            (false, Registered::Nothing, None),
            (false, Registered::This, Some(ReconcileAction::Remove)),
            (false, Registered::Another(another), Some(ReconcileAction::Remove)),
            (false, Registered::Gone(gone), Some(ReconcileAction::Remove)),
        ] {
            assert_eq!(
                reconcile_action(is_wanted, &registered),
                wanted,
                "{is_wanted} {registered:?}"
            );
        }
    }
}
