//! The control socket: what other commands ask of the running launcher.
//!
//! A Unix socket or a named pipe that only the same user can open. One connection is one request and
//! one answer, each a line of JSON. Whoever asks for garbage gets an answer that says so; whoever is
//! slow or silent holds up nobody, and there are never more than a few of them.

use std::{
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use interprocess::local_socket::{ListenerOptions, Stream, prelude::*};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::{
    launch::LaunchInfo,
    port::Port,
    wire::{MessageError, read_message, write_message},
};

use crate::os;

/// The most connections at a time; a person has one or two.
const MOST: usize = 16;

/// How long a client may take to say what it wants, or to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a command asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// How it is.
    Status,
    /// To end.
    Stop,
    /// A new server on the same port.
    Restart,
    /// Another port: this one, or any.
    Move {
        /// The port.
        port: Option<Port>,
    },
}

/// What the running launcher says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// How it is.
    Status(Box<Status>),
    /// It is ending; the connection is closed when it has.
    Stopping {
        /// The port that it had.
        port: Port,
    },
    /// It is done, and the server is here now.
    Done {
        /// Its address for a browser.
        url: String,
        /// The port before.
        from: Port,
        /// Its port.
        port: Port,
        /// Its process.
        server_pid: u32,
    },
    /// It cannot be done; nothing has changed.
    Refused {
        /// Why.
        reason: String,
        /// Whether that is about the port that was wanted.
        about_port: bool,
    },
}

/// How a running launch is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The launch, on its current port. It is sent with its `url` and without its `last_good`.
    #[serde(flatten, serialize_with = "LaunchInfo::serialize_with_url")]
    pub launch: LaunchInfo,
    /// What it is doing, in one word.
    pub state: String,
    /// The server's process, if there is one just now.
    pub server_pid: Option<u32>,
    /// The launcher's version.
    pub version: String,
    /// When the launch began.
    pub started_at: Timestamp,
    /// How long ago that was, in milliseconds.
    pub uptime_ms: f64,
    /// How often the server was started again.
    pub restarts: u32,
    /// The home port, if there is one.
    pub home_port: Option<Port>,
}

