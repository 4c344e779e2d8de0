//! Sockets that somebody has passed to this process: a launcher, or a service manager such as
//! systemd. The protocol is that of `sd_listen_fds(3)`; see [`shared::handover`].

use std::{env, io};

use shared::{claim::Claim, handover::LISTEN_FDS};

/// The most sockets that are taken: 2 come from a launcher, and no host has more addresses that
/// anybody would name one by one. A larger number is nonsense and not worth the memory.
const MOST: usize = 64;

/// Why the passed sockets cannot be served on.
#[derive(Debug, thiserror::Error)]
pub enum PassedError {
    /// More are announced than are ever taken.
    #[error("{LISTEN_FDS} announces {0} sockets, and {MOST} is the most that are taken")]
    TooMany(usize),
    /// What is announced is not a TCP socket.
    #[error("{LISTEN_FDS} announces sockets, but {0}")]
    NotASocket(io::Error),
    /// One of them does not listen.
    #[error("socket {0} that {LISTEN_FDS} announces is not listening")]
    NotListening(usize),
    /// They are on different ports.
    #[error("{LISTEN_FDS} announces sockets on ports {0} and {1}: a server has one port")]
    SeveralPorts(u16, u16),
}

/// Takes the sockets that were passed to this process, `None` if none were.
///
/// They are closed in our own children, and the variables that announce them are cleared.
///
/// # Errors
///
/// [`PassedError`] if what is announced is not one or more listening TCP sockets on one port.
pub fn passed() -> Result<Option<Claim>, PassedError> {
    let announced = env::var(LISTEN_FDS).ok().and_then(|number| number.parse::<usize>().ok());
    match announced {
        None | Some(0) => Ok(None),
        Some(number) if number > MOST => Err(PassedError::TooMany(number)),
        Some(_) => system::take(),
    }
}

/// Whether a launcher can pass sockets on this system.
pub const CAN_BE_PASSED: bool = cfg!(unix);

#[cfg(unix)]
mod system {
    use std::{env, fs, net::TcpListener};

    use listenfd::ListenFd;
    use shared::{claim::Claim, handover::LISTEN_FDNAMES};

    use super::PassedError;

    pub(super) fn take() -> Result<Option<Claim>, PassedError> {
        let mut passed = ListenFd::from_env();
        forget_names();
        let mut listeners = Vec::with_capacity(passed.len());
        for index in 0..passed.len() {
            let listener = passed.take_tcp_listener(index).map_err(PassedError::NotASocket)?;
            listeners.extend(listener);
            if !listeners.last().is_none_or(listens) {
                return Err(PassedError::NotListening(index));
            }
        }
        if listeners.is_empty() {
            return Ok(None);
        }
        let claim = Claim::adopt(listeners).map_err(PassedError::NotASocket)?;
        let port = claim.port().get();
        match claim.addresses().iter().find(|address| address.port() != port) {
            Some(other) => Err(PassedError::SeveralPorts(port, other.port())),
            None => Ok(Some(claim)),
        }
    }

    /// Clears the one variable that listenfd leaves, if nobody can be reading the environment.
    #[expect(unsafe_code, reason = "the environment is not protected from other threads")]
    #[expect(clippy::disallowed_methods, reason = "whom we start must not look for our sockets")]
    fn forget_names() {
        if is_only_thread() {
            // SAFETY: no other thread exists that could read or change the environment, and this
            // one does neither until the call returns.
            unsafe { env::remove_var(LISTEN_FDNAMES) };
        }
    }

    /// Whether this is the process's only thread, where the system tells. It then stays the only
    /// one for as long as it starts none.
    fn is_only_thread() -> bool {
        fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
    }

    /// Whether the socket listens, where the system tells.
    #[cfg(target_os = "linux")]
    fn listens(listener: &TcpListener) -> bool {
        socket2::SockRef::from(listener).is_listener().unwrap_or(true)
    }

    #[cfg(not(target_os = "linux"))]
    fn listens(_: &TcpListener) -> bool {
        true
    }
}

#[cfg(not(unix))]
mod system {
    use shared::claim::Claim;

    use super::PassedError;

    pub(super) fn take() -> Result<Option<Claim>, PassedError> {
        Ok(None)
    }
}
