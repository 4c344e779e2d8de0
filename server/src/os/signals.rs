//! The signals to which the server reacts: those by which the operating system asks a process to end,
//! and those by which programs that rotate logs have it open its own anew.

pub use system::Signals;

/// A signal, by what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C in the terminal, which is sent to every program that runs there.
    Interrupt,
    /// For this process: `SIGTERM`; on Windows Ctrl-Break or a closed window.
    Terminate,
    /// The computer is shut down, if the system distinguishes that: on Windows.
    Shutdown,
    /// To open the logs anew: `SIGHUP` while the terminal is there, `SIGUSR1` and `SIGUSR2`.
    ReopenLogs,
}

#[cfg(unix)]
mod system {
    use std::{future::pending, io};

    use shared::os;
    use tokio::{
        select,
        signal::unix::{self, SignalKind, signal},
    };

    use crate::os::signals::Signal;

    /// The signals. While this exists, they no longer end the process by default.
    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        /// `None` where it is ignored, as `nohup` has it.
        hangup: Option<unix::Signal>,
        user_defined_1: unix::Signal,
        user_defined_2: unix::Signal,
        had_terminal: bool,
    }

    impl Signals {
        /// Handles the signals from now on.
        ///
        /// # Errors
        ///
        /// The error with which the system refuses to deliver them.
        pub fn new() -> io::Result<Self> {
            let hangup = SignalKind::hangup();
            let is_hangup_ignored = os::is_ignored(hangup.as_raw_value());
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hangup: (!is_hangup_ignored).then(|| signal(hangup)).transpose()?,
                user_defined_1: signal(SignalKind::user_defined1())?,
                user_defined_2: signal(SignalKind::user_defined2())?,
                had_terminal: os::has_terminal(),
            })
        }

        /// Returns at once if one came since the last call.
        pub async fn next(&mut self) -> Signal {
            select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                () = received(self.hangup.as_mut()) => match self.had_terminal && !os::has_terminal() {
                    true => Signal::Terminate,
                    false => Signal::ReopenLogs,
                },
                _ = self.user_defined_1.recv() => Signal::ReopenLogs,
                _ = self.user_defined_2.recv() => Signal::ReopenLogs,
            }
        }
    }

    async fn received(signal: Option<&mut unix::Signal>) {
        match signal {
            Some(signal) => drop(signal.recv().await),
            None => pending().await,
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;

    use tokio::{
        select,
        signal::windows::{
            CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close,
            ctrl_shutdown,
        },
    };

    use crate::os::signals::Signal;

    /// The signals to stop. While this exists, they no longer end the process by default.
    pub struct Signals {
        interrupt: CtrlC,
        ctrl_break: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        /// Handles the signals from now on.
        ///
        /// # Errors
        ///
        /// The error with which the system refuses to deliver them.
        pub fn new() -> io::Result<Self> {
            let (interrupt, ctrl_break) = (ctrl_c()?, ctrl_break()?);
            Ok(Self { interrupt, ctrl_break, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
        }

        /// Returns at once if one came since the last call.
        pub async fn next(&mut self) -> Signal {
            select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.ctrl_break.recv() => Signal::Terminate,
                _ = self.close.recv() => Signal::Terminate,
                _ = self.shutdown.recv() => Signal::Shutdown,
            }
        }
    }
}
