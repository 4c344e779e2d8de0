//! Sockets that are passed in, and programs that are started by something else than a shell.

use std::net::SocketAddr;

use e2e::{Home, RunContext, found, get, quiet_port, skip, wait_until};
use socket2::{Domain, Socket, Type};

/// A listening socket on a port that was free, or on any.
pub(crate) fn listening_on(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    // Connections of the last server on this port may not be closed yet.
    socket.set_reuse_address(true).expect("an option of each system");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("a free port");
    socket.listen(16).expect("it listens");
    socket
}

/// A listening socket, as a service manager has one.
fn listening() -> (Socket, u16) {
    let socket = listening_on(0);
    let port = socket.local_addr().expect("bound").as_socket().expect("an address").port();
    (socket, port)
}

/// Makes stdin descriptor 3, and announces it like this.
fn passing(variables: &str) -> RunContext {
    let script = format!("exec 3<&0 </dev/null; {variables} exec \"$@\"");
    RunContext::direct().through(["sh", "-c", &script, "sh"])
}

/// Row 24 of the test matrix: what systemd sets, and what a launcher can know before the child is.
#[test]
fn a_server_serves_on_a_socket_that_is_passed_to_it() {
    for variables in
        ["export LISTEN_FDS=1;", "export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=http;"]
    {
        let (home, (socket, port)) = (Home::new(), listening());
        let mut running = home.server().at(&passing(variables)).stdin(socket).start();
        let ready = running.ready();
        assert_eq!((ready.port, ready.origin.as_str()), (port, "inherited"), "{variables}");
        assert_eq!(get(&format!("{}_homeport/readyz", ready.url)).expect("it serves").status, 200);
        assert_eq!(running.stop().code, Some(0));
        assert!(home.assignment().is_none(), "a port that others chose is not remembered");
        assert_eq!(home.last("port_claimed")["origin"], "inherited");
    }
}

/// Row 24.
#[test]
fn a_socket_that_is_meant_for_another_process_is_left_alone() {
    let (home, (socket, _)) = (Home::new(), listening());
    let port = quiet_port();
    let others = passing("export LISTEN_FDS=1 LISTEN_PID=1;");
    let mut running = home.server().at(&others).stdin(socket).port(port).start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "explicit"));
}

/// Row 24.
#[test]
fn a_port_that_is_not_the_passed_socket_s_is_refused() {
    let (home, (socket, _)) = (Home::new(), listening());
    let refused =
        home.server().at(&passing("export LISTEN_FDS=1;")).stdin(socket).port(quiet_port()).run();
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

/// Row 24: what is announced may be anything.
#[test]
fn what_is_passed_and_is_no_listening_socket_is_refused_with_the_reason() {
    let home = Home::new();
    let file = std::fs::File::open("/dev/null").expect("it is everywhere");
    let refused = home.server().at(&passing("export LISTEN_FDS=1;")).stdin(file).run();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("LISTEN_FDS"), "{refused:?}");

    let bound = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    bound.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("any port");
    let refused = home.server().at(&passing("export LISTEN_FDS=1;")).stdin(bound).run();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("not listening"), "{refused:?}");
}

/// Row 24, with a service manager's own tool.
#[test]
fn a_server_is_started_by_its_first_visitor() {
    if !found("systemd-socket-activate") {
        return skip("systemd-socket-activate (systemd) is missing");
    }
    let (home, port) = (Home::new(), quiet_port());
    let variable = format!("HOMEPORT_HOME={}", home.path().display());
    let activate = ["systemd-socket-activate", "-l", &format!("127.0.0.1:{port}"), "-E", &variable];
    let mut running = home.server().at(&RunContext::direct().through(activate)).start();
    wait_until("it listens", || running.stderr().contains("Listening on"));
    let url = format!("http://127.0.0.1:{port}/_homeport/healthz");
    assert_eq!(get(&url).expect("it serves").status, 200);
    assert_eq!(running.ready().port, port);
    assert_eq!(running.stop().code, Some(0));
}

/// Row 27: the current folder is `/`, there are no streams, and the `PATH` is short.
#[test]
fn a_launch_without_streams_works_and_tells_its_log() {
    let bare = RunContext::direct().through(["sh", "-c", "exec <&- >&- 2>&-; exec \"$@\"", "sh"]);
    let (home, port) = (Home::new(), quiet_port());
    let launch = home.launcher().at(&bare).port(port).env("PATH", "/usr/bin:/bin");
    let running = launch.start();
    wait_until("the server is ready", || !home.events("server_ready").is_empty());
    assert_eq!(
        get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves").status,
        200
    );
    let ended = running.stop();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    assert!(home.describe().contains("--- launcher.jsonl\n{"), "{}", home.describe());
    assert_eq!(home.last_good(), Some(port));
}

/// Row 27: and when it fails, the log is all there is.
#[test]
fn a_launch_without_streams_that_fails_tells_its_log_why() {
    let bare = RunContext::direct().through(["sh", "-c", "exec <&- >&- 2>&-; exec \"$@\"", "sh"]);
    let home = Home::new();
    let failed = home.launcher().at(&bare).fake(&["exit=3"]).run();
    assert_eq!(failed.code, Some(75), "{failed:?}");
    let log = std::fs::read_to_string(home.folders().logs().join("launcher.jsonl")).expect("a log");
    assert!(log.contains("code 3"), "{log}");
}
