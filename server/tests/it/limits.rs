//! What a client may ask of us in size and time.

use std::{io::Write, time::Instant};

use server::web::{connections::SOFT_LIMIT, limits::MAX_BODY};

use crate::{
    api_support::{Api, V1},
    support::{Answer, Kept, PATIENCE, plain, read},
};

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let app = plain();
    let length = format!("Content-Length: {}", MAX_BODY + 1);
    let answer = app.ask("POST", "/_homeport/api/v1/status", &[&length]);
    answer.assert_problem(413);
    answer.assert_sealed();
    let huge = "Content-Length: 99999999999999999999";
    assert_eq!(app.ask("POST", "/_homeport/healthz", &[huge]).status, 400);
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let app = plain();
    let line = format!("X-Padding: {}", "x".repeat(200_000));
    assert_eq!(app.ask("GET", "/_homeport/healthz", &[&line]).status, 431);
    let many: Vec<String> = (0..200).map(|n| format!("X-{n}: x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(app.ask("GET", "/_homeport/healthz", &many).status, 431);
    let path = format!("/_homeport/{}", "x".repeat(70_000));
    assert!((400..500).contains(&app.get(&path).status));
}

#[test]
fn garbage_is_refused_and_the_next_client_served() {
    let app = plain();
    for garbage in [
        "\r\n\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0",
        "GET / HTTP/9.9\r\n\r\n",
    ] {
        let mut stream = app.connect();
        stream.write_all(garbage.as_bytes()).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("sent");
        assert!(matches!(read(&mut stream).status, 0 | 400), "{garbage:?}");
    }
    assert_eq!(app.get("/_homeport/healthz").status, 200);
}

#[test]
fn a_client_that_does_not_get_to_the_point_is_sent_away() {
    let app = plain();
    let mut stream = app.connect();
    stream.write_all(b"GET /_homeport/healthz HTTP/1.1\r\nHost: 127").expect("sent");
    let answer = read(&mut stream);
    assert_eq!(answer.status, 408, "{answer:?}");
}

#[test]
fn an_answer_does_not_wait_for_a_body_that_is_not_read() {
    let app = plain();
    let mut stream = app.connect();
    let head = format!(
        "PUT /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 100\r\n\r\n",
        app.port
    );
    stream.write_all(head.as_bytes()).expect("sent");
    read(&mut stream).assert_problem(405);
}

/// The limit holds for a body without a length, and the connection is closed before the body ends.
#[test]
fn a_body_in_chunks_that_is_too_long_is_refused_and_the_connection_closed_before_its_end() {
    let api = Api::start();
    let mut stream = api.running.connect();
    let head = format!(
        "POST {V1}/stop HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        api.running.port,
        api.bearer(),
        2 * MAX_BODY,
    );
    let part = [head.into_bytes(), vec![b'x'; MAX_BODY + 1]].concat();
    stream.write_all(&part).expect("sent");
    let began = Instant::now();
    read(&mut stream).assert_problem(413);
    assert!(began.elapsed() < PATIENCE / 2, "it closes");
}

/// Above the soft limit connections are not kept alive, so that new clients are served.
#[test]
fn in_a_crowd_each_answer_is_the_last_on_its_connection() {
    let app = plain();
    let mut kept = Kept::open(app.port).expect("it listens");
    assert!(!kept.ask("GET /_homeport/healthz").expect("an answer").is_last());
    let crowd: Vec<_> =
        (0..SOFT_LIMIT).map(|_| Kept::open(app.port).expect("it listens")).collect();
    // The workers take the crowd up each at its own pace.
    let answer = (0..1000).find_map(|_| {
        let mut late = Kept::open(app.port).expect("it listens");
        Some(late.ask("GET /_homeport/healthz").expect("an answer")).filter(Answer::is_last)
    });
    assert_eq!(answer.expect("a last one").status, 200);
    assert!(kept.ask("GET /_homeport/healthz").expect("an answer").is_last());
    kept.assert_closes();
    drop(crowd);
}
