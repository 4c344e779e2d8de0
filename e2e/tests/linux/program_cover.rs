//! The cover: who types `localhost` reaches a program over both families, though it listens on one of them alone.

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::PathBuf,
    time::Duration,
};

use e2e::{Home, Running, found, get, is_free, quiet_port, skip, wait_until};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;
use shared::claim::{self, LOOPBACKS};
use socket2::{Domain, Socket, Type};

/// A server on ADDRESS and PORT that listens while the file SWITCH is there, and takes no other family than its own.
const SWITCHED: &str = r#"
import http.server, os, socket, sys, threading, time
address, port, switch = sys.argv[1], int(sys.argv[2]), sys.argv[3]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
    request_queue_size = 128
    def server_bind(self):
        if ":" in address:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()
def wait(there):
    while os.path.exists(switch) != there:
        time.sleep(0.005)
while True:
    wait(True)
    server = Server((address, port), Handler)
    serving = threading.Thread(target=server.serve_forever, args=[0.01])
    serving.start()
    wait(False)
    server.shutdown()
    serving.join()
    server.server_close()
"#;

/// Whether the tests can run here: with both families, and the language that the programs are in.
fn can_run(tools: &[&str]) -> bool {
    let has_ipv6 = claim::any().expect("some port").addresses().iter().any(SocketAddr::is_ipv6);
    let missing = tools.iter().find(|tool| !found(tool));
    let reason = match missing {
        Some(tool) => format!("{tool} is not installed"),
        None if !has_ipv6 => "the host has no IPv6".to_owned(),
        None => return true,
    };
    skip(&reason);
    false
}

fn run(home: &Home, port: u16, command: &[&str]) -> Running {
    let run = home.launcher().without("--no-open").arg("run").app("notes").port(port).arg("--");
    command.iter().fold(run, |run, word| run.arg(*word)).start()
}

fn switched(home: &Home, port: u16, address: &str) -> (Running, PathBuf) {
    let switch = home.path().join("switch");
    let file = switch.to_str().expect("a path of text");
    let running = run(home, port, &["python3", "-c", SWITCHED, address, "{port}", file]);
    (running, switch)
}

/// What answers on each loopback address, the one of IPv4 first.
fn answers(port: u16) -> [Option<String>; 2] {
    LOOPBACKS.map(|ip| {
        let answer = get(&format!("http://{}/", SocketAddr::new(ip, port))).ok()?;
        (answer.status == 200).then_some(answer.body)
    })
}

fn connects(ip: IpAddr, port: u16) -> bool {
    TcpStream::connect((ip, port)).is_ok()
}

fn published(home: &Home) -> Value {
    let file = home.folders().run().join("notes.json");
    serde_json::from_slice(&fs::read(file).expect("it runs")).expect("JSON")
}

fn both(port: u16) -> Value {
    serde_json::json!([format!("127.0.0.1:{port}"), format!("[::1]:{port}")])
}

/// The numbers of the descriptors that a process has open, each with whether a program that it starts inherits it.
fn descriptors(pid: u32) -> Vec<(PathBuf, bool)> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").flatten();
    let known = open.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let info = format!("/proc/{pid}/fdinfo/{}", entry.file_name().to_str()?);
        let info = fs::read_to_string(info).ok()?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let flags = i64::from_str_radix(flags.trim(), 8).ok()?;
        Some((target, flags & i64::from(rustix::fs::OFlags::CLOEXEC.bits()) == 0))
    });
    known.collect()
}

/// Lowers the number of descriptors that it may have, so that so many are left. Returns the limit.
fn leave_descriptors(running: &Running, left: usize) -> usize {
    // Some are open for a moment only.
    let open = (0..20).map(|_| descriptors(running.pid()).len()).min().expect("looked at");
    let limit = open + left;
    let lowered = Rlimit { current: Some(limit as u64), ..getrlimit(Resource::Nofile) };
    let pid = Pid::from_raw(running.pid().try_into().expect("a pid"));
    prlimit(pid, Resource::Nofile, lowered).expect("our own child");
    limit
}

#[test]
fn a_program_on_one_loopback_address_answers_at_localhost_over_both_families() {
    if !can_run(&["python3"]) {
        return;
    }
    for (address, covered) in [("127.0.0.1", "::1"), ("::1", "127.0.0.1")] {
        let (home, port) = (Home::new(), quiet_port());
        fs::write(home.path().join("hello.txt"), "hello").expect("written");
        let folder = home.path().to_str().expect("a path of text");
        let server = ["python3", "-m", "http.server", "{port}", "--bind", address, "-d", folder];
        let mut running = run(&home, port, &server);
        let ready = running.ready();
        assert_eq!(ready.url, format!("http://localhost:{port}/"), "{address}");
        let [over_v4, over_v6] = answers(port);
        assert!(over_v4.as_ref().is_some_and(|page| page.contains("hello.txt")), "{address}");
        assert_eq!(over_v4, over_v6, "{address}");
        let published = published(&home);
        assert_eq!(published["url"], ready.url);
        let mut addresses = published["addresses"].as_array().expect("a list").clone();
        addresses.sort_by_key(Value::to_string);
        assert_eq!(Value::from(addresses), both(port), "{address}");
        let own = SocketAddr::new(address.parse().expect("an address"), port).to_string();
        assert_eq!(home.last("server_ready")["addresses"], serde_json::json!([own]));
        // The cover is a socket of the launcher, and no program that it starts gets one.
        let is_inherited = |(target, inherited): &(PathBuf, bool)| {
            *inherited && target.to_string_lossy().starts_with("socket:")
        };
        let inherited = descriptors(running.pid()).into_iter().filter(is_inherited);
        assert_eq!(inherited.collect::<Vec<_>>(), [], "{covered}");
        let ended = running.stop();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(is_free(port), "{address}");
    }
}

