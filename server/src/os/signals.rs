//! The signals by which the operating system asks a process to end.

pub use system::Signals;

/// A request of the system to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C in the terminal, which goes to every program that runs there.
    Interrupt,
    /// For this process: `SIGTERM`; on Windows Ctrl-Break or a closed window.
    Terminate,
    /// The computer is shut down, where the system tells that apart: on Windows.
    Shutdown,
}

#[cfg(unix)]
mod system {
    use std::io;

    use tokio::{
        select,
        signal::unix::{self, SignalKind, signal},
    };

    use super::Signal;

    /// The system's requests. While this exists, they no longer end the process by themselves.
    pub struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
    }

    impl Signals {
        /// Takes the system's requests from now on.
        ///
        /// # Errors
        ///
        /// Whatever the system refuses it with.
        pub fn new() -> io::Result<Self> {
            let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
            Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
        }

        /// Waits for the next one.
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

    use super::Signal;

    /// The system's requests. While this exists, they no longer end the process by themselves.
    pub struct Signals {
        interrupt: CtrlC,
        ctrl_break: CtrlBreak,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Signals {
        /// Takes the system's requests from now on.
        ///
        /// # Errors
        ///
        /// Whatever the system refuses it with.
        pub fn new() -> io::Result<Self> {
            let (interrupt, ctrl_break) = (ctrl_c()?, ctrl_break()?);
            Ok(Self { interrupt, ctrl_break, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
        }

        /// Waits for the next one.
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
