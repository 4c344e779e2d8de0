//! A port history that cannot be read, whole or in part.

use std::{error::Error, path::Path};

use owo_colors::OwoColorize;
use shared::{exit::Exit, history::HistoryError};

use crate::render::note;

/// Prints that the port history cannot be read.
pub(super) fn unreadable(file: &Path, error: &HistoryError) -> Exit {
    note(format_args!("{} {}", "error:".red().bold(), unreadable_text(file, error)));
    Exit::NotReady
}

/// The same as the end of a sentence.
pub(super) fn unreadable_text(file: &Path, error: &HistoryError) -> String {
    let why = error.source().map(|source| format!(" ({source})")).unwrap_or_default();
    format!("{error}: {}{why}", file.display())
}

/// Prints how many lines of the port history were passed over.
pub(super) fn note_damage(lines: u64) {
    match lines {
        0 => {}
        1 => note("One line of the history is no record, and was passed over."),
        lines => {
            note(format_args!(
                "{lines} lines of the history are no records, and were passed over."
            ));
        }
    }
}
