//! The rows of this system's tables for sockets of this process.

use std::{
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use socket2::{Domain, Socket, Type};

use super::nowhere;
use crate::{
    app::AppName,
    claim::{self, LOOPBACKS},
    conflict::{Class, Holder},
    diagnose::{Depth, Diagnostician, Finding},
    identity::Secret,
    os::{self, SocketState, SocketTables},
    port::Port,
};

/// A socket bound to a port of the system's choice, with nothing that would let others share it.
fn bound(ip: IpAddr) -> Option<(Socket, Port)> {
    let address = SocketAddr::new(ip, 0);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).ok()?;
    socket.bind(&address.into()).ok()?;
    let port = socket.local_addr().ok()?.as_socket()?.port();
    Some((socket, Port::new(port)?))
}

fn diagnostician() -> Diagnostician {
    Diagnostician::new(AppName::default(), &nowhere(), Secret::random())
}

fn claim_and_examine(port: Port) -> Finding {
    let error = claim::port(port).expect_err("taken");
    diagnostician().examine(port, &error, Depth::Full)
}

/// Whether this system reports the process of a socket: Wine does not.
fn tells_processes() -> bool {
    let claim = claim::any().expect("some port");
    let sockets = os::System::default().sockets().expect("tables");
    let mut ours = sockets.iter().filter(|socket| socket.local.port() == claim.port().get());
    ours.any(|socket| socket.id.is_some() || socket.pid.is_some())
}

fn assert_is_this_process(holder: Option<Holder>) {
    let holder = holder.expect("this process");
    assert_eq!(holder.pid, Some(std::process::id()));
    let exe = std::env::current_exe().expect("a file");
    assert_eq!(holder.exe.as_deref(), exe.to_str());
    let name = holder.name.expect("a name");
    assert!(exe.file_name().and_then(|file| file.to_str()).expect("a name").starts_with(&name));
    let system = os::System::default();
    if let Some(uid) = system.own_uid() {
        assert_eq!(holder.user, system.user_name(uid));
    }
    let age = Timestamp::now().duration_since(holder.started_at.expect("a time"));
    // The system's start is in whole seconds, so it may seem to be a little in the future.
    assert!(age > SignedDuration::from_secs(-2) && age < SignedDuration::from_hours(12), "{age}");
}

#[test]
fn a_listener_of_this_process_is_found_with_all_that_can_be_told() {
    let claim = claim::any().expect("some port");
    let finding = claim_and_examine(claim.port());
    assert_eq!(finding.class, Class::InUse);
    if tells_processes() {
        assert_is_this_process(finding.holder);
    }
}

#[test]
fn an_explicit_port_that_is_taken_has_a_conflict_with_the_error_and_the_holder() {
    let held = claim::any().expect("some port");
    let error = claim::port(held.port()).expect_err("ours already");
    let conflict = diagnostician().explicit_conflict(held.port(), &error, true, Instant::now());
    assert!(conflict.last_good && conflict.os_error.is_some());
    assert_eq!((conflict.port, conflict.class), (held.port(), Class::InUse));
    if tells_processes() {
        assert_is_this_process(conflict.holder);
    }
}

#[test]
fn a_connection_that_uses_a_port_is_found_with_its_process() {
    let claim = claim::any().expect("some port");
    // Wine's table leaves such a socket out as well.
    let Some((client, port)) = bound(LOOPBACKS[0]).filter(|_| tells_processes()) else { return };
    client.connect(&claim.addresses()[0].into()).expect("it listens");
    let finding = claim_and_examine(port);
    assert_eq!(finding.class, Class::SourcePort);
    assert_is_this_process(finding.holder);
}

#[test]
fn what_is_left_of_a_connection_is_told_as_one() {
    let claim = claim::any().expect("some port");
    let client = TcpStream::connect(claim.addresses()[0]).expect("it listens");
    let (served, peer) = claim.listeners()[0].accept().expect("the client");
    drop(client);
    drop(served);
    let port = Port::new(peer.port()).expect("not 0");
    let Err(error) = claim::port(port) else { return };
    let finding = diagnostician().examine(port, &error, Depth::Full);
    assert_eq!(finding, Finding { class: Class::SourcePort, holder: None });
}

/// Whether this system tells of sockets that are bound and do not listen: Linux from 6.8 on.
fn tells_bound_sockets(port: Port) -> bool {
    let sockets = os::System::default().sockets().expect("tables");
    let mut there = sockets.iter().filter(|socket| socket.local.port() == port.get());
    there.any(|socket| socket.state == SocketState::Bound)
}

#[test]
fn a_socket_that_is_bound_and_does_not_listen_has_the_port_in_use() {
    let (_socket, port) = bound(LOOPBACKS[0]).expect("some port");
    let finding = claim_and_examine(port);
    assert_eq!(finding.class, Class::InUse);
    match tells_bound_sockets(port) {
        true => assert_is_this_process(finding.holder),
        false => assert_eq!(finding.holder, None),
    }
}

#[test]
fn a_server_that_no_longer_listens_has_the_port_in_use_and_not_what_is_left_of_its_connections() {
    let (server, port) = bound(LOOPBACKS[0]).expect("some port");
    server.listen(1).expect("no other program does");
    let client = TcpStream::connect((LOOPBACKS[0], port.get())).expect("it listens");
    // Who closes first has what is left of the connection.
    drop(server.accept().expect("the client"));
    drop(client);
    if server.shutdown(Shutdown::Read).is_err() || !tells_bound_sockets(port) {
        return;
    }
    let finding = claim_and_examine(port);
    assert_eq!(finding.class, Class::InUse);
    assert_is_this_process(finding.holder);
}

#[test]
fn a_listener_on_the_other_loopback_alone_is_found() {
    let Some((stranger, port)) = bound(LOOPBACKS[1]) else { return };
    stranger.listen(1).expect("no other program does");
    let finding = claim_and_examine(port);
    assert_eq!(finding.class, Class::OtherFamily);
    if tells_processes() {
        assert_is_this_process(finding.holder);
    }
}
