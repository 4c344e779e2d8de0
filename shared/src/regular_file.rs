//! Files that may be something else: a pipe that never ends, a device, a folder, a link that leads
//! elsewhere, or more than fits into memory.
//!
//! What is no regular file is refused before it is opened, because opening can block or have effects, and
//! once more when it is open, because another process may have put it there meanwhile.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::Path,
};

use crate::{
    message,
    os::{self, FileKind},
    paths,
};

/// The most that is read of a file that has a few lines, in bytes.
pub const MAX_READ: u64 = 1 << 20;

/// What becomes of a link in the place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The file that it leads to is used, as for what a person writes.
    Followed,
    /// It is refused, as for what the programs write.
    Refused,
}

/// Opens a regular file.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidData`] if something else is there, with a text that says what; else whatever
/// opening fails with.
pub fn open(options: &mut OpenOptions, path: &Path, links: Links) -> io::Result<File> {
    let found = match links {
        Links::Followed => fs::metadata(path),
        Links::Refused => fs::symlink_metadata(path),
    };
    // What cannot be looked at cannot be opened either, and that says why.
    if let Ok(found) = found {
        check(os::file_kind(&found))?;
    }
    let file = match links {
        Links::Followed => os::open_at_once(options, path),
        Links::Refused => os::open_plain(options, path),
    }?;
    check(os::file_kind(&file.metadata()?))?;
    Ok(file)
}

/// Opens a file of ours that is locked and has no content. A link is not followed.
///
/// # Errors
///
/// Those of [`open`]; also if it is not there and cannot be made.
pub fn open_lock(path: &Path) -> io::Result<File> {
    paths::make_parent(path)?;
    let mut options = os::private_file();
    open(options.write(true).create(true).truncate(false), path, Links::Refused)
}

/// Reads a regular file of at most [`MAX_READ`].
///
/// # Errors
///
/// Those of [`open`]; [`io::ErrorKind::InvalidData`] also if the file is larger.
pub fn read(path: &Path, links: Links) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(OpenOptions::new().read(true), path, links)?.take(MAX_READ + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_READ {
        return Err(invalid(message!("file_error.too_large", mib = MAX_READ >> 20)));
    }
    Ok(bytes)
}

/// Reads the text of a regular file of at most [`MAX_READ`].
///
/// # Errors
///
/// Those of [`read`]; [`io::ErrorKind::InvalidData`] also if it is not UTF-8.
pub fn read_text(path: &Path, links: Links) -> io::Result<String> {
    String::from_utf8(read(path, links)?).map_err(|_| invalid(message!("file_error.not_utf8")))
}

fn check(kind: FileKind) -> io::Result<()> {
    Err(invalid(match kind {
        FileKind::Regular => return Ok(()),
        FileKind::Folder => message!("file_error.folder"),
        FileKind::Link => message!("file_error.link"),
        FileKind::Pipe => message!("file_error.pipe"),
        FileKind::Socket => message!("file_error.socket"),
        FileKind::Device => message!("file_error.device"),
    }))
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, "text").expect("written");
        assert_eq!(read_text(&path, Links::Refused).expect("readable"), "text");
        fs::write(&path, [0xff]).expect("written");
        let garbled = read_text(&path, Links::Refused).expect_err("not UTF-8");
        assert_eq!(garbled.kind(), io::ErrorKind::InvalidData);
        let large = fs::OpenOptions::new().write(true).open(&path).expect("there");
        large.set_len(2 << 30).expect("sized");
        let error = read(&path, Links::Followed).expect_err("too large");
        assert!(error.to_string().contains("1 MiB"), "{error}");
        let missing = read(&folder.path().join("b"), Links::Refused).expect_err("absent");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = read(folder.path(), Links::Followed).expect_err("a folder");
        assert_eq!(error.to_string(), message!("file_error.folder"));
    }
}
