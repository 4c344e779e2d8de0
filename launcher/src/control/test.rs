//! ConnectionLimit of a listener, each in the same process.

use std::{
    io::{BufReader, Write},
    sync::mpsc::channel,
    time::Duration,
};

use interprocess::local_socket::{Stream, prelude::*};
use shared::wire::{MessageError, read_message};

use super::*;
use crate::os;

fn listening() -> (tempfile::TempDir, ControlListener, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let answer = |event| {
        let ClientEvent::Asks(incoming) = event else { return };
        let reason = format!("{:?}", incoming.request);
        let _ = incoming.reply.send(Response::Refused { reason, about_port: false });
    };
    let listener = listen(&path, answer).expect("it can be made");
    (folder, listener, path)
}

/// See the README there.
const OF_VERSION_0_1_0: &str = include_str!("../../../shared/tests/fixtures/0.1.0/control.jsonl");

#[test]
fn what_version_0_1_0_asks_and_answers_is_understood() {
    let is_read = |line: &str| {
        serde_json::from_str::<Request>(line)
            .map(drop)
            .or_else(|_| serde_json::from_str::<Response>(line).map(drop))
    };
    let lines = OF_VERSION_0_1_0.lines().filter(|line| !line.starts_with("{\"say\""));
    for line in lines.clone() {
        assert!(is_read(line).is_ok(), "{line}: {:?}", is_read(line));
    }
    assert_eq!(lines.count(), 10);
}

#[test]
fn a_request_gets_its_answer() {
    let (_folder, _listener, path) = listening();
    let answer = ask(&path, Request::Restart).expect("an answer");
    assert_eq!(answer, Response::Refused { reason: "Restart".to_owned(), about_port: false });
}

#[test]
fn a_launcher_that_does_not_answer_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let (kept, silent) = channel();
    let _listening = listen(&path, move |incoming| drop(kept.send(incoming)));
    let pending = PendingRequest::send(&path, Request::Restart);
    let ClientEvent::Asks(incoming) = silent.recv().expect("it arrives") else {
        panic!("it waits");
    };
    assert!(!incoming.is_expired());
    assert!(matches!(pending.wait(Duration::ZERO), Ok(None)));
    drop(incoming);
    assert!(matches!(pending.wait(ANSWER_TIMEOUT), Err(RequestError::Closed)));
}

#[test]
fn an_answer_of_an_earlier_version_does_not_say_how_long_the_old_port_redirects() {
    let done = r#"{"answer":"done","url":"http://127.0.0.1:2/","from":1,"port":2,"server_pid":3}"#;
    let read: Response = serde_json::from_str(done).expect("an answer");
    assert!(matches!(read, Response::Done { redirect_for: None, warning: None, .. }), "{read:?}");
}

#[test]
fn garbage_and_a_flood_are_answered_with_what_is_wrong() {
    let (_folder, _listener, path) = listening();
    for (said, wrong) in
        [("hello\n".to_owned(), "is not a message"), ("x".repeat(1 << 20), "more than")]
    {
        let mut stream = os::with_socket_name(&path, Stream::connect).expect("listening");
        // The flood is not read to its end, so writing it may fail.
        let _ = stream.write_all(said.as_bytes());
        let answer = read_message::<Response>(&mut BufReader::new(stream));
        match answer {
            Ok(Some(Response::Refused { reason, .. })) => {
                assert!(reason.contains(wrong), "{reason}");
            }
            // Closed with bytes unread, the connection may be reset before the answer is read.
            Err(MessageError::Read(_)) if said.len() > 100 => {}
            other => panic!("{other:?}"),
        }
    }
}
