//! Opening a log, and what is found in its lines.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use super::{
    blocks::{self, BlockLines},
    damage::{Damage, DamageKind},
    filter::{LineVerdict, Matcher},
    head::Head,
    record::Record,
};
use crate::regular_file;

/// A line that the filter wants, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it was written, without its end.
    pub text: String,
    /// Where it begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// Where the next line begins.
    pub end: u64,
}

/// One result of a reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A record that is wanted.
    Record(Entry),
    /// A line that is no record of this file's kind.
    Damage(Damage),
}

impl Entry {
    /// The record, typed.
    ///
    /// # Errors
    ///
    /// If it lacks what its event cannot be without, or this version does not know its event.
    pub fn record(&self) -> Result<Record, serde_json::Error> {
        self.text.parse()
    }

    /// The keys that every line has; `None` if one of them is missing.
    pub fn head(&self) -> Option<Head<'_>> {
        serde_json::from_str(&self.text).ok()
    }
}

/// Opens a log for reading; `None` if there is none.
///
/// # Errors
///
/// If the system refuses, or what is there is no regular file: a pipe would never end, and no log is written
/// through a link.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    match regular_file::open_as_it_is(OpenOptions::new().read(true), path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Appends what `matcher` finds in some lines to `found`, in the order of the file.
pub(super) fn find(lines: BlockLines, matcher: &Matcher, found: &mut VecDeque<Found>) {
    let (at, bytes) = match lines {
        BlockLines::Whole { at, bytes } => (at, bytes),
        BlockLines::TooLong { at } => {
            let damage = Damage { kind: DamageKind::TooLong, offset: at };
            return found.push_back(Found::Damage(damage));
        }
    };
    let mut block = matcher.block(&bytes);
    for place in blocks::lines(&bytes) {
        let offset = at + place.start as u64;
        match block.verdict(place.clone()) {
            LineVerdict::Unwanted => {}
            LineVerdict::Damaged(kind) => found.push_back(Found::Damage(Damage { kind, offset })),
            LineVerdict::Wanted => {
                let end = at + (place.end + 1).min(bytes.len()) as u64;
                let line = bytes[place].trim_ascii().to_vec();
                // A line that is not UTF-8 is damage.
                let text = String::from_utf8(line).unwrap_or_default();
                found.push_back(Found::Record(Entry { text, offset, end }));
            }
        }
    }
}
