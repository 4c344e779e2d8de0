//! Readiness: the server's `ready`, checked once by an identity request through `127.0.0.1`.
//!
//! A server that listens on the wrong sockets could send `ready`, and another program could answer on
//! the port. Both together prove that a client that opens the URL reaches the server we started.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use shared::{
    exit,
    identity::{Identity, ProbeError, Secret},
    launch::LaunchInfo,
    message,
    os::is_out_of_files,
    port::Port,
    settings::Span,
};

/// The limit for one identity request, and for the whole proof.
pub(crate) const PROOF_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two requests: every second connection reaches the new server on average.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a packet from this computer to itself may take: it is there when it is sent.
const PACKET_TIMEOUT: Duration = Duration::from_millis(200);

/// Why a process could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFailure {
    /// The system's error message.
    pub why: String,
    /// What a person can do, if the cause is known.
    pub now: Option<String>,
}

impl From<io::Error> for StartFailure {
    fn from(error: io::Error) -> Self {
        let now = is_out_of_files(&error).then(|| message!("now.more_files"));
        Self { now, why: error.to_string() }
    }
}

/// Why a server did not become ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// Its process could not be started.
    NotStarted(StartFailure),
    /// Its process exited with this code; `None` if the system does not report it.
    Exited(Option<i32>),
    /// This signal ended it.
    Signalled(i32),
    /// It was not ready in time.
    TimedOut {
        /// The time within which it had to be ready.
        after: Duration,
        /// Whether it had sent `ready`.
        said_ready: bool,
    },
    /// It is a program, and was not ready in time.
    NoListener {
        /// The time within which it had to be ready.
        after: Duration,
        /// Where it listened then.
        listening: Vec<SocketAddr>,
    },
    /// It is a program, and listens on another port.
    Elsewhere {
        /// The port that it was to listen on.
        asked: Port,
        /// Where it listens.
        addresses: Vec<SocketAddr>,
        /// The command line with which it listens on its port, if that is known.
        instead: Option<String>,
    },
    /// It is a program, listens beyond loopback on these addresses, and may not.
    Exposed(Vec<SocketAddr>),
    /// A line that it wrote, or an answer on its port, was wrong.
    WrongAnswer(String),
    /// This computer does not reach itself: its loopback interface is down.
    NoLoopback,
}

impl NotReady {
    /// The exit code and the signal, if the process has ended.
    pub(crate) fn end(&self) -> (Option<i32>, Option<i32>) {
        match self {
            Self::Exited(code) => (*code, None),
            Self::Signalled(signal) => (None, Some(*signal)),
            _ => (None, None),
        }
    }

    /// Whether the process may still be there.
    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self, Self::NotStarted(_) | Self::Exited(_) | Self::Signalled(_))
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::NotStarted(failure) => {
                message!("readiness.not_started", why = failure.why)
            }
            Self::Exited(Some(code)) => {
                message!("readiness.exited_with", code = exit::in_words(*code))
            }
            Self::Exited(None) => message!("readiness.exited"),
            Self::Signalled(signal) => message!("readiness.signalled", signal),
            Self::TimedOut { after, said_ready: false } => {
                message!("readiness.no_ready", after = Span(*after))
            }
            Self::TimedOut { after, said_ready: true } => {
                message!("readiness.no_answer", after = Span(*after))
            }
            Self::NoListener { after, listening } if listening.is_empty() => {
                message!("readiness.no_listener", after = Span(*after))
            }
            Self::NoListener { after, listening } => {
                let addresses = in_words(listening);
                message!("readiness.listener_silent", after = Span(*after), addresses)
            }
            Self::Elsewhere { asked, addresses, .. } => {
                message!("readiness.elsewhere", asked, addresses = in_words(addresses))
            }
            Self::Exposed(addresses) => {
                message!("readiness.exposed", addresses = in_words(addresses))
            }
            Self::WrongAnswer(what) => message!("readiness.wrong_answer", what),
            Self::NoLoopback => message!("readiness.no_loopback"),
        };
        f.write_str(&sentence)
    }
}

/// Addresses as a list in a sentence.
pub(crate) fn in_words(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Asks for the identity on the port of `launch` until the launch's server `pid` answers.
///
/// During a restart the old server answers on the same sockets, and the kernel decides which of the
/// two accepts a connection; so the request is repeated.
///
/// # Errors
///
/// What was wrong with the last answer, or that none can reach this computer.
pub fn prove(secret: &Secret, launch: &LaunchInfo, pid: u32) -> Result<(), NotReady> {
    let until = Instant::now() + PROOF_TIMEOUT;
    loop {
        let in_time = Instant::now() < until;
        let identity = match secret.probe(launch.port, PROOF_TIMEOUT) {
            Ok(identity) => identity,
            Err(ProbeError::NoAnswer(_)) if !reaches_itself() => return Err(NotReady::NoLoopback),
            // The old server may have taken the connection with it as it went.
            Err(ProbeError::NoAnswer(_)) if in_time => {
                thread::sleep(PAUSE);
                continue;
            }
            Err(error) => return Err(NotReady::WrongAnswer(error.to_string())),
        };
        if (&identity.app, identity.launch_id) != (&launch.app, launch.launch_id) {
            let Identity { app, launch_id, .. } = identity;
            let what = message!("readiness.other_launch", app, launch = launch_id);
            return Err(NotReady::WrongAnswer(what));
        }
        if identity.pid == pid {
            return Ok(());
        }
        if !in_time {
            let what = message!("readiness.other_server", pid = identity.pid);
            return Err(NotReady::WrongAnswer(what));
        }
        thread::sleep(PAUSE);
    }
}

/// Whether a packet to `127.0.0.1` arrives. What the system has no socket for is not known to be down.
pub(crate) fn reaches_itself() -> bool {
    let Ok(socket) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) else { return true };
    let sent_and_received = || -> io::Result<()> {
        socket.set_read_timeout(Some(PACKET_TIMEOUT))?;
        socket.send_to(&[0], socket.local_addr()?)?;
        socket.recv(&mut [0]).map(drop)
    };
    sent_and_received().is_ok()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn this_computer_reaches_itself() {
        assert!(reaches_itself());
    }
}
