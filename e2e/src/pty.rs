//! A terminal for a program under test, of which the test is the keyboard and the screen.

use std::{
    io::{self, PipeReader, PipeWriter, Read},
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{
        Action, InputModes, LocalModes, OutputModes, Winsize, tcflow, tcgetattr, tcsetwinsize,
    },
};

use crate::{Invocation, RunContext, captured_output::CapturedOutput, wait_for, wait_until};

/// A terminal, which ends with this.
#[derive(Debug)]
pub struct PseudoTerminal {
    master: Arc<OwnedFd>,
    slave: OwnedFd,
    screen: CapturedOutput,
    _until_closed: PipeWriter,
}

/// How a terminal treats what is typed and shown.
pub type TerminalMode = (InputModes, OutputModes, LocalModes);

impl PseudoTerminal {
    /// A terminal of this many lines and characters a line.
    ///
    /// # Panics
    ///
    /// If the system has none left.
    #[track_caller]
    pub fn new(rows: u16, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC).expect("ours");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("ours");
        let name = ptsname(&master, vec![]).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(name, flags, Mode::empty()).expect("there");
        let master = Arc::new(master);
        let (closed, until_closed) = io::pipe().expect("descriptors are left");
        let screen = CapturedOutput::of(Some(Screen { master: Arc::clone(&master), closed }));
        let terminal = Self { master, slave, screen, _until_closed: until_closed };
        terminal.resize(rows, columns);
        terminal
    }

    /// Has `program` started in this terminal, as its controlling one, with nothing between them.
    ///
    /// # Panics
    ///
    /// If no descriptors are left.
    #[must_use]
    pub fn around(&self, program: Invocation) -> Invocation {
        self.through(program, RunContext::with_default_signals())
    }

    /// The same through a shell with job control, which `script` is for: `"$@"` is the program.
    ///
    /// # Panics
    ///
    /// If no descriptors are left.
    #[must_use]
    pub fn in_shell(&self, script: &str, program: Invocation) -> Invocation {
        let shell = RunContext::with_default_signals().through(["bash", "-mc", script, "bash"]);
        self.through(program, shell)
    }

    fn through(&self, program: Invocation, context: RunContext) -> Invocation {
        let slave = || self.slave.try_clone().expect("descriptors are left");
        let context = RunContext::direct().through(["setsid", "--ctty"]).and(context);
        program.at(&context).stdin(slave()).stdout(slave()).stderr(slave())
    }

    /// Types this.
    ///
    /// # Panics
    ///
    /// If the terminal is gone.
    pub fn type_keys(&self, keys: &str) {
        let written = rustix::io::write(&*self.master, keys.as_bytes());
        assert_eq!(written, Ok(keys.len()), "it takes what is typed");
    }

    /// What the screen has shown so far.
    pub fn shown(&self) -> String {
        self.screen.text()
    }

    /// Waits until the screen shows this.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn wait_until_shown(&self, text: &str) {
        let is_shown = wait_for(|| self.shown().contains(text).then_some(()));
        assert!(is_shown.is_some(), "{text:?} is not shown: {:?}", self.shown());
    }

    /// Has it show no more, as Ctrl-S does: what writes to it waits.
    ///
    /// # Panics
    ///
    /// If it is gone.
    pub fn hold(&self) {
        tcflow(&self.slave, Action::OOff).expect("it is there");
    }

    /// Gives it another size.
    ///
    /// # Panics
    ///
    /// If it is gone.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&*self.master, size).expect("it is there");
    }

    /// How it treats what is typed and shown.
    ///
    /// # Panics
    ///
    /// If it is gone.
    pub fn modes(&self) -> TerminalMode {
        let modes = tcgetattr(&self.slave).expect("it is there");
        (modes.input_modes, modes.output_modes, modes.local_modes)
    }

    /// Whether each key is passed on, and none has a meaning.
    pub fn is_raw(&self) -> bool {
        !self.modes().2.intersects(LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Closes its window: its programs get SIGHUP. Returns what it has shown.
    pub fn close(self) -> String {
        let Self { master, screen, _until_closed, .. } = self;
        drop(_until_closed);
        wait_until("nothing reads it any more", || screen.is_closed());
        wait_until("it is closed with us", || Arc::strong_count(&master) == 1);
        drop(master);
        screen.text()
    }
}

/// Reads what a terminal shows until it is closed.
struct Screen {
    master: Arc<OwnedFd>,
    closed: PipeReader,
}

impl Read for Screen {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let watched = [self.master.as_fd(), self.closed.as_fd()];
        let mut fds = watched.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        poll(&mut fds, None)?;
        match fds[1].revents().is_empty() {
            true => Ok(rustix::io::read(&*self.master, piece)?),
            false => Ok(0),
        }
    }
}
