//! Sockets that were passed to this process by a launcher, or by a service manager such as systemd.
//!
//! See [`shared::handover`] for how they come.

use std::{io, net::TcpListener};

use shared::{claim::Claim, handover::ProtocolInfo, message};

/// The most sockets that are taken: a launcher passes 2, and no host has more addresses that a person
/// would name one by one.
const MAX_SOCKETS: usize = 64;

/// Why the passed sockets cannot be served on.
#[derive(Debug, thiserror::Error)]
pub enum PassedError {
    /// More sockets are announced, by this number, than the server takes.
    #[error("{}", message!("server.too_many_sockets", count = .0, most = MAX_SOCKETS))]
    TooMany(usize),
    /// What is announced is not a TCP socket.
    #[error("{}", message!("server.not_a_socket", error = .0))]
    NotASocket(io::Error),
    /// What came with the adoption is not a TCP socket, or none came.
    #[error("{}", message!("server.not_opened", error = .0))]
    NotOpened(io::Error),
    /// The socket at this place, counted from 0, does not listen.
    #[error("{}", message!("server.not_listening", number = .0))]
    NotListening(usize),
    /// Two of the sockets are on these different ports.
    #[error("{}", message!("server.several_ports", first = .0, second = .1))]
    SeveralPorts(u16, u16),
}

/// Takes the sockets that this process was born with, `None` if there are none.
///
/// They are closed in our own children, and the variables that announce them are cleared.
///
/// # Errors
///
/// [`PassedError`] if what is announced is not one or more listening TCP sockets on one port.
pub fn passed() -> Result<Option<Claim>, PassedError> {
    let listeners = system::take()?;
    if listeners.is_empty() {
        return Ok(None);
    }
    check(listeners, PassedError::NotASocket).map(Some)
}

/// Opens the sockets that come with an adoption.
///
/// # Errors
///
/// [`PassedError`] if they are not one or more listening TCP sockets on one port.
pub fn open(sockets: &[ProtocolInfo]) -> Result<Claim, PassedError> {
    if sockets.len() > MAX_SOCKETS {
        return Err(PassedError::TooMany(sockets.len()));
    }
    let opened = sockets.iter().map(system::open).collect::<io::Result<_>>();
    check(opened.map_err(PassedError::NotOpened)?, PassedError::NotOpened)
}

pub use system::CAN_COME_LATER;

/// What is passed may be anything; only listening sockets on one port can be served on.
fn check(
    listeners: Vec<TcpListener>,
    wrong: impl Fn(io::Error) -> PassedError,
) -> Result<Claim, PassedError> {
    if let Some(index) = listeners.iter().position(|listener| !system::listens(listener)) {
        return Err(PassedError::NotListening(index));
    }
    let claim = Claim::adopt(listeners).map_err(wrong)?;
    let port = claim.port().get();
    match claim.addresses().iter().find(|address| address.port() != port) {
        Some(other) => Err(PassedError::SeveralPorts(port, other.port())),
        None => Ok(claim),
    }
}

#[cfg(unix)]
mod system {
    use std::{env, fs, io, net::TcpListener};

    use listenfd::ListenFd;
    use shared::handover::{LISTEN_FDNAMES, LISTEN_FDS, ProtocolInfo};

    use crate::os::listeners::{MAX_SOCKETS, PassedError};

    /// Whether sockets come with the adoption.
    pub const CAN_COME_LATER: bool = false;

    pub(super) fn take() -> Result<Vec<TcpListener>, PassedError> {
        let announced = env::var(LISTEN_FDS).ok().and_then(|number| number.parse::<usize>().ok());
        match announced {
            None | Some(0) => return Ok(Vec::new()),
            Some(number) if number > MAX_SOCKETS => return Err(PassedError::TooMany(number)),
            Some(_) => {}
        }
        let mut passed = ListenFd::from_env();
        forget_names();
        let mut listeners = Vec::with_capacity(passed.len());
        for index in 0..passed.len() {
            let listener = passed.take_tcp_listener(index).map_err(PassedError::NotASocket)?;
            listeners.extend(listener);
        }
        Ok(listeners)
    }

