//! The API of a real server: requests to it reach the launcher, and subscribers
//! receive the events that follow.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{
    Answer, Home, PATIENCE, ReadyMessage, Running, WatchedProcess, get, is_free, quiet_port,
    quiet_range, send, wait_until,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use shared::{
    app::AppName,
    port::Port,
    token::{Token, cookie_name},
};

const V1: &str = "/_homeport/api/v1";

/// The header that lets one in.
fn bearer(home: &Home) -> String {
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    format!("Authorization: Bearer {}", token.trim())
}

/// The header that a page of the console sends to the server on `port`.
fn cookie(home: &Home, port: u16) -> String {
    let (app, port) = (AppName::default(), Port::new(port).expect("not 0"));
    let token = Token::load(&home.folders().token(&app)).expect("a token");
    format!("Cookie: {}={}", cookie_name(&app, port), token.cookie(&app, port))
}

/// Asks the server on `port` as a program does, and sends JSON if there is any.
fn call(home: &Home, port: u16, what: &str, headers: &str, body: Option<&Value>) -> Answer {
    call_with(&bearer(home), port, what, headers, body)
}

/// The same with this header to let one in.
fn call_with(key: &str, port: u16, what: &str, headers: &str, body: Option<&Value>) -> Answer {
    let (method, path) = what.split_once(' ').expect("a method and a path");
    let body = body.map(Value::to_string).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let length = body.len();
    let request = format!(
        "{method} {V1}/{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         {key}\r\nContent-Length: {length}\r\n{kind}{headers}\r\n{body}"
    );
    send(port, &request).expect("an answer")
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// A client that follows the events.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn join(home: &Home, port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let bearer = bearer(home);
        let request =
            format!("GET {V1}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{bearer}\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        Self(BufReader::new(stream))
    }

    /// The data of the next event of this name.
    #[track_caller]
    fn hears(&mut self, event: &str) -> Value {
        let mut lines = self.0.by_ref().lines().map(|line| line.expect("the stream goes on"));
        let name = format!("event: {event}");
        let mut after = lines.by_ref().skip_while(|line| *line != name);
        assert!(after.next().is_some(), "the stream ended before `{event}`");
        let data = after.find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        serde_json::from_str(&data.expect("data")).expect("JSON")
    }
}

fn launched(home: &Home) -> (Running, ReadyMessage) {
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    (running, ready)
}

#[test]
fn a_move_asked_for_through_the_api_is_told_to_listeners_who_are_let_in_on_the_new_port() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let mut listener = Listener::join(&home, ready.port);
    assert_eq!(listener.hears("status")["supervised"], true);

    let to = quiet_port();
    let answer = call(&home, ready.port, "POST move", "", Some(&json!({ "port": to })));
    assert_eq!((answer.status, parsed(&answer)), (202, json!({ "port": to })));
    let moved = listener.hears("moved");
    assert_eq!((&moved["from"], &moved["to"]), (&ready.port.into(), &to.into()));

    let entered = get(moved["enter"].as_str().expect("a URL")).expect("an answer");
    assert_eq!(entered.status, 303, "{entered:?}");
    let cookie = entered.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).expect("a cookie");
    let request = format!(
        "GET {V1}/status HTTP/1.1\r\nHost: 127.0.0.1:{to}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
    );
    let status = parsed(&send(to, &request).expect("an answer"));
    assert_eq!((&status["port"], &status["moved"]["why"]), (&to.into(), &"asked".into()));
    assert_eq!(home.last("port_moved")["why"], "asked");
    assert_eq!(running.stop().code, Some(0));
    let released = home.events("port_released");
    let told: Vec<_> = released.iter().map(|end| (&end["reason"], &end["by"])).collect();
    assert_eq!(told, [(&"moved".into(), &"api".into()), (&"asked".into(), &"signal".into())]);
}

