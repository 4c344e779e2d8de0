//! The same port again, while the network still remembers the last server.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{Home, Running, get, quiet_port, wait_until};

use crate::home;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    stream
}

fn ask(mut stream: &TcpStream, port: u16) -> String {
    let request = format!("GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).expect("answered");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// A launch that has answered a client, who is still connected.
fn visited(home: &Home) -> (u16, Running, TcpStream) {
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    let client = connect(port);
    assert!(ask(&client, port).starts_with("HTTP/1.1 200"));
    (port, running, client)
}

/// Row 8 of the test matrix: the server closes first, so its end of the connection lingers.
#[test]
fn a_connection_in_time_wait_does_not_cost_the_port() {
    let Some(home) = home() else { return };
    let (port, running, client) = visited(&home);
    assert_eq!(running.stop().code, Some(0));
    drop(client);

    let started = Instant::now();
    let ready = home.launcher().start().ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    assert!(home.events("port_conflict").is_empty());
    // The matrix says within a second; a busy machine gets more, TIME_WAIT would take sixty.
    assert!(started.elapsed() < Duration::from_secs(30));
}

/// Row 9: the end does not wait for the client to close its connection.
#[test]
fn a_client_that_stays_connected_does_not_cost_the_port() {
    let Some(home) = home() else { return };
    let (port, running, client) = visited(&home);
    running.kill_both();

    let mut running = home.launcher().start();
    assert_eq!(running.ready().port, port);
    assert!(home.events("port_conflict").is_empty());
    drop(client);
}

/// I10: the launcher holds the sockets, so a connection between two servers waits in the queue.
#[test]
fn a_crash_of_the_server_refuses_no_connection() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    let ready = running.ready();
    home.crash(ready.server_pid);
    for _ in 0..20 {
        assert!(ask(&connect(port), port).starts_with("HTTP/1.1 200"));
    }
    wait_until("the second server is announced", || home.events("server_ready").len() == 2);
    let servers = home.events("server_ready");
    assert_ne!(servers[1]["server_pid"], ready.server_pid);
    let exited = home.last("server_exited");
    assert_ne!(exited["exit_code"], 0);
    let restarting = home.last("server_restarting");
    assert_eq!((&restarting["attempt"], &restarting["why"]), (&1.into(), &"failed".into()));
    assert!(restarting["by"].is_null(), "{restarting}");
    for record in [exited, restarting] {
        assert_eq!(
            (&record["port"], &record["server_pid"]),
            (&servers[0]["port"], &servers[0]["server_pid"])
        );
    }
    for ready in servers {
        let of = |key: &str| ready[key].as_f64().expect("a duration");
        assert!(of("since_spawn_ms") > 0.0 && of("since_spawn_ms") <= of("elapsed_ms"), "{ready}");
    }
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
}
