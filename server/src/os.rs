//! The operating system: how it asks a process to end, and who waits for connections.

pub use doors::Doors;
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

#[cfg(target_os = "linux")]
mod doors {
    use std::{
        fs,
        net::TcpListener,
        os::fd::{AsRawFd, RawFd},
    };

    /// The sockets at which this process waits for connections.
    #[derive(Debug)]
    pub struct Doors(Vec<RawFd>);

    impl Doors {
        /// Of these listeners, which may be given away.
        pub fn of(listeners: &[TcpListener]) -> Self {
            Self(listeners.iter().map(AsRawFd::as_raw_fd).collect())
        }

        /// Whether somebody in this process waits at one of them: the kernel tells of every `epoll`
        /// what it watches (`proc_pid_fdinfo(5)`).
        pub fn are_watched(&self) -> bool {
            let ours = |line: &str| {
                let target = line.strip_prefix("tfd:")?.split_ascii_whitespace().next()?;
                target.parse().ok().filter(|fd| self.0.contains(fd))
            };
            let descriptors = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
            descriptors
                .filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok())
                .any(|told| told.lines().any(|line| ours(line).is_some()))
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod test {
    use super::Doors;

    #[actix_rt::test]
    async fn a_socket_is_watched_for_as_long_as_somebody_waits_at_it() {
        let listener = shared::claim::any().expect("some port").into_listeners().remove(0);
        listener.set_nonblocking(true).expect("ours to change");
        let doors = Doors::of(std::slice::from_ref(&listener));
        assert!(!doors.are_watched());
        let waiting = actix_rt::net::TcpListener::from_std(listener).expect("a runtime");
        assert!(doors.are_watched());
        drop(waiting);
        assert!(!doors.are_watched());
    }
}

#[cfg(not(target_os = "linux"))]
mod doors {
    use std::net::TcpListener;

    /// The sockets at which this process waits for connections; the system does not tell of them.
    #[derive(Debug)]
    pub struct Doors;

    impl Doors {
        /// Of these listeners, which may be given away.
        pub fn of(_: &[TcpListener]) -> Self {
            Self
        }

        /// Whether somebody in this process waits at one of them, as far as the system tells.
        pub fn are_watched(&self) -> bool {
            false
        }
    }
}
