//! Reservations on this very system. On one where a program cannot listen over them most of this does not apply.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
};

use socket2::{Domain, Socket, Type};

use crate::{
    claim::{self, LOOPBACKS, Reservation, reserve, reserve_any},
    os::{self, SocketState, SocketTables},
    port::Port,
};

/// Binds as a server does, with `SO_REUSEADDR` or without, and listens.
fn serve(address: SocketAddr, shares: bool) -> io::Result<Socket> {
    let server = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        server.set_only_v6(true)?;
    }
    server.set_reuse_address(shares)?;
    server.bind(&address.into())?;
    server.listen(1)?;
    Ok(server)
}

fn is_in_use<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// A connection to a server at `ip` that was accepted and closed by the server first, so that what is left of it keeps
/// the port. The server sets the option; it is gone.
fn left_by_a_run(ip: IpAddr) -> Option<Port> {
    let server = serve(SocketAddr::new(ip, 0), true).ok()?;
    let address = server.local_addr().ok()?.as_socket()?;
    let client = TcpStream::connect(address).expect("it listens");
    drop(server.accept().expect("the client"));
    drop(client);
    drop(server);
    let is_left = is_in_use(serve(address, false));
    assert!(is_left || Reservation::must_be_released_before_start(), "nothing keeps {address}");
    Port::new(address.port())
}

#[test]
fn a_program_that_sets_the_option_listens_over_a_reservation_and_no_other_one_does() {
    if Reservation::must_be_released_before_start() {
        return;
    }
    let reserved = reserve_any().expect("some port");
    assert!(reserved.is_held() && !reserved.addresses().is_empty());
    for address in reserved.addresses() {
        assert_eq!(address.port(), reserved.port().get());
        assert!(is_in_use(serve(address, false)), "{address}");
        // As often as a program starts again.
        for _ in 0..2 {
            let server = serve(address, true).expect("over the reservation");
            let client = TcpStream::connect(address).expect("it listens");
            drop(server.accept().expect("the client"));
            drop(client);
            assert!(is_in_use(serve(address, true)), "{address} has a listener");
        }
        TcpStream::connect(address).expect_err("no program listens");
    }
}

#[test]
fn a_listener_of_ours_over_a_reservation_comes_and_goes_and_lets_no_other_one_in() {
    if Reservation::must_be_released_before_start() {
        return;
    }
    let reserved = reserve_any().expect("some port");
    for address in reserved.addresses() {
        for _ in 0..2 {
            let listener = claim::listen_over_reservation(address).expect("reserved");
            let client = TcpStream::connect(address).expect("it listens");
            let accepted = listener.accept().expect("the client");
            assert!(is_in_use(serve(address, true)) && is_in_use(serve(address, false)));
            drop(listener);
            assert!(is_in_use(serve(address, false)), "it is reserved, as before");
            // A connection that goes on keeps no program from the address.
            drop(serve(address, true).expect("over the reservation"));
            drop((client, accepted));
        }
        let server = serve(address, true).expect("over the reservation");
        let error = claim::listen_over_reservation(address).expect_err("it is served");
        assert_eq!((error.address, error.source.kind()), (address, io::ErrorKind::AddrInUse));
        drop(server);
    }
}

#[test]
fn a_reserved_port_is_neither_claimed_nor_reserved_again_also_when_its_program_is_gone() {
    let reserved = reserve_any().expect("some port");
    let refused = || {
        let claimed = claim::port(reserved.port()).expect_err("it is reserved");
        let again = reserve(reserved.port()).expect_err("it is reserved");
        [claimed, again].iter().all(claim::ClaimError::is_conflict)
            && !claim::can_be_bound(reserved.port())
    };
    assert!(refused());
    if Reservation::must_be_released_before_start() || !tells_bound_sockets(reserved.port()) {
        return;
    }
    for address in reserved.addresses() {
        let server = serve(address, true).expect("over the reservation");
        let client = TcpStream::connect(address).expect("it listens");
        drop(server.accept().expect("the client"));
        drop((client, server));
        assert!(refused(), "beside what is left of a connection to {address}");
    }
}

/// Whether this system tells of sockets that are bound and do not listen: Linux from 6.8 on.
fn tells_bound_sockets(port: Port) -> bool {
    let sockets = os::System::default().sockets().expect("tables");
    let mut there = sockets.iter().filter(|socket| socket.local.port() == port.get());
    there.any(|socket| socket.state == SocketState::Bound)
}

#[test]
fn a_reserved_port_is_given_to_no_program_that_asks_for_any_and_to_no_connection() {
    let listener = claim::any().expect("some port");
    let mut reserved = reserve_any().expect("some port");
    let port = reserved.port();
    for there in listener.addresses() {
        let of_one_port = || {
            let socket = Socket::new(Domain::for_address(there), Type::STREAM, None)?;
            os::take_ports_from(&socket, port)?;
            Ok::<_, io::Error>(socket)
        };
        let any = SocketAddr::new(there.ip(), 0).into();
        let connects = || of_one_port().map(|client| client.connect(&there.into()));
        let binds = || of_one_port().map(|socket| socket.bind(&any).map(|()| socket));
        let (Ok(connected), Ok(bound)) = (connects(), binds()) else { return };
        assert!(connected.is_err() && bound.is_err(), "{there}");
    }
    reserved.release();
    let there = listener.addresses()[0];
    let client = Socket::new(Domain::for_address(there), Type::STREAM, None).expect("a socket");
    os::take_ports_from(&client, port).expect("as before");
    client.connect(&there.into()).expect("the port is released");
    let taken = client.local_addr().expect("it is connected").as_socket().expect("an address");
    assert_eq!(taken.port(), port.get());
}

#[test]
fn what_is_left_of_connections_refuses_neither_a_reservation_nor_a_claim() {
    if Reservation::must_be_released_before_start() {
        return;
    }
    for ip in LOOPBACKS {
        let Some(port) = left_by_a_run(ip) else { continue };
        let reserved = reserve(port).expect("nothing but a closed connection is there");
        assert_eq!((reserved.port(), reserved.is_held()), (port, true));
        drop(reserved);
        let claimed = claim::port(port).expect("nothing but a closed connection is there");
        assert_eq!(claimed.port(), port);
    }
}

/// The option comes from the listener to its connections, so a claim passes what one before it has left.
#[test]
fn a_claim_is_not_refused_by_the_connections_of_the_claim_before_it() {
    let first = claim::any().expect("some port");
    let port = first.port();
    for (address, listener) in first.addresses().into_iter().zip(first.listeners()) {
        let client = TcpStream::connect(address).expect("it listens");
        drop(listener.accept().expect("the client"));
        drop(client);
    }
    drop(first);
    if !Reservation::must_be_released_before_start() {
        claim::port(port).expect("nothing but closed connections is there");
    }
}

#[test]
fn a_reservation_that_is_released_keeps_its_port_as_a_number_alone() {
    let mut reserved = reserve_any().expect("some port");
    let (port, addresses) = (reserved.port(), reserved.addresses());
    reserved.release();
    assert_eq!((reserved.is_held(), reserved.port()), (false, port));
    assert_eq!(reserved.addresses(), addresses);
    let claimed = claim::port(port).expect("released");
    assert_eq!(claimed.addresses(), addresses);
}
