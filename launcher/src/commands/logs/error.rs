//! Why no more of a log is printed.

use std::{path::PathBuf, time::Duration};

use shared::history::HistoryError;

/// How often a log that is followed is looked at: a person does not notice, and a machine neither.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Why no more is printed.
pub(super) enum LogsError {
    /// The file, and what is wrong with it.
    Unreadable(PathBuf, HistoryError),
    /// Stdout takes no more.
    Unwritten,
}
