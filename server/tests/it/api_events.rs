//! `events`: every subscriber receives every event, and a slow one does not delay the others.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;
use shared::port::Port;

use crate::{
    api_support::{Api, V1},
    support::PATIENCE,
};

struct Listener {
    lines: BufReader<TcpStream>,
    head: String,
}

/// A received event.
#[derive(Debug, Default)]
struct Heard {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Listener {
    fn join(api: &Api, last: Option<&str>) -> Self {
        let mut stream = api.running.connect();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {V1}/events HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\n{last}\r\n",
            api.running.port,
            api.bearer()
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let (mut lines, mut head) = (BufReader::new(stream), String::new());
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(lines.read_line(&mut head).expect("an answer"), 0, "{head}");
        }
        Self { lines, head }
    }

    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The next event; `None` at the end of the stream.
    fn next(&mut self) -> Option<Heard> {
        let mut heard = Heard::default();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", name)) => heard.name = name.to_owned(),
                Some(("id", id)) => heard.id = Some(id.to_owned()),
                Some(("data", data)) => heard.data = serde_json::from_str(data).expect("JSON"),
                None if line.trim().is_empty() && !heard.name.is_empty() => return Some(heard),
                _ => {}
            }
        }
    }
}

#[test]
fn one_is_told_how_things_are_and_then_what_happens() {
    let api = Api::start();
    api.record("before");
    let mut listener = Listener::join(&api, None);
    assert_eq!(listener.status(), 200, "{}", listener.head);
    assert!(listener.head.contains("text/event-stream") && listener.head.contains("no-store"));
    let first = listener.next().expect("a status");
    assert_eq!((first.name.as_str(), &first.data["port"]), ("status", &api.running.port.into()));
    api.record("a");
    api.append(b"broken\n{\"ts\":\"2026-11-22T12:00:00Z\",\"event\":\"x\",\"app\":\"other\"}\n");
    api.record("b");
    for key in ["a", "b"] {
        let record = listener.next().expect("a record");
        assert_eq!((record.name.as_str(), &record.data["key"]), ("record", &key.into()));
        assert!(record.id.is_some());
    }
}

#[test]
fn a_client_that_comes_back_has_missed_nothing() {
    let api = Api::start();
    let mut listener = Listener::join(&api, None);
    listener.next().expect("a status");
    api.record("a");
    let heard = listener.next().expect("a record").id.expect("an id");
    drop(listener);
    api.record("b");
    api.record("c");
    let mut listener = Listener::join(&api, Some(&heard));
    let first = listener.next().expect("a status");
    assert_eq!((first.name.as_str(), first.id.as_deref()), ("status", Some(heard.as_str())));
    for key in ["b", "c"] {
        assert_eq!(listener.next().expect("a record").data["key"], key);
    }
    api.record("d");
    assert_eq!(listener.next().expect("a record").data["key"], "d");
    let mut stranger = Listener::join(&api, Some("nonsense"));
    assert_eq!(stranger.next().expect("a status").name, "status");
    api.record("e");
    assert_eq!(stranger.next().expect("a record").data["key"], "e");
}

#[test]
fn a_move_and_the_end_are_told_and_the_streams_do_not_hold_up_the_end() {
    let mut api = Api::supervised();
    let mut listeners: Vec<_> = (0..5).map(|_| Listener::join(&api, None)).collect();
    let answer = api.send("POST", &format!("{V1}/restart"), &[], b"");
    assert_eq!(answer.status, 202, "{answer:?}");
    let to = Port::new(if api.running.port == 17000 { 17001 } else { 17000 }).expect("not 0");
    api.running.redirect_target.set(to);
    let mut ways_in = BTreeSet::new();
    for listener in &mut listeners {
        assert_eq!(listener.next().expect("a status").name, "status");
        let moved = listener.next().expect("the move");
        assert_eq!((moved.name.as_str(), &moved.data["to"]), ("moved", &to.get().into()));
        let enter = moved.data["enter"].as_str().expect("a one-time URL");
        let way_in = format!("{}_homeport/enter?ticket=", shared::claim::url(to));
        assert!(enter.starts_with(&way_in), "{enter}");
        ways_in.insert(enter.to_owned());
    }
    assert_eq!(ways_in.len(), listeners.len(), "each may be used once");
    let began = Instant::now();
    api.running.ask_to_stop();
    for listener in &mut listeners {
        let last = listener.next().expect("the end");
        assert_eq!((last.name.as_str(), &last.data["reason"]), ("stopping", &"restart".into()));
        assert!(listener.next().is_none());
    }
    api.running.wait();
    assert!(began.elapsed() < PATIENCE / 4, "{:?}", began.elapsed());
}

#[test]
fn of_a_hundred_clients_sixty_four_listen_and_the_others_are_told_to_come_back() {
    let api = Api::start();
    let mut listeners: Vec<_> = (0..100).map(|_| Listener::join(&api, None)).collect();
    let refused: Vec<_> = listeners.iter().filter(|listener| listener.status() == 503).collect();
    assert_eq!(refused.len(), 36);
    assert!(refused.iter().all(|one| one.head.to_ascii_lowercase().contains("retry-after: ")));
    listeners.retain(|listener| listener.status() == 200);
    api.record("a");
    for listener in &mut listeners {
        listener.next().expect("a status");
        assert_eq!(listener.next().expect("a record").data["key"], "a");
    }
    drop(listeners);
    // A closed connection is noticed at the next write to it, and then makes room.
    let deadline = Instant::now() + PATIENCE;
    while Listener::join(&api, None).status() != 200 {
        assert!(Instant::now() < deadline, "there is no room");
        api.record("b");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_client_that_does_not_read_is_let_go_and_costs_the_others_nothing() {
    let api = Api::start();
    let (mut slow, mut quick) = (Listener::join(&api, None), Listener::join(&api, None));
    quick.next().expect("a status");
    let key = "k".repeat(16 << 10);
    let mut heard = 0;
    // Few enough at a time that the quick one's queue holds them, and as many because the file is
    // looked at five times a second.
    for _ in 0..6 {
        (0..200).for_each(|_| api.record(&key));
        for _ in 0..200 {
            assert_eq!(quick.next().expect("a record").name, "record");
            heard += 1;
        }
    }
    assert_eq!(heard, 1200);
    slow.next().expect("a status");
    let told = std::iter::from_fn(|| slow.next()).take(1200).count();
    assert!(told < 1200, "its queue was bounded: {told}");
}
