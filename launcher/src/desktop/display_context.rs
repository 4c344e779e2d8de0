//! Whether the output of the launcher can be seen, and if not, whether there is a desktop.
//!
//! # The rule
//!
//! A dialog is for a person at a desktop who has nothing else to look at. So there is none
//!
//! - without a desktop: it could not be seen;
//! - with a terminal, even if the output goes elsewhere: the person who redirected it knows where;
//! - if the output is read: a pipe, a socket or a file belongs to a script, which goes on by the
//!   exit code and must not wait for a click;
//! - under a service manager, which keeps the output.
//!
//! What remains is a double-click, or the start at login.

use shared::environment;

use crate::os;

/// Where the output of this process can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayContext {
    /// Whether a window could be seen.
    pub has_desktop: bool,
    /// Whether a terminal is at hand, on a standard stream or otherwise.
    pub has_terminal: bool,
    /// Whether stdout or stderr reaches a reader. The null device and the log that a session keeps
    /// of all its programs do not count.
    pub is_read: bool,
    /// Whether a service manager has started this process.
    pub is_service: bool,
}

impl DisplayContext {
    /// Reads the environment and the open descriptors of this process.
    pub fn of_process() -> Self {
        Self {
            has_desktop: os::has_desktop(),
            has_terminal: os::has_terminal(),
            is_read: os::output_is_read(),
            is_service: environment::is_set("NOTIFY_SOCKET"),
        }
    }

    /// Whether an error must be shown in a dialog, because it would be lost otherwise.
    pub fn needs_dialog(self) -> bool {
        self.has_desktop && !self.has_terminal && !self.is_read && !self.is_service
    }
}

#[cfg(test)]
mod test {
    use super::*;

    const DOUBLE_CLICK: DisplayContext = DisplayContext {
        has_desktop: true,
        has_terminal: false,
        is_read: false,
        is_service: false,
    };

    #[test]
    fn a_box_is_for_a_double_click_and_nothing_else() {
        assert!(DOUBLE_CLICK.needs_dialog());
        for other in [
            DisplayContext { has_desktop: false, ..DOUBLE_CLICK },
            DisplayContext { has_terminal: true, ..DOUBLE_CLICK },
            DisplayContext { is_read: true, ..DOUBLE_CLICK },
            DisplayContext { is_service: true, ..DOUBLE_CLICK },
        ] {
            assert!(!other.needs_dialog(), "{other:?}");
        }
    }
}
