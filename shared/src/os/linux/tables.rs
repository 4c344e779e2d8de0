//! The kernel's tables of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6`.

use std::{
    fs::File,
    io::{self, Read},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use crate::os::interface::{SocketEntry, SocketState};

/// The most that is read of one table: over 100,000 sockets at 150 bytes each. A system with more
/// gets a diagnosis from these.
const MAX_TABLE: u64 = 16 << 20;

/// Room for the sockets of an ordinary machine, so that reading does not begin with tiny steps.
const USUAL_TABLE: usize = 64 << 10;

/// Every TCP socket of this network namespace.
pub(super) fn sockets() -> io::Result<Vec<SocketEntry>> {
    let mut entries = parse(&read("/proc/net/tcp")?);
    // Without IPv6 in the kernel there is no such file, and no such socket.
    entries.extend(read("/proc/net/tcp6").map(|text| parse(&text)).unwrap_or_default());
    Ok(entries)
}

fn read(path: &str) -> io::Result<String> {
    let mut text = String::with_capacity(USUAL_TABLE);
    File::open(path)?.take(MAX_TABLE).read_to_string(&mut text)?;
    Ok(text)
}

/// Reads what it understands: the heading, a line that was cut off, and whatever a later kernel may
/// add are passed over.
fn parse(table: &str) -> Vec<SocketEntry> {
    table.lines().filter_map(entry).collect()
}

/// One line: `sl local remote st tx:rx tr:when retrnsmt uid timeout inode ...`, mostly in
/// hexadecimal digits. For a listener `rx` counts the connections that wait to be accepted.
fn entry(line: &str) -> Option<SocketEntry> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = address(fields.next()?)?;
    let state = match fields.nth(1)? {
        "0A" => SocketState::Listen,
        "06" => SocketState::TimeWait,
        state if state.len() == 2 => SocketState::Other,
        _ => return None,
    };
    let (_, waiting) = fields.next()?.split_once(':')?;
    let waiting = u32::from_str_radix(waiting, 16).ok()?;
    let uid: u32 = fields.nth(2)?.parse().ok()?;
    let inode: u64 = fields.nth(1)?.parse().ok()?;
    let id = (inode != 0).then_some(inode);
    // A closed connection belongs to no process, and 0 then does not mean root.
    let uid = (id.is_some() || state == SocketState::Listen).then_some(uid);
    Some(SocketEntry { local, state, id, uid, pid: None, waiting, is_ipv6_only: None })
}

/// `0100007F:0BD6`: the bytes of the address as words in the order of this machine.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| {
        let word = u32::from_str_radix(ip.get(at * 8..at * 8 + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod test {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BD6 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 1192 1 0000000048 100 0 0 10 0
   1: 0100007F:C350 0100007F:0BD6 01 00000000:00000000 00:00000000 00000000     0        0 77 1 0000000048 20 4 30 10 -1
   2: 00000000:1F90 0100007F:C351 06 00000000:00000000 03:00000F9A 00000000     0        0 0 3 0000000048
";
    const TABLE6: &str = "\
   0: 00000000000000000000000001000000:0BD6 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:0BD6 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 6 1 0 100 0 0 10 0
";

    #[test]
    fn sockets_are_read_with_their_state_their_user_and_their_queue() {
        let [listener, client, gone] = parse(TABLE).try_into().expect("three lines");
        assert_eq!(listener.local, SocketAddr::from(([127, 0, 0, 1], 3030)));
        assert_eq!((listener.state, listener.waiting), (SocketState::Listen, 2));
        assert_eq!((listener.uid, listener.id), (Some(1000), Some(1192)));
        assert_eq!((client.local.port(), client.state), (50000, SocketState::Other));
        assert_eq!((gone.state, gone.id, gone.uid), (SocketState::TimeWait, None, None));
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        let local: Vec<_> = parse(TABLE6).iter().map(|entry| entry.local.to_string()).collect();
        assert_eq!(local, ["[::1]:3030", "[::ffff:127.0.0.1]:3030"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", cut in 0..TABLE.len()) {
            parse(&text);
            prop_assert!(parse(&TABLE[..cut]).len() <= 3);
        }
    }
}