    pub(super) fn open(_: &ProtocolInfo) -> io::Result<TcpListener> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Clears the one variable that listenfd leaves, if no other thread can read the environment.
    #[expect(unsafe_code, reason = "the environment is not protected from other threads")]
    #[expect(clippy::disallowed_methods, reason = "whom we start must not look for our sockets")]
    fn forget_names() {
        if is_only_thread() {
            // SAFETY: no other thread exists that could read or change the environment, and this
            // one does neither until the call returns.
            unsafe { env::remove_var(LISTEN_FDNAMES) };
        }
    }

    /// Whether this is the process's only thread, if the system reports it. It then stays the only
    /// one for as long as it starts none.
    fn is_only_thread() -> bool {
        fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
    }

    /// Whether the socket listens, if the system reports it.
    #[cfg(target_os = "linux")]
    pub(super) fn listens(listener: &TcpListener) -> bool {
        socket2::SockRef::from(listener).is_listener().unwrap_or(true)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn listens(_: &TcpListener) -> bool {
        true
    }
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "a socket of another process has no safe wrapper")]
mod system {
    use std::{
        io,
        mem::size_of,
        net::TcpListener,
        os::windows::io::{AsRawSocket, FromRawSocket},
    };

    use shared::handover::ProtocolInfo;
    use windows_sys::Win32::Networking::WinSock::{
        FROM_PROTOCOL_INFO, INVALID_SOCKET, SO_ACCEPTCONN, SOCKET, SOL_SOCKET,
        WSA_FLAG_NO_HANDLE_INHERIT, WSA_FLAG_OVERLAPPED, WSADATA, WSAPROTOCOL_INFOW, WSASocketW,
        WSAStartup, getsockopt,
    };

    use crate::os::listeners::PassedError;

    /// Whether sockets come with the adoption.
    pub const CAN_COME_LATER: bool = true;

    /// The version of Winsock that std asks for, 2.2.
    const VERSION: u16 = 0x0202;

    pub(super) fn take() -> Result<Vec<TcpListener>, PassedError> {
        Ok(Vec::new())
    }

    /// Opens the copy that the launcher has made for us.
    pub(super) fn open(socket: &ProtocolInfo) -> io::Result<TcpListener> {
        start_winsock()?;
        let info = read(&socket.0)?;
        let (flags, any) = (WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT, FROM_PROTOCOL_INFO);
        // SAFETY: `info` is such a structure and lives until the call returns. The call trusts no
        // pointer in it, and fails if it is no socket of ours.
        let socket = unsafe { WSASocketW(any, any, any, &raw const info, 0, flags) };
        if socket == INVALID_SOCKET {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has just made this socket for us alone.
        Ok(unsafe { TcpListener::from_raw_socket(socket as _) })
    }

    /// std starts it with its first socket, and these come before it.
    fn start_winsock() -> io::Result<()> {
        let mut about = WSADATA::default();
        // SAFETY: `about` is writable until the call returns. It is never undone: the process uses
        // sockets until its end.
        match unsafe { WSAStartup(VERSION, &raw mut about) } {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// The structure that was sent as bytes.
    fn read(bytes: &[u8]) -> io::Result<WSAPROTOCOL_INFOW> {
        if bytes.len() != size_of::<WSAPROTOCOL_INFOW>() {
            return Err(io::Error::other("what describes a socket has the wrong length"));
        }
        let from: *const WSAPROTOCOL_INFOW = bytes.as_ptr().cast();
        // SAFETY: `bytes` is as long as the structure, which is made of numbers that may have any
        // value, and nothing is asked of its alignment.
        Ok(unsafe { from.read_unaligned() })
    }

    pub(super) fn listens(listener: &TcpListener) -> bool {
        let (mut answer, mut length) = (0_i32, size_of::<i32>() as i32);
        let (socket, into) = (listener.as_raw_socket() as SOCKET, (&raw mut answer).cast());
        // SAFETY: the socket is open while it is borrowed, and `into` is writable for `length`
        // bytes, as many as this option has.
        let failed =
            unsafe { getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, into, &raw mut length) };
        failed != 0 || answer != 0
    }
}
