//! The system's tables of TCP sockets, by `GetExtendedTcpTable`.

use std::{collections::HashSet, io, ptr};

use windows_sys::Win32::{
    Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR},
    NetworkManagement::IpHelper::{
        GetExtendedTcpTable, TCP_TABLE_OWNER_PID_ALL, TCP_TABLE_OWNER_PID_LISTENER,
    },
    Networking::WinSock::{AF_INET, AF_INET6},
};

use crate::os::{
    interface::{ListenerSource, SocketEntry},
    tcp_rows,
};

/// Room for the sockets of an ordinary machine: the first call is then the only one.
const USUAL_TABLE: usize = 32 << 10;

/// The most that is read of one table: over 280,000 sockets.
const MAX_TABLE: usize = 16 << 20;

/// Which sockets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    /// Those that listen, mostly a few dozen.
    Listeners,
    /// Those that listen and those with a connection.
    All,
}

/// Every listener, with the process that opened it.
///
/// # Errors
///
/// If the table cannot be read.
pub fn listeners() -> io::Result<Vec<SocketEntry>> {
    sockets(Table::Listeners)
}

/// How [`listeners`] finds them.
///
/// # Errors
///
/// Those of [`listeners`].
pub fn listener_source() -> io::Result<ListenerSource> {
    listeners().map(|_| ListenerSource::SystemTable)
}

/// None: sockets have no number here, and the tables name the process.
///
/// # Errors
///
/// Never here.
pub fn sockets_of(_: u32) -> io::Result<HashSet<u64>> {
    Ok(HashSet::new())
}

/// The TCP sockets of both families.
pub(super) fn sockets(which: Table) -> io::Result<Vec<SocketEntry>> {
    let mut sockets = tcp_rows::v4(&table(which, AF_INET)?);
    // Without IPv6 there is no such table, and no such socket.
    sockets.extend(table(which, AF_INET6).map(|table| tcp_rows::v6(&table)).unwrap_or_default());
    Ok(sockets)
}

/// The bytes of one table. Between two calls it may have grown, so it is asked for until it fits.
fn table(which: Table, family: u16) -> io::Result<Vec<u8>> {
    let class = match which {
        Table::Listeners => TCP_TABLE_OWNER_PID_LISTENER,
        Table::All => TCP_TABLE_OWNER_PID_ALL,
    };
    let mut table = vec![0_u8; USUAL_TABLE];
    loop {
        let mut length = u32::try_from(table.len()).unwrap_or(u32::MAX);
        // SAFETY: `table` has `length` bytes to write to, and `length` may be written to; both live
        // until the call returns.
        let error = unsafe {
            GetExtendedTcpTable(
                table.as_mut_ptr().cast(),
                ptr::from_mut(&mut length),
                0,
                u32::from(family),
                class,
                0,
            )
        };
        match error {
            NO_ERROR => return Ok(table),
            ERROR_INSUFFICIENT_BUFFER if table.len() < MAX_TABLE => {
                let wanted = usize::try_from(length).unwrap_or(MAX_TABLE);
                table.resize(wanted.max(table.len() * 2).min(MAX_TABLE), 0);
            }
            error => return Err(io::Error::from_raw_os_error(error.cast_signed())),
        }
    }
}