/// A request, and where its answer goes.
#[derive(Debug)]
pub struct Asked {
    /// The request.
    pub request: Request,
    /// The answer's way back.
    pub reply: Sender<Answer>,
    /// Ends when the answer has been written: a process that ends before takes it along.
    pub told: Receiver<()>,
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens there.
    #[error("the running launcher cannot be reached ({0})")]
    Unreachable(#[from] io::Error),
    /// It said something else.
    #[error("the running launcher did not answer ({0})")]
    NoAnswer(#[from] MessageError),
    /// It closed the connection.
    #[error("the running launcher closed the connection without an answer")]
    Closed,
}

/// Listens at `path` and hands every request to `asked`, until the process ends.
///
/// # Errors
///
/// If the system refuses the socket, for example because its path is too long.
pub fn listen(path: &Path, asked: impl Fn(Asked) + Send + Sync + 'static) -> io::Result<()> {
    let options = ListenerOptions::new().name(os::socket_name(path)?).try_overwrite(true);
    let listener = os::for_this_user_alone(options)?.create_sync()?;
    let (asked, open) = (Arc::new(asked), Arc::new(AtomicUsize::new(0)));
    thread::Builder::new().name("control socket".to_owned()).spawn(move || {
        for client in listener.incoming().filter_map(Result::ok) {
            let (asked, open) = (Arc::clone(&asked), Arc::clone(&open));
            if open.fetch_add(1, Ordering::Relaxed) >= MOST {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let attend = move || {
                attend(client, &*asked);
                open.fetch_sub(1, Ordering::Relaxed);
            };
            // Without a thread the connection is closed, and the client told by that.
            drop(thread::Builder::new().name("control client".to_owned()).spawn(attend));
        }
    })?;
    Ok(())
}

/// A client with so much time for everything that it says.
struct Patient {
    client: Stream,
    until: Instant,
}

impl Read for Patient {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let _ = self.client.set_recv_timeout(Some(left));
        self.client.read(into)
    }
}

/// Hears one client out and answers it.
fn attend(client: Stream, asked: &(impl Fn(Asked) + ?Sized)) {
    // Pipes of Windows have no time limits; its clients are the same user's all the same.
    let _ = client.set_send_timeout(Some(PATIENCE));
    let mut client = BufReader::new(Patient { client, until: Instant::now() + PATIENCE });
    let answer = match read_message::<Request>(&mut client) {
        Ok(Some(request)) => {
            let (reply, answer) = channel();
            let (untold, told) = channel();
            asked(Asked { request, reply, told });
            // Whoever was asked always answers, unless the process ends first.
            answer.recv().ok().map(|answer| (answer, Some(untold)))
        }
        Ok(None) => None,
        Err(error) => {
            Some((Answer::Refused { reason: error.to_string(), about_port: false }, None))
        }
    };
    let Some((answer, untold)) = answer else { return };
    let stream = &mut client.get_mut().client;
    let told = write_message(stream, &answer);
    drop::<Option<Sender<()>>>(untold);
    if told.is_ok() && matches!(answer, Answer::Stopping { .. }) {
        // The connection ends with the process, and so tells when that is.
        let _ = stream.set_recv_timeout(None);
        let _ = io::copy(stream, &mut io::sink());
    }
}

/// Asks the launcher that listens at `path`, and waits for its answer for as long as it takes.
///
/// # Errors
///
/// [`AskError`] if there is none.
pub fn ask(path: &Path, request: &Request) -> Result<Answer, AskError> {
    let mut stream = Stream::connect(os::socket_name(path)?)?;
    write_message(&mut stream, request)?;
    let mut stream = BufReader::new(stream);
    let answer = read_message(&mut stream)?.ok_or(AskError::Closed)?;
    if matches!(answer, Answer::Stopping { .. }) {
        // Nothing more is said: the end of the stream is the end of the launcher.
        let _ = stream.read(&mut [0]);
    }
    Ok(answer)
}

#[cfg(test)]
mod test {
    use std::io::Write;

    use super::*;

    fn listening() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.sock");
        let answer = |asked: Asked| {
            let reason = format!("{:?}", asked.request);
            let _ = asked.reply.send(Answer::Refused { reason, about_port: false });
        };
        listen(&path, answer).expect("it can be made");
        (folder, path)
    }

    /// See the README there.
    const OF_VERSION_0_1_0: &str = include_str!("../../shared/tests/fixtures/0.1.0/control.jsonl");

    #[test]
    fn what_version_0_1_0_asks_and_answers_is_understood() {
        let is_read = |line: &str| {
            serde_json::from_str::<Request>(line)
                .map(drop)
                .or_else(|_| serde_json::from_str::<Answer>(line).map(drop))
        };
        let lines = OF_VERSION_0_1_0.lines().filter(|line| !line.starts_with("{\"say\""));
        for line in lines.clone() {
            assert!(is_read(line).is_ok(), "{line}: {:?}", is_read(line));
        }
        assert_eq!(lines.count(), 10);
    }

    #[test]
    fn a_request_gets_its_answer() {
        let (_folder, path) = listening();
        let answer = ask(&path, &Request::Restart).expect("an answer");
        assert_eq!(answer, Answer::Refused { reason: "Restart".to_owned(), about_port: false });
    }

    #[test]
    fn garbage_and_a_flood_are_answered_with_what_is_wrong() {
        let (_folder, path) = listening();
        for (said, wrong) in
            [("hello\n".to_owned(), "is not a message"), ("x".repeat(1 << 20), "more than")]
        {
            let mut stream =
                Stream::connect(os::socket_name(&path).expect("a name")).expect("listening");
            // The flood is not read to its end, so writing it may fail.
            let _ = stream.write_all(said.as_bytes());
            let answer = read_message::<Answer>(&mut BufReader::new(stream));
            match answer {
                Ok(Some(Answer::Refused { reason, .. })) => {
                    assert!(reason.contains(wrong), "{reason}");
                }
                // Closed with bytes unread, the connection may be reset before the answer is read.
                Err(MessageError::Read(_)) if said.len() > 100 => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
