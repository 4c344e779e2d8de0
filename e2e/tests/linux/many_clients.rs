//! Very many clients at once, and clients whose server is gone.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{Home, PATIENCE, get, quiet_port, skip};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shared::app::AppName;

/// How many listeners come at a time: fewer than a server has places, so that each is answered
/// while the others stay.
const WAVE: usize = 400;

/// How many waves make ten thousand.
const WAVES: usize = 25;

/// What a listener may cost a server that has let it go: nothing. Allocators keep some of what a wave
/// needed, and this is far below what ten thousand would need.
const SLACK: u64 = 48 << 20;

/// Makes room for the files of a wave, which this process shares with other tests.
fn make_room() -> bool {
    make_room_for(4 * WAVE)
}

fn make_room_for(files: usize) -> bool {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    maximum.is_none_or(|most| most > files as u64 + 1024)
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok()
}

fn listen(port: u16, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let request = format!(
        "GET /_homeport/api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         Authorization: Bearer {}\r\n\r\n",
        token.trim()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

/// The head of the answer, as far as it comes at once.
fn head(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let length = stream.read(&mut bytes).expect("an answer");
    String::from_utf8_lossy(&bytes[..length]).to_lowercase()
}

#[test]
fn ten_thousand_listeners_cost_no_more_than_a_few_and_the_rest_is_served() {
    if !make_room() {
        return skip("this system allows a process too few files");
    }
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    let mut after_first = None;
    for _ in 0..WAVES {
        let mut wave: Vec<_> = (0..WAVE).map(|_| listen(ready.port, &token)).collect();
        let heads: Vec<_> = wave.iter_mut().map(head).collect();
        let (heard, refused): (Vec<_>, Vec<_>) =
            heads.iter().partition(|head| head.starts_with("http/1.1 200 "));
        assert!(heard.len() <= 64, "{} listen", heard.len());
        for head in refused {
            let is_told = head.starts_with("http/1.1 503 ") && head.contains("retry-after: ");
            assert!(is_told && head.contains("application/problem+json"), "{head}");
        }
        assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("an answer").status, 200);
        let files = fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("it runs").count();
        assert!(files < 1024, "{files} files");
        let memory = server.server().memory();
        let first = *after_first.get_or_insert(memory);
        assert!(memory < first + SLACK, "{memory} bytes, after the first wave {first}");
    }
    assert_eq!(server.stop().code, Some(0));
}

/// A client that sends nothing keeps its place for 5 s.
#[test]
fn the_health_is_told_while_two_thousand_connections_are_silent() {
    const SILENT: usize = 2000;
    if !make_room_for(SILENT) {
        return skip("this system allows a process too few files");
    }
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let began = Instant::now();
    let silent: Vec<_> = (0..SILENT)
        .map(|_| TcpStream::connect(("127.0.0.1", ready.port)).expect("it listens"))
        .collect();
    for path in ["healthz", "identity?challenge=00", "readyz", "healthz"] {
        let answer = get(&format!("{}_homeport/{path}", ready.url)).expect("an answer");
        assert_eq!(answer.status, 200, "{path}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "the first of them has left");
    drop(silent);
    assert_eq!(server.stop().code, Some(0));
}

/// Accepted connections belong to the server alone: the launcher holds the port and no client.
#[test]
fn a_client_of_a_server_that_crashed_is_reset_at_once() {
    let home = Home::new();
    let mut launcher = home.launcher().port(quiet_port()).start();
    let ready = launcher.ready();
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    // Some have been answered and wait, some are in the middle of a stream that they have not read,
    // and some in the middle of a request.
    let mut clients: Vec<_> = (0..20).map(|_| listen(ready.port, &token)).collect();
    clients.iter_mut().take(10).for_each(|client| assert!(head(client).contains(" 200 ")));
    for _ in 0..10 {
        let mut client = TcpStream::connect(("127.0.0.1", ready.port)).expect("it listens");
        client.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let host = ready.port;
        let request =
            format!("GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{host}\r\n\r\nGET /_ho");
        client.write_all(request.as_bytes()).expect("sent");
        assert!(head(&mut client).contains(" 200 "));
        clients.push(client);
    }
    home.crash(ready.server_pid);
    let began = Instant::now();
    for client in &mut clients {
        let ended = client.read_to_end(&mut Vec::new());
        let is_end =
            ended.as_ref().map_or_else(|e| e.kind() == ErrorKind::ConnectionReset, |_| true);
        assert!(is_end, "{ended:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("an answer").status, 200);
    assert_eq!(launcher.stop().code, Some(0));
}
