//! Reads the tables of `GetExtendedTcpTable`: pure, and bounded by what is there.
//!
//! A table is a count and so many rows of 32-bit words, `MIB_TCPTABLE_OWNER_PID` and
//! `MIB_TCP6TABLE_OWNER_PID`. Numbers are in the machine's order, but for ports, which stand in the
//! order of the network in the first two bytes of their word. What does not fit is passed over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::os::interface::{SocketEntry, SocketState};

/// Bytes of the count before the rows.
const HEAD: usize = 4;

/// `MIB_TCP_STATE_CLOSED`: bound at most, which on other systems is in no table.
const CLOSED: u32 = 1;

/// `MIB_TCP_STATE_LISTEN`.
const LISTEN: u32 = 2;

/// `MIB_TCP_STATE_TIME_WAIT`.
const TIME_WAIT: u32 = 11;

/// Where the words of a row are.
struct RowLayout {
    bytes: usize,
    address: usize,
    port: usize,
    state: usize,
    pid: usize,
}

/// State, address, port, remote address, remote port, process.
const ROW_V4: RowLayout = RowLayout { bytes: 24, address: 4, port: 8, state: 0, pid: 20 };

/// Address (16), scope, port, remote address (16), remote scope, remote port, state, process.
const ROW_V6: RowLayout = RowLayout { bytes: 56, address: 0, port: 20, state: 48, pid: 52 };

/// The sockets of an `AF_INET` table.
pub(super) fn v4(table: &[u8]) -> Vec<SocketEntry> {
    let ip = |bytes: &[u8]| Some(IpAddr::V4(Ipv4Addr::from(*bytes.first_chunk::<4>()?)));
    rows(table, &ROW_V4, ip)
}

/// The sockets of an `AF_INET6` table.
pub(super) fn v6(table: &[u8]) -> Vec<SocketEntry> {
    let ip = |bytes: &[u8]| Some(IpAddr::V6(Ipv6Addr::from(*bytes.first_chunk::<16>()?)));
    rows(table, &ROW_V6, ip)
}

fn rows(
    table: &[u8],
    layout: &RowLayout,
    ip: impl Fn(&[u8]) -> Option<IpAddr>,
) -> Vec<SocketEntry> {
    let count = word(table, 0).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let rows = table.get(HEAD..).unwrap_or_default().chunks_exact(layout.bytes);
    let entry = |row: &[u8]| {
        let port = u16::from_be_bytes(*row.get(layout.port..)?.first_chunk::<2>()?);
        let state = match word(row, layout.state)? {
            CLOSED => return None,
            LISTEN => SocketState::Listen,
            TIME_WAIT => SocketState::TimeWait,
            _ => SocketState::Other,
        };
        Some(SocketEntry {
            local: SocketAddr::new(ip(row.get(layout.address..)?)?, port),
            state,
            id: None,
            uid: None,
            // Process 0 stands for none: a closed connection, or a system that does not report it.
            pid: word(row, layout.pid).filter(|&pid| pid != 0),
            waiting: 0,
            is_ipv6_only: None,
        })
    };
    rows.take(count).filter_map(entry).collect()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    /// `rows` with their count before them.
    fn table(count: u32, rows: &[Vec<u8>]) -> Vec<u8> {
        [count.to_ne_bytes().to_vec(), rows.concat()].concat()
    }

    /// A port as it stands in a row; Windows leaves anything in the other two bytes.
    fn port(number: u16) -> Vec<u8> {
        [&number.to_be_bytes()[..], &[0xAB, 0xCD]].concat()
    }

    fn row_v4(state: u32, ip: [u8; 4], number: u16, pid: u32) -> Vec<u8> {
        let remote = [[0; 4].to_vec(), port(443)].concat();
        let pid = pid.to_ne_bytes().to_vec();
        [state.to_ne_bytes().to_vec(), ip.to_vec(), port(number), remote, pid].concat()
    }

    fn row_v6(state: u32, ip: Ipv6Addr, number: u16, pid: u32) -> Vec<u8> {
        let (state, pid) = (state.to_ne_bytes().to_vec(), pid.to_ne_bytes().to_vec());
        let scope = vec![0; 4];
        let remote = [vec![0; 16], scope.clone(), port(443)].concat();
        [ip.octets().to_vec(), scope, port(number), remote, state, pid].concat()
    }

    #[test]
    fn listeners_connections_and_what_is_left_of_them_are_told_apart() {
        let rows = [
            row_v4(2, [127, 0, 0, 1], 3030, 812),
            row_v4(5, [10, 0, 0, 7], 50000, 4),
            row_v4(11, [127, 0, 0, 1], 3030, 0),
            row_v4(1, [127, 0, 0, 1], 3030, 812),
        ];
        let sockets = v4(&table(4, &rows));
        let told: Vec<_> = sockets.iter().map(|s| (s.local.to_string(), s.state, s.pid)).collect();
        let expected = [
            ("127.0.0.1:3030".to_owned(), SocketState::Listen, Some(812)),
            ("10.0.0.7:50000".to_owned(), SocketState::Other, Some(4)),
            ("127.0.0.1:3030".to_owned(), SocketState::TimeWait, None),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_longer_rows_of_ipv6_are_read() {
        let rows = [row_v6(2, Ipv6Addr::LOCALHOST, 80, 4), row_v6(2, Ipv6Addr::UNSPECIFIED, 1, 7)];
        let told: Vec<_> =
            v6(&table(2, &rows)).iter().map(|s| (s.local.to_string(), s.pid)).collect();
        assert_eq!(told, [("[::1]:80".to_owned(), Some(4)), ("[::]:1".to_owned(), Some(7))]);
    }

    #[test]
    fn no_more_is_read_than_is_said_and_no_more_than_is_there() {
        let rows = [row_v4(2, [0; 4], 1, 1), row_v4(2, [0; 4], 2, 2)];
        assert_eq!(v4(&table(1, &rows)).len(), 1);
        assert_eq!(v4(&table(u32::MAX, &rows)).len(), 2);
        let whole = table(2, &rows);
        assert_eq!(v4(&whole[..whole.len() - 1]).len(), 1);
        assert_eq!((v4(&[]).len(), v6(&[2, 0]).len()), (0, 0));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(v4(&bytes).len() <= bytes.len() / ROW_V4.bytes);
            prop_assert!(v6(&bytes).len() <= bytes.len() / ROW_V6.bytes);
        }
    }
}
