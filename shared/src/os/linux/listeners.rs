//! The listeners of this network namespace, and the end of one.

use std::{io, sync::Arc};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, eventfd, poll},
    fd::OwnedFd,
    io::Errno,
    net::{RecvFlags, netlink::SocketAddrNetlink},
};
use socket2::{SockFilter, Socket};

use super::{sock_diag, tables};
use crate::{
    os::interface::{ListenerSource, SocketEntry, SocketState},
    port::Port,
};

/// Every listener that can be seen from here: the kernel tells of them, or else they are picked from the tables
/// of all sockets, which do not say whether one is for IPv6 alone.
///
/// # Errors
///
/// If the tables cannot be read either.
pub fn listeners() -> io::Result<Vec<SocketEntry>> {
    found(sock_diag::listeners, tables::sockets).map(|(listeners, _)| listeners)
}

/// How [`listeners`] finds them here.
///
/// # Errors
///
/// Those of [`listeners`].
pub fn listener_source() -> io::Result<ListenerSource> {
    found(sock_diag::listeners, tables::sockets).map(|(_, source)| source)
}

fn found(
    ask: impl FnOnce() -> io::Result<Vec<SocketEntry>>,
    read: impl FnOnce() -> io::Result<Vec<SocketEntry>>,
) -> io::Result<(Vec<SocketEntry>, ListenerSource)> {
    if let Ok(listeners) = ask() {
        return Ok((listeners, ListenerSource::SockDiag));
    }
    let mut sockets = read()?;
    sockets.retain(|socket| socket.state == SocketState::Listen);
    Ok((sockets, ListenerSource::ProcTables))
}

/// The groups `SKNLGRP_INET_TCP_DESTROY` and `SKNLGRP_INET6_TCP_DESTROY`, as bits.
const TCP_DESTROY: u32 = 1 << 0 | 1 << 2;

/// Where the kernel's message about a socket has the two ports: in `inet_diag_sockid`, behind the `nlmsghdr`.
const OWN_PORT: u32 = 20;
const PEER_PORT: u32 = 22;

/// Waits for the end of listeners on a port. A listener ends when the last process that has it closes it.
#[derive(Debug, Clone)]
pub struct ListenerEndMonitor(Arc<Descriptors>);

#[derive(Debug)]
struct Descriptors {
    kernel: Socket,
    interrupt: OwnedFd,
}

impl ListenerEndMonitor {
    /// From now on each end counts, also one before the first [`wait`](Self::wait). `None` where the kernel does
    /// not tell.
    pub fn open(port: Port) -> Option<Self> {
        let kernel = sock_diag::open().ok()?;
        // Nothing else wakes the one who waits: the kernel tells of the end of each connection of this computer.
        kernel.attach_filter(&only_listeners_of(port)).ok()?;
        rustix::net::bind(&kernel, &SocketAddrNetlink::new(0, TCP_DESTROY)).ok()?;
        let interrupt = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
        Some(Self(Arc::new(Descriptors { kernel, interrupt })))
    }

    /// Blocks until a listener has ended; false once it is interrupted.
    pub fn wait(&self) -> bool {
        let Descriptors { kernel, interrupt } = &*self.0;
        loop {
            let mut both =
                [PollFd::new(interrupt, PollFlags::IN), PollFd::new(kernel, PollFlags::IN)];
            match poll(&mut both, None) {
                Err(Errno::INTR) => continue,
                Err(_) => return false,
                Ok(_) if !both[0].revents().is_empty() => return false,
                Ok(_) if has_message(kernel) => return true,
                Ok(_) => {}
            }
        }
    }

    /// Has every [`wait`](Self::wait) return, now and later.
    pub fn interrupt(&self) {
        // A counter that is full wakes as well.
        let _ = rustix::io::write(&self.0.interrupt, &1_u64.to_ne_bytes());
    }
}

/// Takes all messages out of the queue. If it was too short for all, some were lost.
fn has_message(kernel: &Socket) -> bool {
    let mut is_any = false;
    loop {
        match rustix::net::recv(kernel, &mut [0; 1][..], RecvFlags::DONTWAIT) {
            Ok(_) | Err(Errno::NOBUFS) => is_any = true,
            Err(Errno::INTR) => {}
            Err(_) => return is_any,
        }
    }
}

