//! Whether anybody would see what the launcher says, and if not, whether there is a desktop.
//!
//! # The rule
//!
//! A box is for a person at a desktop who has nothing else to look at. So there is none
//!
//! - without a desktop: nobody could see it;
//! - with a terminal, even if the output goes elsewhere: whoever has sent it there knows where;
//! - if the output is read: a pipe, a socket or a file belongs to a script, which goes on by the
//!   exit code and must not be held up;
//! - under a service manager, which keeps what is said.
//!
//! What remains is a double-click, or the start at login.

use crate::os;

/// What is around this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether a window could be seen.
    pub has_desktop: bool,
    /// Whether a terminal is at hand, on a standard stream or otherwise.
    pub has_terminal: bool,
    /// Whether stdout or stderr reaches somebody. The null device and the log that a session keeps
    /// of all its programs do not count.
    pub is_read: bool,
    /// Whether a service manager waits for word.
    pub is_service: bool,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self {
            has_desktop: os::has_desktop(),
            has_terminal: os::has_terminal(),
            is_read: os::output_is_read(),
            is_service: std::env::var_os("NOTIFY_SOCKET").is_some(),
        }
    }

    /// Whether what goes wrong must be shown in a box, because it would be lost otherwise.
    pub fn needs_a_box(self) -> bool {
        self.has_desktop && !self.has_terminal && !self.is_read && !self.is_service
    }
}

#[cfg(test)]
mod test {
    use super::*;

    const DOUBLE_CLICK: Surroundings =
        Surroundings { has_desktop: true, has_terminal: false, is_read: false, is_service: false };

    #[test]
    fn a_box_is_for_a_double_click_and_nothing_else() {
        assert!(DOUBLE_CLICK.needs_a_box());
        for other in [
            Surroundings { has_desktop: false, ..DOUBLE_CLICK },
            Surroundings { has_terminal: true, ..DOUBLE_CLICK },
            Surroundings { is_read: true, ..DOUBLE_CLICK },
            Surroundings { is_service: true, ..DOUBLE_CLICK },
        ] {
            assert!(!other.needs_a_box(), "{other:?}");
        }
    }
}
