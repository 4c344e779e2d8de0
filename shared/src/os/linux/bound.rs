//! Sockets that are bound and neither listen nor have a connection. They are in none of the tables of
//! `/proc/net`; from Linux 6.8 on the kernel tells of them by `sock_diag(7)`, as of all others.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::os::interface::{SocketEntry, SocketState};

/// The kernel answers as it is asked; this is for one that does not.
const TIMEOUT: Duration = Duration::from_millis(200);

/// Room for an answer: the kernel sends pieces of 32 KiB at most.
const PIECE: usize = 32 << 10;

/// `TCP_BOUND_INACTIVE` as a bit of `idiag_states`. An older kernel knows no socket in this state.
const BOUND_INACTIVE: u32 = 1 << 13;

/// Every state, of an older kernel too.
const EVERY_STATE: u32 = u32::MAX;

/// `TCP_TIME_WAIT`, `TCP_CLOSE` and `TCP_LISTEN` in an answer. A socket that is merely bound has the state of a closed
/// one there.
const TIME_WAIT: u8 = 6;
const CLOSE: u8 = 7;
const LISTEN: u8 = 10;

/// Where the request has the local port of the sockets that are wanted; 0 there is every port.
const WANTED_PORT: usize = HEADER + 8;

const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// The lengths of `nlmsghdr`, `inet_diag_req_v2` and `inet_diag_msg`, in bytes.
const HEADER: usize = 16;
const REQUEST: usize = 56;
const ANSWER: usize = 72;

/// What one piece of an answer has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Piece {
    sockets: Vec<SocketEntry>,
    is_last: bool,
    /// Whether the kernel has said that it does not answer.
    is_refused: bool,
}

/// Every such socket of this network namespace; none where the kernel does not tell.
pub(super) fn sockets() -> Vec<SocketEntry> {
    let of = |family| ask(family, BOUND_INACTIVE, 0).unwrap_or_default();
    [of(libc::AF_INET), of(libc::AF_INET6)].concat()
}

/// Every socket with this local port, in whatever state.
///
/// # Errors
///
/// If the kernel is not asked in this way, or does not answer.
pub(super) fn at_port(port: u16) -> io::Result<Vec<SocketEntry>> {
    let mut found = ask(libc::AF_INET, EVERY_STATE, port)?;
    // Without IPv6 in the kernel there is no such socket.
    found.extend(ask(libc::AF_INET6, EVERY_STATE, port).unwrap_or_default());
    Ok(found)
}

fn ask(family: libc::c_int, states: u32, port: u16) -> io::Result<Vec<SocketEntry>> {
    let protocol = Protocol::from(libc::NETLINK_SOCK_DIAG);
    let mut kernel = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol))?;
    kernel.set_read_timeout(Some(TIMEOUT))?;
    kernel.write_all(&request(family as u8, states, port))?;
    let (mut sockets, mut bytes) = (Vec::new(), vec![0; PIECE]);
    loop {
        let read = kernel.read(&mut bytes)?;
        let piece = parse(&bytes[..read]);
        if piece.is_refused {
            return Err(io::ErrorKind::Unsupported.into());
        }
        sockets.extend(piece.sockets);
        if piece.is_last || read == 0 {
            return Ok(sockets);
        }
    }
}

fn request(family: u8, states: u32, port: u16) -> Vec<u8> {
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    let mut bytes = Vec::with_capacity(HEADER + REQUEST);
    bytes.extend(((HEADER + REQUEST) as u32).to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    // The number of the question and the port of the one who asks.
    bytes.extend([0; 8]);
    bytes.extend([family, libc::IPPROTO_TCP as u8, 0, 0]);
    bytes.extend(states.to_ne_bytes());
    // Of any address.
    bytes.resize(HEADER + REQUEST, 0);
    bytes[WANTED_PORT..WANTED_PORT + 2].copy_from_slice(&port.to_be_bytes());
    bytes
}

/// Reads what it understands. Anything but sockets ends the answer: it is the end, or an error.
fn parse(mut bytes: &[u8]) -> Piece {
    let mut piece = Piece::default();
    while let Some(length) = number(bytes, 0) {
        let kind = bytes.get(4..6).map(|kind| u16::from_ne_bytes([kind[0], kind[1]]));
        let message = usize::try_from(length).ok().and_then(|length| bytes.get(HEADER..length));
        let (Some(SOCK_DIAG_BY_FAMILY), Some(message)) = (kind, message) else {
            let is_refused = kind == Some(libc::NLMSG_ERROR as u16);
            return Piece { is_last: true, is_refused, ..piece };
        };
        piece.sockets.extend(entry(message));
        // Messages begin at multiples of four.
        bytes = bytes.get((HEADER + message.len()).next_multiple_of(4)..).unwrap_or_default();
    }
    piece
}

/// What the kernel says of a socket in an `inet_diag_msg`.
fn entry(message: &[u8]) -> Option<SocketEntry> {
    let message: &[u8; ANSWER] = message.first_chunk()?;
    let ip = match libc::c_int::from(message[0]) {
        libc::AF_INET => IpAddr::from(Ipv4Addr::from(*message[8..].first_chunk::<4>()?)),
        libc::AF_INET6 => IpAddr::from(Ipv6Addr::from(*message[8..].first_chunk::<16>()?)),
        _ => return None,
    };
    let port = u16::from_be_bytes([message[4], message[5]]);
    Some(SocketEntry {
        local: SocketAddr::new(ip, port),
        state: match message[1] {
            LISTEN => SocketState::Listen,
            TIME_WAIT => SocketState::TimeWait,
            CLOSE => SocketState::Bound,
            _ => SocketState::Other,
        },
        id: number(message, 68).filter(|inode| *inode != 0).map(u64::from),
        uid: number(message, 64),
        pid: None,
        waiting: 0,
    })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    /// A message of the kernel about a socket on `127.0.0.1:3030`.
    fn answer() -> Vec<u8> {
        let mut message = [0; ANSWER];
        message[0] = libc::AF_INET as u8;
        message[1] = CLOSE;
        message[4..6].copy_from_slice(&3030_u16.to_be_bytes());
        message[8..12].copy_from_slice(&[127, 0, 0, 1]);
        message[64..68].copy_from_slice(&1000_u32.to_ne_bytes());
        message[68..72].copy_from_slice(&1192_u32.to_ne_bytes());
        framed(SOCK_DIAG_BY_FAMILY, &message)
    }

    fn framed(kind: u16, message: &[u8]) -> Vec<u8> {
        let length = ((HEADER + message.len()) as u32).to_ne_bytes();
        [&length[..], &kind.to_ne_bytes(), &[0; 10], message].concat()
    }

    #[test]
    fn an_answer_is_read_with_address_user_and_inode_and_ends_with_the_word_for_it() {
        let done = framed(libc::NLMSG_DONE as u16, &[0; 4]);
        let piece = parse(&[answer(), answer(), done].concat());
        assert!(piece.is_last);
        let socket = SocketEntry {
            local: SocketAddr::from(([127, 0, 0, 1], 3030)),
            state: SocketState::Bound,
            id: Some(1192),
            uid: Some(1000),
            pid: None,
            waiting: 0,
        };
        assert_eq!(piece.sockets, [socket.clone(), socket]);
        assert!(!parse(&answer()).is_last);
        assert!(!piece.is_refused && parse(&framed(libc::NLMSG_ERROR as u16, &[0; 4])).is_refused);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cut in 0..HEADER + ANSWER,
        ) {
            parse(&bytes);
            prop_assert!(parse(&answer()[..cut]).sockets.is_empty());
        }
    }
}
