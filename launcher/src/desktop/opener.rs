//! A process that opens the browser on a program, so that the browser does not end with the program.
//!
//! The launcher of a program becomes the parent of all that loses its own below it, and ends it. What opens the
//! browser is therefore started before that, by a process that ends at once, and waits for the address.

use std::{
    io::{self, BufRead, Write},
    process::{ChildStdin, Command, Stdio},
};

use super::browser;
use crate::os;

/// The first argument of a launcher that is to open the address that it reads.
pub const ARGUMENT: &str = "--open-address";

/// The same, of the process that starts it and ends.
pub const FORK_ARGUMENT: &str = "--fork-opener";

/// A process that waits for an address. Dropped before it has one, it ends.
#[derive(Debug)]
pub struct BrowserOpener(ChildStdin);

impl BrowserOpener {
    /// Starts the process.
    ///
    /// # Errors
    ///
    /// Whatever starting a process fails with.
    pub fn start() -> io::Result<Self> {
        let mut command = Command::new(os::own_program());
        command.arg(FORK_ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::null());
        os::detach(&mut command);
        let mut child = command.spawn()?;
        let address = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        child.wait()?;
        Ok(Self(address))
    }

    /// Has the browser opened on this address. What fails after that is told by the process itself.
    ///
    /// # Errors
    ///
    /// If the process is gone.
    pub fn open(mut self, address: &str) -> io::Result<()> {
        self.0.write_all(address.as_bytes())
    }
}

/// Starts the process that waits, which has no parent among ours once this process has ended.
///
/// # Errors
///
/// Whatever starting a process fails with.
pub fn fork() -> io::Result<()> {
    Command::new(os::own_program()).arg(ARGUMENT).stdout(Stdio::null()).spawn().map(drop)
}

/// Waits for an address, and opens it, if there comes one.
///
/// # Errors
///
/// Those of [`browser::open`].
pub fn open_address() -> io::Result<()> {
    let mut address = String::new();
    match io::stdin().lock().read_line(&mut address) {
        Ok(1..) => browser::open(&address),
        Ok(0) | Err(_) => Ok(()),
    }
}
