//! What a client may ask of us in size and time.

use std::io::Write;

use server::routes::MAX_BODY;

use crate::support::{plain, read};

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