#[test]
fn settings_that_are_put_hold_at_once_where_they_can_and_keep_the_comments() {
    let home = Home::new();
    home.set("server", "# mine\nredirect_for = \"5m\"\n");
    let (running, ready) = launched(&home);
    let read = call(&home, ready.port, "GET settings", "", None);
    let tag = read.head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let if_match = format!("If-Match: {tag}\r\n");
    let wanted = json!({ "port": ready.port, "redirect_for": "0s" });
    let put = call(&home, ready.port, "PUT settings", &if_match, Some(&wanted));
    assert_eq!(put.status, 200, "{put:?}");
    let text = fs::read_to_string(home.folders().settings(&AppName::default())).expect("there");
    assert!(text.starts_with("# mine\n") && text.contains("\"0s\""), "{text}");
    let again = call(&home, ready.port, "PUT settings", &if_match, Some(&json!({})));
    assert_eq!(again.status, 412, "what was read is stale: {again:?}");

    // The launcher knows them: a move leaves nothing behind on the old port.
    wait_until("the launcher has read them", || running.stdout().contains("\"redirect_for\""));
    let status = home.command("status").arg("--json").run().lines().remove(0);
    assert_eq!(status["home_port"], ready.port, "{status}");
    assert_eq!(home.command("move").run().code, Some(0));
    wait_until("the redirect has ended", || is_free(ready.port));
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_restart_and_a_stop_asked_for_through_the_api_are_the_launchers() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let mut listener = Listener::join(&home, ready.port);
    assert_eq!(call(&home, ready.port, "POST restart", "", None).status, 202);
    assert_eq!(listener.hears("stopping")["reason"], "restart");
    // Until then the old server may accept the connection, and end.
    wait_until("another server serves alone", || !home.events("server_exited").is_empty());
    let mut listener = Listener::join(&home, ready.port);
    assert_eq!(listener.hears("status")["launch_id"], *ready.launch_id);
    assert_eq!(call(&home, ready.port, "POST stop", "", Some(&json!({}))).status, 202);
    assert_eq!(listener.hears("stopping")["reason"], "stop");
    assert_eq!(running.exit().code, Some(0));
    assert_eq!(home.last("launch_stopped")["process"], "launcher");
    assert_asked_by(&home, "api");
    assert_restarted_by(&home, "api");
    assert!(is_free(ready.port));
}

/// The end is recorded as asked for, from there.
#[track_caller]
fn assert_asked_by(home: &Home, by: &str) {
    for event in ["port_released", "launch_stopped"] {
        let end = home.last(event);
        assert_eq!((&end["reason"], &end["by"]), (&"asked".into(), &by.into()), "{end}");
    }
}

/// The one restart is recorded as asked for, from there.
#[track_caller]
fn assert_restarted_by(home: &Home, by: &str) {
    let [restarting] = &home.events("server_restarting")[..] else { panic!("one restart") };
    assert_eq!((&restarting["why"], &restarting["by"]), (&"asked".into(), &by.into()));
    // The hand-over counts nothing as a failure.
    assert!(home.events("server_exited").iter().all(|exited| exited["exit_code"] == 0));
}

#[test]
fn what_is_asked_for_at_the_console_is_recorded_as_that() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let key = cookie(&home, ready.port);
    assert_eq!(call_with(&key, ready.port, "POST restart", "", None).status, 202);
    // Until then it may be the old server that answers.
    wait_until("another server serves alone", || !home.events("server_exited").is_empty());
    assert_eq!(call_with(&key, ready.port, "POST stop", "", None).status, 202);
    assert_eq!(running.exit().code, Some(0));
    assert_asked_by(&home, "console");
    assert_restarted_by(&home, "console");

    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let key = cookie(&home, ready.port);
    assert_eq!(call_with(&key, ready.port, "POST stop", "", None).status, 202);
    assert_eq!(server.exit().code, Some(0));
    assert_eq!(home.last("launch_stopped")["process"], "server");
    assert_asked_by(&home, "console");
}

/// A client that was answered 202 would be surprised by an app that ends at `fg`, days later.
#[test]
fn what_is_asked_for_while_the_launcher_is_stopped_is_refused_with_the_way_out() {
    let home = Home::new();
    let (mut running, ready) = launched(&home);
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    running.signal(Signal::STOP);
    wait_until("it is stopped", || launcher.is_stopped());
    for order in ["POST move", "POST restart", "POST stop"] {
        let refused = call(&home, ready.port, order, "", None);
        assert_eq!(refused.status, 503, "{order}: {refused:?}");
        let wanted = format!("kill -CONT {}", launcher.pid());
        assert_eq!(parsed(&refused)["command"], wanted, "{order}");
    }
    running.signal(Signal::CONT);
    assert_eq!(home.ask("status").line("status")["restarts"], 0);
    assert_eq!(call(&home, ready.port, "POST stop", "", None).status, 202);
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn a_server_without_a_launcher_says_what_would_move_it_and_ends_when_it_is_asked() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    for order in ["POST move", "POST restart"] {
        let refused = call(&home, ready.port, order, "", None);
        assert_eq!(refused.status, 409, "{refused:?}");
        let wanted = format!("launcher --home {}", home.path().display());
        assert_eq!(parsed(&refused)["command"], wanted);
    }
    assert!(!server.has_ended());
    assert_eq!(call(&home, ready.port, "POST stop", "", None).status, 202);
    let ended = server.exit();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let last = home.history().pop().expect("records");
    assert_eq!((&last["event"], &last["process"]), (&"launch_stopped".into(), &"server".into()));
    assert_asked_by(&home, "api");
}

