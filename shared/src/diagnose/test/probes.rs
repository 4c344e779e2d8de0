//! Probes of a real listener, seen through fake tables.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use uuid::Uuid;

use super::{
    fake_system::{FakeSystem, US},
    nowhere,
};
use crate::{
    app::AppName,
    claim::{self, Claim, ClaimError, LOOPBACKS},
    conflict::Class,
    diagnose::{BUDGET, Depth, Diagnostician, Finding},
    identity::{Identity, Secret},
    os::SocketState,
    paths::HomeId,
    port::Port,
};

/// A listener of process 7, `node`, left behind or not, with one connection waiting.
fn seen_as_node(port: Port, orphan: bool) -> FakeSystem {
    let local = format!("127.0.0.1:{port}");
    let mut system = FakeSystem::default()
        .with(&local, SocketState::Listen, US, &[7])
        .with_process(7, "node", "2026-11-22T12:00:00Z", orphan);
    system.sockets[0].waiting = 1;
    system
}

fn examine(system: FakeSystem, secret: Secret, port: Port, depth: Depth) -> Finding {
    let source = io::ErrorKind::AddrInUse.into();
    let address = (LOOPBACKS[0], port.get()).into();
    let error = ClaimError { address, other_had: false, anywhere: false, source };
    Diagnostician::of(Box::new(system), BUDGET, AppName::default(), &nowhere(), secret)
        .examine(port, &error, depth)
}

/// Answers one request, as the server of `app` under `secret` would.
fn answer_once(listener: &TcpListener, secret: &Secret, app: &AppName, port: Port) {
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut request = BufReader::new(&stream).lines().map(|line| line.expect("text"));
    let first = request.next().expect("a request line");
    assert!(request.take_while(|line| !line.is_empty()).all(|header| !header.contains("oken")));
    let (_, challenge) = first.split_once("challenge=").expect("an identity request");
    let hmac = secret.answer(challenge.split(' ').next().expect("a word"), app, port);
    let identity = Identity {
        app: app.clone(),
        version: "1".into(),
        launch_id: Uuid::nil(),
        pid: 7,
        launcher_pid: None,
        redirects_to: None,
        home_id: HomeId::default(),
        hmac,
    };
    let body = serde_json::to_string(&identity).expect("JSON");
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .expect("sent");
}

/// What is found on the port of a server of `app`.
fn found_at(app: &str, theirs: &Secret, ours: Secret) -> Finding {
    let claim = claim::any().expect("some port");
    let (port, app) = (claim.port(), app.parse().expect("a name"));
    thread::scope(|scope| {
        scope.spawn(|| answer_once(&claim.listeners()[0], theirs, &app, port));
        examine(seen_as_node(port, true), ours, port, Depth::Full)
    })
}

fn named(finding: &Finding) -> Option<&str> {
    finding.holder.as_ref()?.name.as_deref()
}

#[test]
fn our_own_server_is_recognised() {
    let secret = Secret::random();
    let finding = found_at("server", &secret, secret.clone());
    assert_eq!((finding.class, named(&finding)), (Class::OwnInstance, Some("node")));
}

#[test]
fn the_server_of_another_app_of_ours_is_told_by_its_app() {
    let secret = Secret::random();
    let finding = found_at("notes", &secret, secret.clone());
    assert_eq!((finding.class, named(&finding)), (Class::ReservedByApp, Some("node of notes")));
}

#[test]
fn a_server_that_does_not_know_the_secret_is_a_stranger() {
    let finding = found_at("server", &Secret::random(), Secret::random());
    assert_eq!((finding.class, named(&finding)), (Class::InUse, Some("node")));
}

#[test]
fn a_silent_listener_is_a_ghost_only_if_the_process_that_opened_it_is_gone() {
    let silent: Claim = claim::any().expect("some port");
    for (orphan, class) in [(true, Class::GhostOwner), (false, Class::InUse)] {
        let finding = examine(
            seen_as_node(silent.port(), orphan),
            Secret::random(),
            silent.port(),
            Depth::Full,
        );
        assert_eq!((finding.class, named(&finding)), (class, Some("node")));
    }
}

#[test]
fn a_quick_look_sends_nothing() {
    is_left_in_peace(|port| seen_as_node(port, true), Depth::Quick);
}

#[test]
fn a_program_that_cannot_be_ours_is_sent_nothing() {
    let seen_with_its_program = |port| {
        let mut system = seen_as_node(port, false);
        let process = system.processes.get_mut(&7).expect("made up");
        process.holder.exe = Some("/usr/bin/node".to_owned());
        system
    };
    is_left_in_peace(seen_with_its_program, Depth::Full);
}

fn is_left_in_peace(system: impl FnOnce(Port) -> FakeSystem, depth: Depth) {
    let claim = claim::any().expect("some port");
    claim.listeners()[0].set_nonblocking(true).expect("a socket");
    let finding = examine(system(claim.port()), Secret::random(), claim.port(), depth);
    assert_eq!(finding.class, Class::InUse);
    let error = claim.listeners()[0].accept().expect_err("no connection");
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}
