//! Files at paths where something else may stand: a folder, a pipe, a device, a socket or a link.
//!
//! What is at the path is looked at before it is opened, because opening some devices has effects, and
//! again when it is open, because it may have been replaced in between. Nothing here waits for a writer
//! or a reader, and nothing reads without end.

use std::{
    fs::{File, FileType, OpenOptions},
    io::{self, Read},
    path::Path,
};

use crate::{
    access::{self, RefusedAccess},
    message, next_command,
    os::{self, SpecialFile},
    paths,
    trust::{self, Purpose},
};

/// The most that is read of a file, in bytes: the longest that we or a person write, the settings, have
/// some hundred lines.
pub const MAX_CONTENT: u64 = 1024 * 1024;

/// Whether a link at the path leads to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The file is what the link leads to: for files that a person keeps.
    Followed,
    /// A link is refused: for files that are ours.
    Refused,
}

/// What is at a path instead of a file, or why a file is not read. It is the inner error of an
/// [`io::Error`] of the kind `InvalidData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReadable {
    /// A folder is there.
    #[error("{}", message!("not_a_file.folder"))]
    Folder,
    /// A link is there, and links are refused.
    #[error("{}", message!("not_a_file.link"))]
    Link,
    /// A pipe with a name is there.
    #[error("{}", message!("not_a_file.pipe"))]
    Pipe,
    /// A socket is there.
    #[error("{}", message!("not_a_file.socket"))]
    Socket,
    /// A device is there.
    #[error("{}", message!("not_a_file.device"))]
    Device,
    /// A link is there that leads to nothing.
    #[error("{}", message!("not_a_file.leads_nowhere"))]
    LeadsNowhere,
    /// What is there is known to this system alone.
    #[error("{}", message!("not_a_file.other"))]
    Other,
    /// The file has more than [`MAX_CONTENT`] bytes.
    #[error("{}", message!("not_a_file.too_long"))]
    TooLong,
    /// Its bytes are not UTF-8.
    #[error("{}", message!("not_a_file.not_text"))]
    NotText,
}

impl NotReadable {
    /// What `error` says of the path, if it says that there is no file to read.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// What a person can do with what is at `path`, with the command. Only a folder may have something in it.
    pub fn removal(self, path: &Path) -> String {
        let file = next_command::quoted(path);
        match self {
            Self::Folder => message!("not_a_file.now_remove_folder", file),
            _ => message!("untrusted.now_remove", file),
        }
    }

    fn check(found: FileType) -> Result<(), Self> {
        let special = |found| match os::special_file(found) {
            Some(SpecialFile::Pipe) => Self::Pipe,
            Some(SpecialFile::Socket) => Self::Socket,
            Some(SpecialFile::Device) => Self::Device,
            None => Self::Other,
        };
        match found {
            found if found.is_file() => Ok(()),
            found if found.is_dir() => Err(Self::Folder),
            found if found.is_symlink() => Err(Self::Link),
            found => Err(special(found)),
        }
    }
}

impl From<NotReadable> for io::Error {
    fn from(problem: NotReadable) -> Self {
        Self::new(io::ErrorKind::InvalidData, problem)
    }
}

/// What a person can do about the `error` of reading or writing the file at `path`, with the command: remove what
/// stands in its place, or allow the access. `None` where neither helps.
pub fn repair(path: &Path, access: RefusedAccess, error: &io::Error) -> Option<String> {
    let is_no_file =
        |found: &NotReadable| !matches!(found, NotReadable::TooLong | NotReadable::NotText);
    match NotReadable::of(error).filter(is_no_file) {
        Some(found) => Some(found.removal(path)),
        None => access::repair(path, access, error),
    }
}

/// Whether the file at `path` may be opened: an error if something else is there, or nothing.
///
/// # Errors
///
/// Whatever the system says, and [`NotReadable`].
pub fn check(path: &Path, links: Links) -> io::Result<()> {
    let found = match links {
        Links::Followed => path.metadata(),
        Links::Refused => path.symlink_metadata(),
    };
    match found {
        Ok(found) => Ok(NotReadable::check(found.file_type())?),
        // What was kept elsewhere has not gone: it is out of reach.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
            Err(NotReadable::LeadsNowhere.into())
        }
        Err(error) => Err(error),
    }
}

/// Opens the file at `path` as `options` say, which may make it. What root makes in a folder of another
/// user is that user's, if links are refused.
///
/// # Errors
///
/// Whatever the system says, and [`NotReadable`] if something else is there.
pub fn open(options: &mut OpenOptions, path: &Path, links: Links) -> io::Result<File> {
    match check(path, links) {
        // The options decide whether a file that is not there is made.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = match links {
        Links::Followed => os::open_at_once(options, path)?,
        Links::Refused => os::open_plain(options, path)?,
    };
    NotReadable::check(file.metadata()?.file_type())?;
    if links == Links::Refused {
        os::give_to_owner_of_folder(&file, path);
    }
    Ok(file)
}

