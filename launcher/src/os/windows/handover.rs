//! Passing sockets: what the server opens them with goes through the first hand-over message.

use std::{io, mem::size_of, net::TcpListener, os::windows::io::AsRawSocket};

use shared::handover::ProtocolInfo;
use windows_sys::Win32::Networking::WinSock::{SOCKET, WSADuplicateSocketW, WSAPROTOCOL_INFOW};

/// Makes copies of `sockets` for the process `pid`, and gives what it can open each with, once.
///
/// # Errors
///
/// If there is no such process, or the system has no handles left.
pub(super) fn pass(pid: u32, sockets: &[TcpListener]) -> io::Result<Vec<ProtocolInfo>> {
    sockets.iter().map(|socket| duplicate(socket, pid)).collect()
}

fn duplicate(socket: &TcpListener, pid: u32) -> io::Result<ProtocolInfo> {
    let mut info = WSAPROTOCOL_INFOW::default();
    let handle = socket.as_raw_socket() as SOCKET;
    // SAFETY: the socket is open while it is borrowed, and `info` is writable until the call returns.
    if unsafe { WSADuplicateSocketW(handle, pid, &raw mut info) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let bytes: *const u8 = (&raw const info).cast();
    // SAFETY: `info` is made of numbers without gaps between them, all of them written, and lives
    // until they are copied.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, size_of::<WSAPROTOCOL_INFOW>()) };
    Ok(ProtocolInfo(bytes.to_owned()))
}
