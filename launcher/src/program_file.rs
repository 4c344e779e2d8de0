//! Whether the system would run a program, which is named by its path or found on the `PATH`.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use shared::{
    access::{self, RefusedAccess},
    message, os,
    regular_file::{self, Links, NotReadable},
};

/// Why the system would not run a program.
#[derive(Debug, thiserror::Error)]
pub enum NoProgram {
    /// Nothing is there.
    #[error("{}", message!("program.missing", program = .0.display()))]
    Missing(PathBuf),
    /// Something else than a file is there.
    #[error("{}", message!("doctor.bad_file", file = .0.display(), error = .1))]
    NoFile(PathBuf, NotReadable),
    /// This user may not run the file.
    #[error("{}", message!("program.not_executable", file = .0.display()))]
    NotExecutable(PathBuf),
    /// The system does not say what is there.
    #[error("{}", message!("doctor.unreadable", file = .0.display(), error = .1))]
    Unreachable(PathBuf, #[source] io::Error),
}

impl NoProgram {
    /// The command that lets this user run it, if there is one.
    pub fn repair(&self) -> Option<String> {
        match self {
            Self::Missing(_) | Self::NoFile(..) => None,
            Self::NotExecutable(file) => Some(access::allow_execution(file)),
            Self::Unreachable(file, error) => access::repair(file, RefusedAccess::Read, error),
        }
    }
}

/// Whether the system would run `name`.
///
/// # Errors
///
/// Why not.
pub fn check(name: &OsStr) -> Result<(), NoProgram> {
    let paths = paths_of(name);
    let mut files = paths.iter().filter(|path| path.is_file());
    let Some(first) = files.next() else {
        let path = PathBuf::from(name);
        // What is on the `PATH` under this name and is no file is passed over.
        let found = is_path(name).then(|| regular_file::check(&path, Links::Followed));
        return Err(match found {
            Some(Err(error)) => match NotReadable::of(&error) {
                Some(found) => NoProgram::NoFile(path, found),
                None if error.kind() == io::ErrorKind::NotFound => NoProgram::Missing(path),
                None => NoProgram::Unreachable(path, error),
            },
            _ => NoProgram::Missing(path),
        });
    };
    match os::may_execute(first) || files.any(|file| os::may_execute(file)) {
        true => Ok(()),
        false => Err(NoProgram::NotExecutable(first.clone())),
    }
}

fn is_path(name: &OsStr) -> bool {
    Path::new(name).components().count() > 1
}

/// The paths at which this program could be, with the suffix of a program and without.
fn paths_of(name: &OsStr) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let paths: Vec<_> = match is_path(name) {
        false => env::split_paths(&path).map(|folder| folder.join(name)).collect(),
        true => vec![PathBuf::from(name)],
    };
    let with_suffix = |path: PathBuf| {
        let mut name = path.clone().into_os_string();
        name.push(env::consts::EXE_SUFFIX);
        [path, PathBuf::from(name)]
    };
    paths.into_iter().flat_map(with_suffix).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_folder_and_nothing_at_all_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let checked = |path: &Path| check(path.as_os_str());
        assert!(matches!(checked(folder.path()), Err(NoProgram::NoFile(_, NotReadable::Folder))));
        assert!(matches!(checked(&folder.path().join("none")), Err(NoProgram::Missing(_))));
        assert!(matches!(check(OsStr::new("no-such-program")), Err(NoProgram::Missing(_))));
        assert!(check(env::current_exe().expect("this one").as_os_str()).is_ok());
    }
}
