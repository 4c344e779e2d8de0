//! Clients that ask all the time, while the server is restarted, killed and moved (I10).

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{Home, Load, PATIENCE, WatchedProcess, get, is_free, program, quiet_port, wait_until};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn a_client_in_the_queue_of_a_killed_server_is_answered_by_the_next() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.server().signal(Signal::STOP);
    wait_until("it accepts no connection any more", || running.server().is_stopped());
    let request = format!("GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
    let request = request + "Connection: close\r\n\r\n";
    let wait_in_queue = |_| {
        let mut client = TcpStream::connect(("127.0.0.1", port)).expect("there is a queue");
        client.write_all(request.as_bytes()).expect("sent");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client
    };
    let waiting: Vec<_> = (0..100).map(wait_in_queue).collect();
    running.server().kill();
    for mut client in waiting {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("not reset");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn a_port_that_was_moved_away_from_is_let_go_when_it_has_led_there_long_enough() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let launch = home.launcher().port(from).setting("redirect_for = \"1s\"");
    let mut running = launch.start();
    running.ready();
    let (client, there) = (Load::fresh(from, "/"), Load::fresh(to, "/_homeport/healthz"));
    client.goes_on(10);
    let asked = Instant::now();
    assert_eq!(home.command("move").arg(to.to_string()).run().code, Some(0));
    wait_until("connections are refused there", || client.so_far().refused > 0);
    let seen = client.end();
    let refused = seen.first_refused.expect("it was refused") - asked;
    assert!(refused >= Duration::from_secs(1), "refused after {refused:?}");
    // A connection at the very end may have been in the listener's queue when it was closed.
    assert!(seen.cut.len() <= 1, "{seen:?}");

    wait_until("it is on record", || !home.events("port_released").is_empty());
    let released = home.last("port_released");
    assert_eq!((&released["port"], &released["reason"]), (&from.into(), &"moved".into()));
    assert!(is_free(from));
    let servers = WatchedProcess::children_of(running.pid());
    assert_eq!(servers.len(), 1, "{servers:?}");
    there.goes_on(10);
    assert!(there.end().cut.is_empty());
    assert!(!is_free(to));
}

/// Long enough that no buffer holds it.
const LENGTH: u64 = 64 << 20;

#[test]
fn a_request_in_flight_is_answered_to_its_end_by_the_server_that_began_it() {
    let (home, port) = (Home::new(), quiet_port());
    let site = tempfile::tempdir().expect("a folder");
    let big = File::create(site.path().join("big.bin")).expect("made");
    big.set_len(LENGTH).expect("a hole takes no room");
    let words = json!([program("server"), "--root", site.path()]);
    let mut running = home.launcher().port(port).setting(format!("command = {words}")).start();
    let ready = running.ready();

    let mut reader = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    reader.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let request = format!("GET /big.bin HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
    reader.write_all((request + "Connection: close\r\n\r\n").as_bytes()).expect("sent");
    let mut part = [0; 512];
    reader.read_exact(&mut part).expect("it has begun");
    assert!(part.starts_with(b"HTTP/1.1 200"));

    let told = home.ask("restart");
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_ne!(told.line("restarted")["server_pid"], ready.server_pid);
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
    assert!(!running.server().has_ended(), "it has something to finish");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).expect("to the end");
    let head = part.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    assert_eq!((part.len() - head + rest.len()) as u64, LENGTH);
    wait_until("the old server has finished", || running.server().has_ended());
    wait_until("that is on record", || !home.events("server_exited").is_empty());
    assert_eq!(home.last("server_exited")["exit_code"], 0);
}
