//! Texts of the system, which may have halves of characters.

use std::{ffi::OsStr, ops::Range};

/// A part of `text`, by its [encoded bytes](OsStr::as_encoded_bytes).
///
/// # Panics
///
/// If it begins or ends neither beside an ASCII character nor at an end of the text.
pub fn part_of(text: &OsStr, part: Range<usize>) -> &OsStr {
    let bytes = text.as_encoded_bytes();
    let is_border = |at: usize| {
        let beside = [at.checked_sub(1), Some(at)];
        let is_end = at == 0 || at == bytes.len();
        is_end || beside.into_iter().flatten().any(|at| bytes[at].is_ascii())
    };
    assert!(is_border(part.start) && is_border(part.end), "a part within a character");
    // SAFETY: the bytes are those of an `OsStr`, and are split only beside valid UTF-8 that is not empty, or not at all.
    unsafe { OsStr::from_encoded_bytes_unchecked(&bytes[part]) }
}
