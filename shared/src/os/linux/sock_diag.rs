//! Sockets of one state, by `sock_diag(7)`: those that listen, however many others there are, and those that
//! are bound and neither listen nor have a connection, which are in none of the tables of `/proc/net`.

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

/// `TCP_LISTEN`, `TCP_TIME_WAIT` and `TCP_CLOSE` in an answer. A socket that is merely bound has the state of a closed
/// one there.
const LISTEN: u8 = 10;
const TIME_WAIT: u8 = 6;
const CLOSE: u8 = 7;

/// `TCP_BOUND_INACTIVE` as a bit of `idiag_states`, from Linux 6.8 on. An older kernel knows no socket in this
/// state.
const BOUND_INACTIVE: u32 = 1 << 13;

/// Every state as bits of `idiag_states`, of an older kernel too.
const EVERY_STATE: u32 = u32::MAX;

/// Where a request has the local port of the sockets that are wanted; 0 there is every port.
const WANTED_PORT: usize = HEADER + 8;

const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// The attribute of a socket for IPv6 that says whether it is for that alone.
const INET_DIAG_SKV6ONLY: u16 = 11;

/// The lengths of `nlmsghdr`, `inet_diag_req_v2`, `inet_diag_msg` and `nlattr`, in bytes.
const HEADER: usize = 16;
const REQUEST: usize = 56;
const ANSWER: usize = 72;
const ATTRIBUTE: usize = 4;

/// What one piece of an answer has.
#[derive(Debug, Default)]
struct Piece {
    sockets: Vec<SocketEntry>,
    /// How the answer ends, if this is the last piece of it.
    end: Option<io::Result<()>>,
}

/// Every listener of this network namespace.
///
/// # Errors
///
/// Where the kernel refuses to be asked, or does not know how to tell.
pub(super) fn listeners() -> io::Result<Vec<SocketEntry>> {
    sockets(1 << LISTEN, 0)
}

/// Every socket of this network namespace that is bound and no more; none where the kernel does not tell.
pub(super) fn bound() -> Vec<SocketEntry> {
    sockets(BOUND_INACTIVE, 0).unwrap_or_default()
}

/// Every socket with this local port, in whatever state.
///
/// # Errors
///
/// Where the kernel refuses to be asked, or does not know how to tell.
pub(super) fn at_port(port: u16) -> io::Result<Vec<SocketEntry>> {
    sockets(EVERY_STATE, port)
}

fn sockets(states: u32, port: u16) -> io::Result<Vec<SocketEntry>> {
    let mut kernel = open()?;
    let mut sockets = ask(&mut kernel, libc::AF_INET, states, port)?;
    // Without IPv6 in the kernel there is no such socket.
    sockets.extend(ask(&mut kernel, libc::AF_INET6, states, port).unwrap_or_default());
    Ok(sockets)
}

/// A socket to the kernel.
pub(super) fn open() -> io::Result<Socket> {
    let protocol = Protocol::from(libc::NETLINK_SOCK_DIAG);
    let kernel = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol))?;
    kernel.set_read_timeout(Some(TIMEOUT))?;
    Ok(kernel)
}

