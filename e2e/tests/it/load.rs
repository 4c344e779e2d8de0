//! Clients that ask all the time, while the server is restarted, killed and moved (I10).

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{
    Home, Load, PATIENCE, Tally, Watched, get, is_free, program, quiet_port, send, wait_until,
};
use rustix::process::Signal;
use serde_json::json;

use crate::command::{ask, command};

/// One client that keeps its connection and one that does not.
struct Clients {
    kept: Load,
    fresh: Load,
}

impl Clients {
    fn of(port: u16, target: &str) -> Self {
        Self { kept: Load::kept(port, target), fresh: Load::fresh(port, target) }
    }

    #[track_caller]
    fn go_on(&self, more: usize) {
        self.kept.goes_on(more);
        self.fresh.goes_on(more);
    }

    #[track_caller]
    fn end(self) -> [Tally; 2] {
        [self.kept.end(), self.fresh.end()]
    }
}

#[track_caller]
fn assert_nobody_was_turned_away(tally: &Tally) {
    assert!(tally.refused == 0 && tally.cut.is_empty(), "{tally:?}");
}

/// The one server of this launcher.
fn server_of(launcher: u32) -> Watched {
    let found = e2e::wait_for(|| {
        let mut servers = Watched::children_of(launcher);
        let last = servers.pop();
        last.filter(|_| servers.is_empty())
    });
    found.expect("one server is left")
}

#[test]
fn five_restarts_refuse_no_connection_and_cut_none() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    let mut servers = vec![u64::from(running.ready().server_pid)];
    let clients = Clients::of(port, "/_homeport/healthz");
    for _ in 0..5 {
        clients.go_on(20);
        let told = ask(&home, "restart");
        assert_eq!(told.code, Some(0), "{told:?}");
        let line = told.line("restarted");
        assert_eq!(line["port"], port);
        servers.push(line["server_pid"].as_u64().expect("a process"));
    }
    clients.go_on(20);
    server_of(running.pid());
    let [kept, fresh] = clients.end();
    assert_nobody_was_turned_away(&kept);
    assert_nobody_was_turned_away(&fresh);
    assert!(kept.dismissed >= 5, "{kept:?}");
    assert!(kept.statuses.keys().chain(fresh.statuses.keys()).all(|status| *status == 200));

    servers.sort_unstable();
    servers.dedup();
    assert_eq!(servers.len(), 6, "each is a new one");
    wait_until("all are on record", || home.events("server_exited").len() == 5);
    let exited = home.events("server_exited");
    assert!(exited.iter().all(|server| server["exit_code"] == 0), "{exited:?}");
    assert!(home.events("port_claimed").len() == 1 && home.events("port_released").is_empty());
    assert_eq!(home.events("port_assigned").len(), 1, "the port is the same");
}

/// As many as are forgiven within a minute. The fifth ends the launch.
#[test]
fn four_crashes_refuse_no_connection_and_cut_only_those_that_were_being_answered() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let clients = Clients::of(port, "/_homeport/healthz");
    for crash in 1..=4 {
        clients.go_on(20);
        server_of(running.pid()).kill();
        wait_until("the next one serves", || home.events("server_ready").len() == crash + 1);
    }
    clients.go_on(20);
    for tally in clients.end() {
        assert_eq!(tally.refused, 0, "{tally:?}");
        assert!(tally.cut.len() <= 4, "{tally:?}");
        assert_eq!(tally.dismissed, 0, "nobody could be told");
    }
    assert_eq!(home.events("server_restarting").len(), 4);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn whoever_waits_in_the_queue_when_the_server_is_killed_is_answered_by_the_next() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.server().signal(Signal::STOP);
    wait_until("it accepts nobody any more", || running.server().is_stopped());
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
fn a_move_refuses_nobody_and_leads_readers_to_the_same_place_on_the_new_port() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    running.ready();
    let target = "/a/page?with=words&and=more";
    let clients = Clients::of(from, target);
    clients.go_on(20);
    let before = clients.fresh.so_far().statuses;
    let told = command(&home, "move").arg(to.to_string()).arg("--json").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let line = told.line("moved");
    assert_eq!((&line["from"], &line["to"]), (&from.into(), &to.into()));
    clients.go_on(40);
    for tally in clients.end() {
        assert_nobody_was_turned_away(&tally);
        assert!(tally.statuses[&308] >= 20, "{tally:?}");
        assert!(tally.statuses.keys().all(|s| *s == 308 || before.contains_key(s)), "{tally:?}");
    }

    let request = |method: &str| {
        let rest = format!("Host: 127.0.0.1:{from}\r\nConnection: close\r\n\r\n");
        send(from, &format!("{method} {target} HTTP/1.1\r\n{rest}")).expect("answered")
    };
    let place = format!("http://127.0.0.1:{to}{target}");
    for method in ["GET", "HEAD"] {
        let answer = request(method);
        assert_eq!(answer.status, 308, "{answer:?}");
        assert!(answer.head.to_lowercase().contains(&format!("location: {place}\r\n")));
        assert_eq!(answer.body, "");
    }
    let answer = request("POST");
    assert_eq!(answer.status, 409);
    assert!(answer.head.to_lowercase().contains("content-type: application/problem+json"));
    let problem: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!((&problem["status"], &problem["location"]), (&409.into(), &place.into()));
    let health = get(&format!("http://127.0.0.1:{to}/_homeport/healthz")).expect("it serves");
    assert_eq!(health.status, 200);
    assert_eq!(Watched::children_of(running.pid()).len(), 2, "the old one still leads there");
    assert_eq!(running.stop().code, Some(0));
    assert!(is_free(from) && is_free(to));
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
    assert_eq!(command(&home, "move").arg(to.to_string()).run().code, Some(0));
    wait_until("nobody takes connections there", || client.so_far().refused > 0);
    let seen = client.end();
    let refused = seen.first_refused.expect("it was refused") - asked;
    assert!(refused >= Duration::from_secs(1), "refused after {refused:?}");
    // Whoever comes at the very end may have been in the queue when it went.
    assert!(seen.cut.len() <= 1, "{seen:?}");

    wait_until("it is on record", || !home.events("port_released").is_empty());
    let released = home.last("port_released");
    assert_eq!((&released["port"], &released["reason"]), (&from.into(), &"moved".into()));
    assert!(is_free(from));
    let servers = Watched::children_of(running.pid());
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

    let told = ask(&home, "restart");
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
