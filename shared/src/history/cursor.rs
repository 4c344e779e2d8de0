//! A place in the port history that can be named and found again.
//!
//! A cursor is a place between two lines, and which file it is in. It stays good while the file
//! grows. A file that was rotated, or cut short, is another one: it is recognized by its first line,
//! because no two records are alike. To others a cursor is an opaque word.

use std::{
    borrow::Cow,
    fmt, fs,
    io::{self, Read, Seek, SeekFrom},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::message;

/// How much of the first line identifies a file: the time, the process and its count of
/// records are among it.
const HEAD: u64 = 512;

/// Which file it is: a digest of how it begins. A file without a whole line has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FileId(u64);

impl FileId {
    /// The identity of an open file, which is then read from its beginning.
    pub(super) fn of(file: &mut fs::File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        Read::take(&mut *file, HEAD).read_to_end(&mut head)?;
        let end = memchr::memchr(b'\n', &head);
        if end.is_none() && (head.len() as u64) < HEAD {
            return Ok(Self::default());
        }
        let digest = Sha256::digest(&head[..end.unwrap_or(head.len())]);
        // 0 is for the file that has no line yet.
        Ok(Self(digest.iter().take(8).fold(0, |id, &byte| id << 8 | u64::from(byte)).max(1)))
    }
}

/// A place between two lines of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    pub(super) file: FileId,
    pub(super) at: u64,
}

/// A word that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", message!("problem.not_a_cursor"))]
pub struct NoCursor;

/// The file that a cursor points into is gone, or was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", message!("problem.cursor_gone"))]
pub struct Gone;

impl Cursor {
    /// Whether it is nearer to the end of the same file than `other`.
    pub fn is_behind(self, other: Self) -> bool {
        self.file == other.file && self.at > other.at
    }

    /// Whether it still points between two lines of `file`, whose identity and length are given.
    pub(super) fn check(self, file: &mut fs::File, id: FileId, length: u64) -> io::Result<bool> {
        if self.at == 0 {
            return Ok(self.file == id || self.file == FileId::default());
        }
        if self.file != id || self.at > length {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(self.at - 1))?;
        let mut before = [0];
        file.read_exact(&mut before)?;
        Ok(before == *b"\n")
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:x}", self.file.0, self.at)
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let (file, at) = text.split_at_checked(16).ok_or(NoCursor)?;
        if !text.bytes().all(is_hex) || at.len() > 1 && at.starts_with('0') {
            return Err(NoCursor);
        }
        let number = |digits| u64::from_str_radix(digits, 16).map_err(|_| NoCursor);
        Ok(Self { file: FileId(number(file)?), at: number(at)? })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_being_written_and_read(file: u64, at: u64) {
            let cursor = Cursor { file: FileId(file), at };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn whatever_is_read_as_a_cursor_is_written_in_the_same_way(text in "[0-9a-fA-F+ -]{0,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = text.parse::<Cursor>();
        }
    }
}
