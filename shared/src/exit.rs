//! Exit codes: what a script, a service manager or the launcher may conclude from how a program
//! ended.
//!
//! The numbers are those of `sysexits.h` where it has a fitting one, because service managers and
//! shells already know them. A code never changes its meaning.

use std::{process::ExitCode, time::Duration};

/// How far apart two signals to stop may be and still be one order: `timeout` sends its signal to the
/// program and then to its process group, which has the program too.
pub const ONE_SIGNAL: Duration = Duration::from_millis(500);

/// How a program of Homeport ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// It did what it was asked.
    Done = 0,
    /// The command line is wrong.
    Usage = 2,
    /// A command that needs a running server found none.
    NotRunning = 3,
    /// The port, or every candidate, is unavailable (`EX_UNAVAILABLE`). Never restarted as it was.
    PortUnavailable = 69,
    /// A bug, or a system so broken that it looks like one (`EX_SOFTWARE`).
    Bug = 70,
    /// It could not be done now (`EX_TEMPFAIL`): the server did not become ready or kept failing, nothing answered in
    /// time, or a file cannot be read or written.
    NotReady = 75,
    /// The settings are wrong (`EX_CONFIG`). Never restarted as it was.
    BadSettings = 78,
}

impl Exit {
    /// The number that the operating system sees.
    pub fn code(self) -> i32 {
        i32::from(self as u8)
    }

    /// The meaning of a program's exit code, if it has one.
    pub fn from_code(code: i32) -> Option<Self> {
        use Exit::{BadSettings, Bug, Done, NotReady, NotRunning, PortUnavailable, Usage};
        let all = [Done, Usage, NotRunning, PortUnavailable, Bug, NotReady, BadSettings];
        all.into_iter().find(|exit| exit.code() == code)
    }

    /// Whether starting the same server again with the same port and settings must end the same way.
    pub fn is_final(code: i32) -> bool {
        [Self::Usage, Self::PortUnavailable, Self::BadSettings].iter().any(|e| e.code() == code)
    }
}

/// An exit code as people write it. A program that crashes on Windows exits with the number of the
/// exception, which is written in hexadecimal digits: `0xC0000005`.
///
/// ```
/// use shared::exit::in_words;
///
/// assert_eq!(in_words(3), "3");
/// assert_eq!(in_words(-1073741819), "0xC0000005");
/// ```
pub fn in_words(code: i32) -> String {
    if code < 0 { format!("0x{:08X}", code.cast_unsigned()) } else { code.to_string() }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_wrong_port_or_setting_is_final_and_a_crash_is_not() {
        assert!(Exit::is_final(69) && Exit::is_final(78) && Exit::is_final(2));
        assert!(!Exit::is_final(1) && !Exit::is_final(70) && !Exit::is_final(75));
    }
}