fn ask(
    kernel: &mut Socket,
    family: libc::c_int,
    states: u32,
    port: u16,
) -> io::Result<Vec<SocketEntry>> {
    kernel.write_all(&request(family as u8, states, port))?;
    let (mut sockets, mut bytes) = (Vec::new(), vec![0; PIECE]);
    loop {
        let read = kernel.read(&mut bytes)?;
        let piece = parse(&bytes[..read]);
        sockets.extend(piece.sockets);
        if let Some(end) = piece.end {
            return end.map(|()| sockets);
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

/// Reads what it understands. Anything but sockets ends the answer.
fn parse(mut bytes: &[u8]) -> Piece {
    let mut piece = Piece::default();
    if bytes.is_empty() {
        piece.end = Some(Err(io::ErrorKind::UnexpectedEof.into()));
    }
    while !bytes.is_empty() {
        let length = number(bytes, 0).and_then(|length| usize::try_from(length).ok());
        let message = length.and_then(|length| bytes.get(HEADER..length));
        let (Some(SOCK_DIAG_BY_FAMILY), Some(message)) = (short(bytes, 4), message) else {
            piece.end = Some(end(short(bytes, 4), message.unwrap_or_default()));
            break;
        };
        piece.sockets.extend(entry(message));
        // Messages begin at multiples of four.
        bytes = bytes.get((HEADER + message.len()).next_multiple_of(4)..).unwrap_or_default();
    }
    piece
}

/// What a message says that is about no socket: the end, or an error. Both begin with a negative error number, or 0.
fn end(kind: Option<u16>, message: &[u8]) -> io::Result<()> {
    let is_end = kind.is_some_and(|kind| {
        [libc::NLMSG_DONE, libc::NLMSG_ERROR].contains(&libc::c_int::from(kind))
    });
    match number(message, 0).map(u32::cast_signed) {
        Some(0) if is_end => Ok(()),
        Some(error) if is_end && error < 0 => {
            Err(io::Error::from_raw_os_error(error.wrapping_neg()))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// What the kernel says of a socket in an `inet_diag_msg` and the attributes behind it.
fn entry(message: &[u8]) -> Option<SocketEntry> {
    let (message, attributes) = message.split_first_chunk::<ANSWER>()?;
    let ip = match libc::c_int::from(message[0]) {
        libc::AF_INET => IpAddr::from(Ipv4Addr::from(*message[8..].first_chunk::<4>()?)),
        libc::AF_INET6 => IpAddr::from(Ipv6Addr::from(*message[8..].first_chunk::<16>()?)),
        _ => return None,
    };
    let port = u16::from_be_bytes([message[4], message[5]]);
    let state = match message[1] {
        LISTEN => SocketState::Listen,
        TIME_WAIT => SocketState::TimeWait,
        CLOSE => SocketState::Bound,
        _ => SocketState::Other,
    };
    Some(SocketEntry {
        local: SocketAddr::new(ip, port),
        state,
        id: number(message, 68).filter(|inode| *inode != 0).map(u64::from),
        uid: number(message, 64),
        pid: None,
        waiting: number(message, 56).filter(|_| state == SocketState::Listen).unwrap_or(0),
        is_ipv6_only: attribute(attributes, INET_DIAG_SKV6ONLY)
            .and_then(|value| value.first())
            .map(|is_only| *is_only != 0),
    })
}

/// The value of the attribute of this kind.
fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(short(bytes, 0)?);
        let value = bytes.get(ATTRIBUTE..length)?;
        if short(bytes, 2)? == wanted {
            return Some(value);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    /// A message of the kernel about a socket on `127.0.0.1:3030`.
    fn answer() -> Vec<u8> {
        answer_with(libc::AF_INET, &[])
    }

    fn answer_with(family: libc::c_int, attributes: &[u8]) -> Vec<u8> {
        let mut message = [0; ANSWER];
        message[0] = family as u8;
        message[1] = LISTEN;
        message[4..6].copy_from_slice(&3030_u16.to_be_bytes());
        message[8..12].copy_from_slice(&[127, 0, 0, 1]);
        message[56..60].copy_from_slice(&2_u32.to_ne_bytes());
        message[64..68].copy_from_slice(&1000_u32.to_ne_bytes());
        message[68..72].copy_from_slice(&1192_u32.to_ne_bytes());
        framed(SOCK_DIAG_BY_FAMILY, &[&message, attributes].concat())
    }

    fn framed(kind: u16, message: &[u8]) -> Vec<u8> {
        let length = ((HEADER + message.len()) as u32).to_ne_bytes();
        [&length[..], &kind.to_ne_bytes(), &[0; 10], message].concat()
    }

    fn attribute_of(kind: u16, value: u8) -> Vec<u8> {
        [&5_u16.to_ne_bytes()[..], &kind.to_ne_bytes(), &[value, 0, 0, 0]].concat()
    }

    #[test]
    fn an_answer_is_read_with_address_user_and_inode_and_ends_with_the_word_for_it() {
        let done = framed(libc::NLMSG_DONE as u16, &[0; 4]);
        let piece = parse(&[answer(), answer(), done].concat());
        assert!(matches!(piece.end, Some(Ok(()))), "{piece:?}");
        let socket = SocketEntry {
            local: SocketAddr::from(([127, 0, 0, 1], 3030)),
            state: SocketState::Listen,
            id: Some(1192),
            uid: Some(1000),
            pid: None,
            waiting: 2,
            is_ipv6_only: None,
        };
        assert_eq!(piece.sockets, [socket.clone(), socket]);
        assert!(parse(&answer()).end.is_none());
    }

    #[test]
    fn an_attribute_says_whether_a_socket_is_for_ipv6_alone() {
        for (value, expected) in [(0, false), (1, true)] {
            let attributes = [attribute_of(8, 7), attribute_of(INET_DIAG_SKV6ONLY, value)].concat();
            let read = parse(&answer_with(libc::AF_INET6, &attributes));
            assert_eq!(read.sockets[0].is_ipv6_only, Some(expected));
        }
        let other = parse(&answer_with(libc::AF_INET6, &attribute_of(8, 1)));
        assert_eq!(other.sockets[0].is_ipv6_only, None);
    }

    #[test]
    fn a_refusal_is_an_error_with_its_number() {
        for kind in [libc::NLMSG_ERROR, libc::NLMSG_DONE] {
            let refusal = framed(kind as u16, &(-libc::ENOENT).to_ne_bytes());
            let end = parse(&refusal).end.expect("the end");
            assert_eq!(end.expect_err("refused").raw_os_error(), Some(libc::ENOENT));
        }
        assert!(parse(&[]).end.expect("the end").is_err());
        let other = framed(99, &[0; 4]);
        assert!(parse(&other).end.expect("the end").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            attributes in proptest::collection::vec(any::<u8>(), 0..40),
            cut in 0..HEADER + ANSWER,
        ) {
            parse(&bytes);
            let read = parse(&answer_with(libc::AF_INET6, &attributes));
            prop_assert_eq!(read.sockets.len(), 1);
            let read = parse(&answer()[..cut]);
            prop_assert!(read.sockets.is_empty() && read.end.is_some_and(|end| end.is_err()));
        }
    }
}
