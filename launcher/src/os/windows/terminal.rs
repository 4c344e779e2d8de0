//! Terminals of programs: they get none of their own here, and share the console of the launcher.

use std::io;

use crate::os::interface::TerminalSize;

/// Whether a program can be given a terminal of its own.
pub const GIVES_TERMINALS: bool = false;

/// Our console and stdin for a program with a terminal of its own: none is ever started.
#[derive(Debug)]
pub enum TerminalRelay {}

impl TerminalRelay {
    /// Starts none.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn start(_: impl FnMut(TerminalSize) + Send + 'static) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// A program was started that reads the other end of this pipe.
    pub fn program_started(&self, _: io::PipeWriter) {
        match *self {}
    }

    /// The program has ended: our terminal is a person's again.
    pub fn program_ended(&self) {
        match *self {}
    }
}

/// The size of any terminal: no program is given one.
pub fn terminal_size() -> TerminalSize {
    TerminalSize::default()
}

/// Whether our console does not begin a new line on the left: it always does.
pub fn is_terminal_raw() -> bool {
    false
}

/// Whether another process group has our console: there are none here that a shell stops.
pub fn is_in_background() -> bool {
    false
}
