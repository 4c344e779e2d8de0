//! Under a service manager: row 25 of the test matrix, and the unit that is shipped.

use std::{
    fs,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    process::Command,
};

use e2e::{Home, PATIENCE, found, quiet_port, skip};

/// The messages to the service manager, in order.
fn heard(manager: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let length = manager.recv(&mut message).expect("the launcher sends a message");
    String::from_utf8_lossy(&message[..length]).into_owned()
}

fn assert_is_told(home: &Home, manager: &UnixDatagram, socket: &str) {
    manager.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let port = quiet_port();
    let mut running = home.launcher().port(port).env("NOTIFY_SOCKET", socket).start();
    let told = heard(manager);
    assert!(told.contains("READY=1") && told.contains(&format!("127.0.0.1:{port}")), "{told}");
    // READY is sent after the server has proved its identity, and never before.
    assert_eq!(home.last("server_ready")["port"], port);
    running.ready();
    running.stop();
    assert!(heard(manager).contains("STOPPING=1"));
}

#[test]
fn a_service_manager_is_told_when_the_server_serves_and_when_the_launch_ends() {
    let home = Home::new();
    let socket = home.path().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    assert_is_told(&home, &manager, socket.to_str().expect("text"));
}

#[test]
fn a_service_manager_may_have_an_abstract_socket() {
    let home = Home::new();
    let name = format!("homeport-test-{}", home.path().display());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let manager = UnixDatagram::bind_addr(&address).expect("a socket");
    assert_is_told(&home, &manager, &format!("@{name}"));
}

/// As one that hangs, or a program that only has its address.
#[test]
fn a_service_manager_that_does_not_read_holds_up_no_launch() {
    let home = Home::new();
    let socket = home.path().join("silent");
    let _manager = UnixDatagram::bind(&socket).expect("a socket");
    let other = UnixDatagram::unbound().expect("a socket");
    other.set_nonblocking(true).expect("a socket");
    while other.send_to(b"x", &socket).is_ok() {}
    let mut running = home.launcher().env("NOTIFY_SOCKET", &socket).start();
    running.ready();
    assert_eq!(home.command("status").run().code, Some(0));
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn the_unit_is_one_that_systemd_understands() {
    if !found("systemd-analyze") {
        return skip("systemd-analyze (systemd) is missing");
    }
    let home = Home::new();
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/linux/homeport@.service");
    let instance = home.path().join("homeport@notes.service");
    fs::copy(unit, &instance).expect("copied");
    let verified =
        Command::new("systemd-analyze").arg("--user").arg("verify").arg(&instance).output();
    let verified = verified.expect("it runs");
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_unit = said.lines().any(|line| line.contains("homeport@"));
    assert!(!about_unit, "{said}");
}
