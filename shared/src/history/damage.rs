//! What is wrong with a line, and where it is.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::error::Category;

pub use crate::words::DamageKind;

/// The longest line that is read. A record has some 300 bytes, and the longest command line or path
/// makes it a few thousand; whatever is longer than this was not written by us.
pub(super) const LONGEST: usize = 1 << 20;

/// A line that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong with it.
    pub kind: DamageKind,
    /// Where it begins, in bytes from the beginning of the file.
    pub offset: u64,
}

/// What is wrong with a line by its shape alone: whether it is text, and an object from its first
/// byte to its last. `is_text` is true if the block is UTF-8 without NUL bytes.
pub(super) fn of_shape(line: &[u8], is_text: bool) -> Option<DamageKind> {
    if line.len() > LONGEST {
        return Some(DamageKind::TooLong);
    }
    if !is_text && memchr::memchr(0, line).is_some() {
        return Some(DamageKind::Nul);
    }
    if !is_text && str::from_utf8(line).is_err() {
        return Some(DamageKind::NotUtf8);
    }
    match (line.first(), line.last()) {
        (Some(b'{'), Some(b'}')) => None,
        (Some(b'{'), _) => Some(DamageKind::Cut),
        _ => Some(DamageKind::NotOurs),
    }
}

/// What is wrong with a line that serde does not read.
pub(super) fn of_error(error: &serde_json::Error) -> DamageKind {
    match error.classify() {
        Category::Eof => DamageKind::Cut,
        Category::Syntax | Category::Io => DamageKind::NotJson,
        Category::Data if error.to_string().starts_with("duplicate field") => {
            DamageKind::DuplicateKey
        }
        Category::Data => DamageKind::NotOurs,
    }
}

/// The number, from 1, of the line that begins at `offset` of `file`.
///
/// # Errors
///
/// If the file cannot be read.
pub fn line_number(file: &Path, offset: u64) -> io::Result<u64> {
    let mut before = File::open(file)?.take(offset);
    let (mut block, mut lines) = (vec![0; 256 << 10], 1);
    loop {
        let read = before.read(&mut block)?;
        if read == 0 {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', &block[..read]).count() as u64;
    }
}