/// A filter (classic BPF) that lets only messages pass about sockets on this port without a peer.
fn only_listeners_of(port: Port) -> [SockFilter; 6] {
    let load = |at| SockFilter::new((libc::BPF_LD | libc::BPF_H | libc::BPF_ABS) as u16, 0, 0, at);
    let unless = |value, skip| {
        SockFilter::new((libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16, 0, skip, value)
    };
    let end = |bytes| SockFilter::new((libc::BPF_RET | libc::BPF_K) as u16, 0, 0, bytes);
    let wanted = u32::from(port.get());
    [load(OWN_PORT), unless(wanted, 3), load(PEER_PORT), unless(0, 1), end(u32::MAX), end(0)]
}

#[cfg(test)]
mod test {
    use std::{
        net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
        sync::mpsc,
        thread,
        time::Duration,
    };

    use socket2::{Domain, Type};

    use super::*;

    fn local(listener: &TcpListener) -> SocketAddr {
        listener.local_addr().expect("an address")
    }

    fn port(listener: &TcpListener) -> Port {
        Port::new(local(listener).port()).expect("not 0")
    }

    fn listening(ip: IpAddr, is_ipv6_only: bool) -> Option<TcpListener> {
        let address = SocketAddr::new(ip, 0);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).ok()?;
        if ip.is_ipv6() {
            socket.set_only_v6(is_ipv6_only).ok()?;
        }
        socket.bind(&address.into()).ok()?;
        socket.listen(1).ok()?;
        Some(socket.into())
    }

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
    const EVERY: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

    #[test]
    fn the_kernel_tells_what_the_tables_have_and_who_is_for_ipv6_alone() {
        let (dual, only) = (listening(EVERY, false), listening(EVERY, true));
        let v4 = listening(V4, false).expect("a port");
        let client = TcpStream::connect(local(&v4)).expect("it listens");
        let told = sock_diag::listeners().expect("this kernel tells");
        let (tables, source) =
            found(|| Err(io::ErrorKind::Unsupported.into()), tables::sockets).expect("tables");
        assert_eq!(source, ListenerSource::ProcTables);
        assert!(told.iter().chain(&tables).all(|entry| entry.state == SocketState::Listen));
        let one = |of: &[SocketEntry], listener: &TcpListener| {
            of.iter().find(|entry| entry.local == local(listener)).cloned().expect("it listens")
        };
        for listener in [Some(&v4), dual.as_ref(), only.as_ref()].into_iter().flatten() {
            let expected = one(&tables, listener);
            let found = one(&told, listener);
            assert_eq!(expected, SocketEntry { is_ipv6_only: None, ..found });
            assert!(expected.id.is_some(), "{expected:?}");
        }
        assert_eq!(one(&told, &v4).waiting, 1);
        assert_eq!(one(&told, &v4).is_ipv6_only, None);
        for (listener, is_ipv6_only) in [(dual, false), (only, true)] {
            let Some(listener) = listener else { continue };
            assert_eq!(one(&told, &listener).is_ipv6_only, Some(is_ipv6_only));
        }
        drop(client);
    }

    #[test]
    fn without_any_table_the_error_says_why() {
        let refused = || Err(io::ErrorKind::Unsupported.into());
        let error = found(refused, || Err(io::ErrorKind::NotFound.into())).expect_err("no table");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let source = found(|| Ok(Vec::new()), || unreachable!("not needed")).expect("told");
        assert_eq!(source, (Vec::new(), ListenerSource::SockDiag));
    }

    /// What a thread that waits is told.
    fn waits(monitor: &ListenerEndMonitor) -> mpsc::Receiver<bool> {
        let (sender, receiver) = mpsc::channel();
        let monitor = monitor.clone();
        thread::spawn(move || {
            let mut goes_on = true;
            while goes_on {
                goes_on = monitor.wait();
                let _ = sender.send(goes_on);
            }
        });
        receiver
    }

    /// How long a busy computer may take.
    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn only_the_end_of_a_listener_on_the_port_wakes_and_an_interrupt_ends_the_wait() {
        for ip in [V4, V6] {
            let Some(listener) = listening(ip, true) else { continue };
            let monitor = ListenerEndMonitor::open(port(&listener)).expect("this kernel tells");
            let told = waits(&monitor);
            // A connection to the port ends, and a listener on another one.
            let client = TcpStream::connect(local(&listener)).expect("it listens");
            drop(listener.accept().expect("the client"));
            drop(client);
            drop(listening(ip, true).expect("a port"));
            let second = listener.try_clone().expect("a descriptor");
            drop(listener);
            let none = told.recv_timeout(Duration::from_millis(100));
            assert_eq!(none, Err(mpsc::RecvTimeoutError::Timeout), "one still has it");
            drop(second);
            assert_eq!(told.recv_timeout(LIMIT), Ok(true));
            monitor.interrupt();
            assert_eq!(told.recv_timeout(LIMIT), Ok(false));
            assert!(!monitor.wait(), "interrupted for ever");
        }
    }
}
