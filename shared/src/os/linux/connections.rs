//! Whether what refuses an address is nothing but connections, open or over.

use std::net::{IpAddr, SocketAddr};

use rustix::fs::fstat;
use socket2::Socket;

use super::{sock_diag, tables};
use crate::os::interface::{SocketEntry, SocketState};

/// Whether nothing but connections, open or over, has an address besides our `own` bound socket: no listener, and no
/// socket that is merely bound, such as the reservation of another app.
///
/// Asked only after a refusal, because the kernel goes through all of its sockets for it. One before 6.8, or one that
/// refuses `sock_diag(7)`, does not tell of sockets that are merely bound: there the connections are believed, as
/// `TIME_WAIT` must not cost an app its port. Where neither that nor `/proc/net` can be read the answer is no.
pub fn has_connections_alone(address: SocketAddr, own: &Socket) -> bool {
    let Ok(about) = fstat(own) else { return false };
    let seen = sock_diag::at_port(address.port()).or_else(|_| tables::sockets());
    seen.is_ok_and(|sockets| are_connections(&sockets, address, about.st_ino))
}

fn are_connections(sockets: &[SocketEntry], address: SocketAddr, own: u64) -> bool {
    let is_there = |socket: &&SocketEntry| {
        socket.local.port() == address.port()
            && meets(socket.local.ip(), address.ip())
            && socket.id != Some(own)
    };
    let mut there = sockets.iter().filter(is_there).peekable();
    let is_connection =
        |socket: &SocketEntry| matches!(socket.state, SocketState::TimeWait | SocketState::Other);
    there.peek().is_some() && there.all(is_connection)
}

/// Whether a socket at `held` can keep `wanted` from another one. `::` may be for both families.
fn meets(held: IpAddr, wanted: IpAddr) -> bool {
    let (is_dual, held) = (held == IpAddr::from([0_u16; 8]), held.to_canonical());
    let is_one_family = held.is_ipv4() == wanted.is_ipv4();
    let is_every = held.is_unspecified() || wanted.is_unspecified();
    is_one_family && (held == wanted || is_every) || is_dual && wanted.is_ipv4()
}

/// Makes the kernel choose no local port for a socket but this one; an error before Linux 6.3.
#[cfg(test)]
pub fn take_ports_from(socket: &Socket, port: crate::port::Port) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;
    const IP_LOCAL_PORT_RANGE: libc::c_int = 51;
    let range = u32::from(port.get()) << 16 | u32::from(port.get());
    // SAFETY: the socket is open while it is borrowed, and the option is four bytes, which `range` has until the
    // call returns.
    let failed = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            IP_LOCAL_PORT_RANGE,
            (&raw const range).cast(),
            4,
        )
    };
    if failed == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(test)]
mod test {
    use super::*;

    fn socket(local: &str, state: SocketState, id: u64) -> SocketEntry {
        let local = local.parse().expect("an address");
        SocketEntry {
            local,
            state,
            id: Some(id),
            uid: None,
            pid: None,
            waiting: 0,
            is_ipv6_only: None,
        }
    }

    #[test]
    fn a_listener_or_a_socket_that_is_merely_bound_is_no_connection_unless_it_is_our_own() {
        use SocketState::{Bound, Listen, Other, TimeWait};
        let wanted = SocketAddr::from(([127, 0, 0, 1], 9));
        let own = socket("127.0.0.1:9", Bound, 1);
        for (local, state, is_alone) in [
            ("127.0.0.1:9", TimeWait, true),
            ("127.0.0.1:9", Other, true),
            ("[::ffff:127.0.0.1]:9", TimeWait, true),
            ("127.0.0.1:9", Bound, false),
            ("0.0.0.0:9", Bound, false),
            ("[::]:9", Listen, false),
            // These keep the address from no one, so they do not explain the refusal.
            ("[::1]:9", TimeWait, false),
            ("127.0.0.2:9", TimeWait, false),
            ("127.0.0.1:10", TimeWait, false),
        ] {
            let seen = [own.clone(), socket(local, state, 2)];
            assert_eq!(are_connections(&seen, wanted, 1), is_alone, "{local} {state:?}");
        }
        let both = [own, socket("127.0.0.1:9", TimeWait, 2), socket("127.0.0.1:9", Bound, 3)];
        assert!(!are_connections(&both, wanted, 1));
        assert!(!are_connections(&both[..1], wanted, 1));
    }
}
