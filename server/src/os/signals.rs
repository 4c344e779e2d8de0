//! The signals by which the operating system asks a process to end.

pub use system::Signals;

/// A signal to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C in the terminal, which is sent to every program that runs there.
    Interrupt,
    /// For this process: `SIGTERM`; on Windows Ctrl-Break or a closed window.
    Terminate,
    /// The computer is shut down, if the system distinguishes that: on Windows.
    Shutdown,
}

#[cfg(unix)]
mod system {
    use std::io;

    use tokio::{
        select,
        signal::unix::{self, SignalKind, signal},
    };

    use crate::os::signals::Signal;

    /// The signals to stop. While this exists, they no longer end the process by default.
    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
    }

    impl Signals {
        /// Handles the signals from now on.
        ///
        /// # Errors
        ///
        /// The error with which the system refuses to deliver them.
        pub fn new() -> io::Result<Self> {
            let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
            Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
            }
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

        /// Waits for the next signal.
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
