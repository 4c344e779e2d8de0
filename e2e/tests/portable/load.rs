//! Clients that ask all the time, while the server is restarted, killed and moved (I10).

use e2e::{Load, LoadCounts, Running, WatchedProcess, get, is_free, quiet_port, send, wait_until};

use crate::home;

/// One client that keeps its connection and one that does not.
pub(crate) struct Clients {
    kept: Load,
    fresh: Load,
}

impl Clients {
    pub(crate) fn of(port: u16, target: &str) -> Self {
        Self { kept: Load::kept(port, target), fresh: Load::fresh(port, target) }
    }

    #[track_caller]
    pub(crate) fn go_on(&self, more: usize) {
        self.kept.goes_on(more);
        self.fresh.goes_on(more);
    }

    #[track_caller]
    pub(crate) fn end(self) -> [LoadCounts; 2] {
        [self.kept.end(), self.fresh.end()]
    }
}

#[track_caller]
fn assert_no_client_was_turned_away(tally: &LoadCounts) {
    assert!(tally.refused == 0 && tally.cut.is_empty(), "{tally:?}");
}

/// Fails if the launcher has none, or two.
pub(crate) fn server_of(launch: &Running) -> WatchedProcess {
    let found = e2e::wait_for(|| {
        let mut servers = launch.servers();
        let last = servers.pop();
        last.filter(|_| servers.is_empty())
    });
    found.expect("one server is left")
}

#[test]
fn five_restarts_refuse_no_connection_and_cut_none() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    let mut servers = vec![u64::from(running.ready().server_pid)];
    let clients = Clients::of(port, "/_homeport/healthz");
    for _ in 0..5 {
        clients.go_on(20);
        let told = home.ask("restart");
        assert_eq!(told.code, Some(0), "{told:?}");
        let line = told.line("restarted");
        assert_eq!(line["port"], port);
        servers.push(line["server_pid"].as_u64().expect("a process"));
    }
    clients.go_on(20);
    server_of(&running);
    let [kept, fresh] = clients.end();
    assert_no_client_was_turned_away(&kept);
    assert_no_client_was_turned_away(&fresh);
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
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    let clients = Clients::of(port, "/_homeport/healthz");
    for crash in 1..=4 {
        clients.go_on(20);
        let server = home.last("server_ready")["server_pid"].as_u64().expect("a process");
        home.crash(u32::try_from(server).expect("a number of a process"));
        wait_until("the next one serves", || home.events("server_ready").len() == crash + 1);
    }
    clients.go_on(20);
    for tally in clients.end() {
        assert_eq!(tally.refused, 0, "{tally:?}");
        assert!(tally.cut.len() <= 4, "{tally:?}");
        assert_eq!(tally.dismissed, 0, "no `Connection: close` was sent");
    }
    assert_eq!(home.events("server_restarting").len(), 4);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_move_refuses_no_client_and_redirects_readers_to_the_same_path_on_the_new_port() {
    let Some(home) = home() else { return };
    let [from, to] = [quiet_port(), quiet_port()];
    let mut running = home.launcher().port(from).start();
    running.ready();
    let target = "/a/page?with=words&and=more";
    let clients = Clients::of(from, target);
    clients.go_on(20);
    let before = clients.fresh.so_far().statuses;
    let told = home.command("move").arg(to.to_string()).arg("--json").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let line = told.line("moved");
    assert_eq!((&line["from"], &line["to"]), (&from.into(), &to.into()));
    clients.go_on(40);
    for tally in clients.end() {
        assert_no_client_was_turned_away(&tally);
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
    assert_eq!(running.servers().len(), 2, "the old one still leads there");
    assert_eq!(running.stop().code, Some(0));
    assert!(is_free(from) && is_free(to));
}
