//! The start at login: what is registered with the system, and whether it is what is wished.
//!
//! The setting `start_at_login` is the wish, the registration its effect. They may differ: the file
//! was edited by hand, or the program was moved. A change of the setting registers anew; a start
//! mends what would not work, and leaves alone what leads to another copy of the program or was
//! changed by the person.

pub mod desktop_entry;
pub mod launch_agent;
pub mod run_command;

use std::{
    env, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use shared::called;

use crate::{options::Basics, os};

/// What the system shall start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name among all that the system starts: one for each app, and for each folder that
    /// `--home` names.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// The program, as an absolute path, and its arguments.
    pub words: Vec<String>,
}

/// What is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// Nothing.
    Nothing,
    /// What this launcher would register.
    This,
    /// A program that is there, or something that the person has written.
    Another(Option<PathBuf>),
    /// A program that is gone.
    Gone(PathBuf),
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// Register this launcher.
    Register,
    /// Remove the registration.
    Remove,
}

/// What a start does about a registration that is not what is `wished`.
pub fn mending(wished: bool, registered: &Registered) -> Option<Mending> {
    match (wished, registered) {
        (true, Registered::Nothing | Registered::Gone(_)) => Some(Mending::Register),
        (true, Registered::This | Registered::Another(_)) | (false, Registered::Nothing) => None,
        (false, _) => Some(Mending::Remove),
    }
}

impl Entry {
    /// The start of the app, by the program that runs now.
    ///
    /// # Errors
    ///
    /// If the program does not know where it is, or a path is not text.
    pub fn of(basics: &Basics) -> io::Result<Self> {
        let app = &basics.app;
        let program = word(&env::current_exe()?)?;
        let mut words = vec![
            program,
            "start".to_owned(),
            "--app".to_owned(),
            app.to_string(),
            "--no-open".to_owned(),
        ];
        let mut name = format!("homeport-{app}");
        if let Some(home) = &basics.home {
            let home = word(&std::path::absolute(home)?)?;
            let digest = Sha256::digest(home.as_bytes());
            // Four bytes tell the few homes of one user apart.
            name.extend(
                ["-".to_owned()]
                    .into_iter()
                    .chain(digest.iter().take(4).map(|byte| format!("{byte:02x}"))),
            );
            words.extend(["--home".to_owned(), home]);
        }
        Ok(Self { name, label: format!("Homeport: {app}"), words })
    }

    /// Looks what is registered under this name.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn registered(&self) -> io::Result<Registered> {
        let Some(text) = os::login::read(&self.name)? else { return Ok(Registered::Nothing) };
        Ok(match os::login::program_of(&text) {
            _ if text == os::login::rendered(self) => Registered::This,
            Some(program) if !program.is_file() => Registered::Gone(program),
            Some(program) if self.is_registered_as(&program, &text) => Registered::This,
            program => Registered::Another(program),
        })
    }

    /// Whether `text` registers the same start by `program`, which is this launcher under its other
    /// name: a link to it, or what a build has beside it.
    fn is_registered_as(&self, program: &Path, text: &str) -> bool {
        let own = Path::new(&self.words[0]);
        let real = |path: &Path| path.canonicalize().ok();
        let beside =
            program.parent() == own.parent() && called::is_one_of(&called::LAUNCHERS, program);
        let Ok(word) = word(program) else { return false };
        let words = [word].into_iter().chain(self.words.iter().skip(1).cloned()).collect();
        let other = Self { words, ..self.clone() };
        (beside || real(program) == real(own)) && text == os::login::rendered(&other)
    }

    /// Has the system start it at every login.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn register(&self) -> io::Result<()> {
        os::login::write(&self.name, &os::login::rendered(self))
    }

    /// Has the system start it no more. It is no error if it did not.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn remove(&self) -> io::Result<()> {
        os::login::remove(&self.name)
    }
}

/// Registers the app's start, or removes it, whatever was registered before.
///
/// # Errors
///
/// If the system refuses.
pub fn set(basics: &Basics, wished: bool) -> io::Result<()> {
    let entry = Entry::of(basics)?;
    if wished { entry.register() } else { entry.remove() }
}

/// Does what [`mending`] says, and tells what it was.
///
/// # Errors
///
/// If the system refuses.
pub fn mend(basics: &Basics, wished: bool) -> io::Result<Option<Mending>> {
    let entry = Entry::of(basics)?;
    let mending = mending(wished, &entry.registered()?);
    match mending {
        Some(Mending::Register) => entry.register()?,
        Some(Mending::Remove) => entry.remove()?,
        None => {}
    }
    Ok(mending)
}

/// A path as a word of a command line that is kept as text.
fn word(path: &Path) -> io::Result<String> {
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
        for (wished, registered, wanted) in [
            (true, Registered::Nothing, Some(Mending::Register)),
            (true, Registered::Gone(gone.clone()), Some(Mending::Register)),
            (true, Registered::This, None),
            (true, Registered::Another(another.clone()), None),
            (false, Registered::Nothing, None),
            (false, Registered::This, Some(Mending::Remove)),
            (false, Registered::Another(another), Some(Mending::Remove)),
            (false, Registered::Gone(gone), Some(Mending::Remove)),
        ] {
            assert_eq!(mending(wished, &registered), wanted, "{wished} {registered:?}");
        }
    }
}