#[test]
fn a_program_on_every_address_of_ipv6_alone_is_covered_for_ipv4() {
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "::");
    fs::write(switch, "").expect("written");
    assert_eq!(running.ready().url, format!("http://localhost:{port}/"));
    assert_eq!(answers(port), ["hello"; 2].map(|hello| Some(hello.to_owned())));
    running.stop();
}

#[test]
fn a_stranger_on_the_other_address_keeps_it_and_the_url_does_not_lead_to_it() {
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "127.0.0.1");
    wait_until("the program is started", || !home.events("server_spawned").is_empty());
    // The option lets it in beside our reservation, as it does the program.
    let stranger = Socket::new(Domain::IPV6, Type::STREAM, None).expect("a socket");
    stranger.set_reuse_address(true).expect("an option");
    stranger.bind(&SocketAddr::new(LOOPBACKS[1], port).into()).expect("over the reservation");
    stranger.listen(8).expect("none else does");
    fs::write(switch, "").expect("written");
    let ready = running.ready();
    assert_eq!(ready.url, format!("http://127.0.0.1:{port}/"));
    assert_eq!(published(&home)["addresses"], serde_json::json!([format!("127.0.0.1:{port}")]));
    let client = TcpStream::connect((LOOPBACKS[1], port)).expect("the stranger listens");
    let (_, from) = stranger.accept().expect("the client");
    assert_eq!(from.as_socket(), client.local_addr().ok());
    running.stop();
}

#[test]
fn the_cover_goes_with_the_listener_of_the_program_and_returns_after_it() {
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "127.0.0.1");
    fs::write(&switch, "").expect("written");
    let ready = running.ready();
    for _ in 0..2 {
        assert!(LOOPBACKS.into_iter().all(|ip| connects(ip, port)));
        fs::remove_file(&switch).expect("there");
        let is_refused = || !LOOPBACKS.into_iter().any(|ip| connects(ip, port));
        wait_until("both addresses refuse", is_refused);
        assert!(!is_free(port), "it is reserved meanwhile");
        fs::write(&switch, "").expect("written");
        let hello = || ["hello"; 2].map(|hello| Some(hello.to_owned()));
        wait_until("both addresses answer", || answers(port) == hello());
    }
    assert!(!running.has_ended(), "{}", running.stderr());
    assert_eq!(published(&home)["url"], ready.url);
    assert_eq!(home.events("server_ready").len(), 1, "it is the same program");
    running.stop();
}

#[test]
fn a_program_that_is_started_again_is_covered_again() {
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "127.0.0.1");
    fs::write(&switch, "").expect("written");
    running.ready();
    let ended = home.ask("restart --app notes");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let hello = ["hello"; 2].map(|hello| Some(hello.to_owned()));
    assert_eq!(answers(port), hello);
    running.stop();
}

#[test]
fn a_program_that_cannot_be_covered_is_served_without_a_cover_and_the_log_says_why() {
    /// Enough to look at the program and to keep files, too few for a listener and a runtime.
    const FREE: usize = 4;
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "127.0.0.1");
    wait_until("the program is started", || !home.events("server_spawned").is_empty());
    leave_descriptors(&running, FREE);
    fs::write(switch, "").expect("written");
    let ready = running.ready();
    assert_eq!(ready.url, format!("http://127.0.0.1:{port}/"));
    assert_eq!(published(&home)["addresses"], serde_json::json!([format!("127.0.0.1:{port}")]));
    assert_eq!(answers(port), [Some("hello".to_owned()), None]);
    let log = fs::read_to_string(home.folders().logs().join("launcher.jsonl")).expect("a log");
    let lines = log.lines().filter(|line| line.contains("going on without a cover"));
    assert_eq!(lines.count(), 1, "{log}");
    running.stop();
}

#[test]
fn connections_for_which_the_launcher_has_no_descriptors_wait_until_it_has() {
    /// How many may be open at the same time, and how many come.
    const FREE: usize = 20;
    const CLIENTS: usize = 30;
    if !can_run(&["python3"]) {
        return;
    }
    let (home, port) = (Home::new(), quiet_port());
    let (mut running, switch) = switched(&home, port, "127.0.0.1");
    fs::write(&switch, "").expect("written");
    running.ready();
    let limit = leave_descriptors(&running, FREE);

    let connect = || TcpStream::connect((LOOPBACKS[1], port)).expect("the cover listens");
    let clients: Vec<_> = std::iter::repeat_with(connect).take(CLIENTS).collect();
    wait_until("it has no more", || descriptors(running.pid()).len() + 2 >= limit);
    for mut client in clients {
        client.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it is open");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("it is not reset");
        assert!(answer.ends_with("hello"), "{answer}");
    }
    running.stop();
}
