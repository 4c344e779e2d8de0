//! A port history that cannot be read, whole or in part.

use std::path::Path;

use shared::{exit::Exit, history::HistoryError, message};

use crate::render::{self, note};

/// Prints that a port history, or a log, cannot be read.
pub(super) fn unreadable(file: &Path, error: &HistoryError) -> Exit {
    render::error(unreadable_text(file, error));
    render::now(error.repair(file));
    Exit::NotReady
}

/// The same as the end of a sentence.
pub(super) fn unreadable_text(file: &Path, error: &HistoryError) -> String {
    message!("history.unreadable", file = file.display(), why = error.why())
}

/// Prints how many lines of the port history were passed over.
pub(super) fn note_damage(lines: u64) {
    match lines {
        0 => {}
        1 => note(message!("history.one_broken")),
        count => note(message!("history.broken", count)),
    }
}