#[test]
fn the_history_is_followed_while_it_is_written() {
    let home = Home::new();
    let (running, _) = launched(&home);
    let follower = home.command("history").args(["--follow", "--json"]).start();
    wait_until("past events are printed", || follower.stdout().contains("\"server_ready\""));
    assert_eq!(running.stop().code, Some(0));
    wait_until("new events are printed", || follower.stdout().contains("\"launch_stopped\""));
    let written = home.history();
    let told: Vec<Value> =
        follower.stop().stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    assert_eq!(told, written, "all of it, once, and in its order");
}

#[test]
fn who_took_a_port_is_told_by_the_command_and_by_the_api_alike() {
    let (home, stranger) = (Home::new(), e2e::Stranger::listening("127.0.0.1:0"));
    // The only port that it does not get is the stranger's.
    let launch = home.launcher().home_port(stranger.port).env("HOMEPORT_RANGE", quiet_range());
    let mut running = launch.start();
    let ready = running.ready();
    let told = home.command("conflicts").arg("--json").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("stranger"), "{told:?}");
    let by_api = parsed(&call(&home, ready.port, "GET conflicts", "", None));
    assert_eq!(by_api["total"], 1, "{by_api}");
    assert_eq!(by_api["holders"][0]["ports"], json!([stranger.port]));
    let told = home.command("conflicts").run().stdout;
    for piece in ["stranger", &stranger.port.to_string()] {
        assert!(told.contains(piece), "no `{piece}`: {told}");
    }
    let moved = parsed(&call(&home, ready.port, "GET status", "", None))["moved"].clone();
    assert!(moved.is_null() || moved["why"] == "conflict", "{moved}");
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn the_last_good_port_is_the_same_wherever_it_is_asked_for_while_a_launch_runs() {
    let home = Home::new();
    let [before, now, moved_to] = [quiet_port(), quiet_port(), quiet_port()];
    let mut first = home.launcher().port(before).start();
    first.ready();
    assert_eq!(first.stop().code, Some(0));
    let mut running = home.launcher().port(now).start();
    running.ready();
    for port in [now, moved_to] {
        if port == moved_to {
            assert_eq!(home.command("move").arg(port.to_string()).run().code, Some(0));
        }
        assert_eq!(home.last_good(), Some(port));
        assert_eq!(home.ask("status").line("status")["last_good"], port);
        assert_eq!(parsed(&call(&home, port, "GET status", "", None))["last_good"], port);
        let explained = parsed(&call(&home, port, &format!("GET ports/{port}"), "", None));
        assert_eq!(explained["remarks"][0]["word"], "last_good", "{explained}");
        for (number, word) in [(port, "last_good"), (before, "earlier_good")] {
            let told = home.command("explain").arg(number.to_string()).arg("--json").run();
            assert_eq!(told.line("explain")["remarks"][0], word, "{told:?}");
        }
        let head =
            format!("Host: 127.0.0.1:{port}\r\n{}\r\nConnection: close", cookie(&home, port));
        let page = send(port, &format!("GET /_homeport/ HTTP/1.1\r\n{head}\r\n\r\n"));
        let page = page.expect("an answer").body;
        let fact = format!("<dt>Last good port</dt><dd>{port}</dd>");
        assert!(page.contains(&fact), "no `{fact}`: {page}");
    }
}

/// A question about a very long history, whose client has left.
#[test]
fn a_long_read_of_the_history_does_not_hold_up_the_end() {
    let home = Home::new();
    home.may_lose_records();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    // Half a gigabyte of lines that are no records takes longer to read than the end may take.
    let history = fs::OpenOptions::new().append(true).open(home.folders().history());
    let mut history = history.expect("there");
    let piece = "{\"not\":\"a record\"}\n".repeat(1 << 16);
    for _ in 0..400 {
        history.write_all(piece.as_bytes()).expect("written");
    }
    let mut client = TcpStream::connect(("127.0.0.1", ready.port)).expect("it listens");
    let path = format!("/_homeport/api/v1/ports/{}", ready.port);
    let head = format!("Host: 127.0.0.1:{}\r\nAuthorization: Bearer {}", ready.port, token.trim());
    write!(client, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").expect("sent");
    let process = WatchedProcess::of(ready.server_pid).expect("it runs");
    wait_until("it reads the history", || process.bytes_read() > 16 << 20);
    drop(client);
    let (began, read) = (Instant::now(), process.bytes_read());
    assert!(read < 400 << 20, "{read} bytes: it has read everything already");
    assert_eq!(server.stop().code, Some(0));
    // Requests in flight have 10 s at the end.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    fs::write(home.folders().history(), "").expect("emptied");
}