/// Opens a file of ours that is there and no link, and leaves it to whom it belongs.
///
/// # Errors
///
/// Those of [`open`].
pub fn open_as_it_is(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    check(path, Links::Refused)?;
    open(options, path, Links::Followed)
}

/// Opens a file of ours that is locked and has no content.
///
/// # Errors
///
/// Those of [`open`]; also if it is not there and cannot be made.
pub fn open_lock(path: &Path) -> io::Result<File> {
    paths::make_parent(path)?;
    let mut options = os::private_file();
    open(options.write(true).create(true).truncate(false), path, Links::Refused)
}

/// The content of the file at `path`, of [`MAX_CONTENT`] bytes at most, if the file is believed.
///
/// # Errors
///
/// Whatever the system says, [`NotReadable`], and [`trust::Untrusted`].
pub fn read(path: &Path, links: Links) -> io::Result<Vec<u8>> {
    read_for(Purpose::Look, path, links)
}

/// The text of the file at `path` that proves who one is, where no link leads.
///
/// # Errors
///
/// Those of [`read_text`].
pub fn read_credential(path: &Path) -> io::Result<String> {
    text(read_for(Purpose::Credential, path, Links::Refused)?)
}

fn read_for(purpose: Purpose, path: &Path, links: Links) -> io::Result<Vec<u8>> {
    let opened = open(OpenOptions::new().read(true), path, links);
    let file = opened.map_err(|error| reason(path, error))?;
    trust::check(path, &file.metadata()?, purpose)?;
    content(file)
}

fn content(file: File) -> io::Result<Vec<u8>> {
    if file.metadata()?.len() > MAX_CONTENT {
        return Err(NotReadable::TooLong.into());
    }
    let mut content = Vec::new();
    file.take(MAX_CONTENT + 1).read_to_end(&mut content)?;
    match content.len() as u64 > MAX_CONTENT {
        true => Err(NotReadable::TooLong.into()),
        false => Ok(content),
    }
}

/// Why a file may not be read: one of another user is no more believed if it cannot be.
fn reason(path: &Path, error: io::Error) -> io::Error {
    let is_denied = error.kind() == io::ErrorKind::PermissionDenied;
    let about = path.metadata().ok().filter(|_| is_denied);
    let checked = about.map_or(Ok(()), |about| trust::check(path, &about, Purpose::Look));
    checked.map_or_else(Into::into, |()| error)
}

/// The text of the file at `path`, of [`MAX_CONTENT`] bytes at most.
///
/// # Errors
///
/// Those of [`read`], and [`NotReadable`] if it is not UTF-8.
pub fn read_text(path: &Path, links: Links) -> io::Result<String> {
    text(read(path, links)?)
}

/// The text of a file that a person keeps, of [`MAX_CONTENT`] bytes at most, whatever others may do with it. Nothing may be
/// started because of what it says.
///
/// # Errors
///
/// Those of [`read_text`], but for trust.
pub fn read_untrusted_text(path: &Path) -> io::Result<String> {
    text(content(open(OpenOptions::new().read(true), path, Links::Followed)?)?)
}

fn text(content: Vec<u8>) -> io::Result<String> {
    String::from_utf8(content).map_err(|_| NotReadable::NotText.into())
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_and_one_that_is_not_there_is_said_to_be_absent() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        for links in [Links::Followed, Links::Refused] {
            let absent = read(&path, links).expect_err("it is not there");
            assert_eq!(absent.kind(), io::ErrorKind::NotFound);
        }
        fs::write(&path, "mine").expect("written");
        for links in [Links::Followed, Links::Refused] {
            assert_eq!(read(&path, links).expect("it is there"), b"mine");
        }
    }

    #[test]
    fn a_folder_and_a_file_that_is_too_long_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = read(folder.path(), Links::Followed).expect_err("a folder");
        assert_eq!(NotReadable::of(&refused), Some(NotReadable::Folder));
        let long = folder.path().join("long");
        let file = File::create(&long).expect("made");
        file.set_len(MAX_CONTENT).expect("sparse");
        assert!(read(&long, Links::Refused).is_ok());
        file.set_len(2 << 30).expect("sparse");
        let refused = read(&long, Links::Refused).expect_err("too long");
        assert_eq!(NotReadable::of(&refused), Some(NotReadable::TooLong));
    }

    #[test]
    fn opening_makes_a_file_where_the_options_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new");
        let mut options = os::private_file();
        options.write(true);
        assert!(open(&mut options, &path, Links::Refused).is_err());
        open(options.create(true), &path, Links::Refused).expect("made");
        assert!(path.is_file());
    }
}
