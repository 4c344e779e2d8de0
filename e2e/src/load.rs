//! A client that asks all the time, and counts what it is answered.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{wait, wait_until};

/// How long a client waits for a response before it counts the connection as cut and makes another:
/// longer than a server takes to start on a busy machine, and less than
/// [`PATIENCE`](crate::PATIENCE), so that a test fails with the cut connection and not with a
/// timeout.
const ANSWER: Duration = Duration::from_secs(8);

/// The counts of a client.
#[derive(Debug, Clone, Default)]
pub struct LoadCounts {
    /// The number of responses by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Kept-alive connections that the server closed after `Connection: close`.
    pub dismissed: usize,
    /// The errors of connections that ended otherwise before their response.
    pub cut: Vec<String>,
    /// Refused connections.
    pub refused: usize,
    /// The time of the first of them.
    pub first_refused: Option<Instant>,
    is_over: bool,
}

impl LoadCounts {
    /// The number of all responses.
    pub fn answers(&self) -> usize {
        self.statuses.values().sum()
    }
}

/// A client that sends requests in a thread of its own.
#[derive(Debug)]
pub struct Load {
    tally: Arc<Mutex<LoadCounts>>,
    client: JoinHandle<()>,
}

impl Load {
    /// One that requests `target` from `port`, again and again on one connection, and makes a new
    /// one when the server ends it.
    pub fn kept(port: u16, target: &str) -> Self {
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        Self::start(port, request)
    }

    /// One that makes a new connection for every request.
    pub fn fresh(port: u16, target: &str) -> Self {
        let head = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}");
        Self::start(port, format!("{head}\r\nConnection: close\r\n\r\n"))
    }

    fn start(port: u16, request: String) -> Self {
        let tally = Arc::new(Mutex::new(LoadCounts::default()));
        let counted = Arc::clone(&tally);
        let client = thread::spawn(move || while converse(port, &request, &counted) {});
        Self { tally, client }
    }

    /// The counts so far.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn so_far(&self) -> LoadCounts {
        self.tally.lock().expect("no panic while locked").clone()
    }

    /// Waits until it has received this many more responses.
    ///
    /// # Panics
    ///
    /// If it gets none.
    #[track_caller]
    pub fn goes_on(&self, more: usize) {
        let enough = self.so_far().answers() + more;
        wait_until("the client has had more answers", || self.so_far().answers() >= enough);
    }

    /// Ends it, and returns the final counts.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn end(self) -> LoadCounts {
        self.tally.lock().expect("no panic while locked").is_over = true;
        self.client.join().expect("it ends by itself");
        self.tally.lock().expect("no panic while locked").clone()
    }
}

/// Counts what was seen. Returns whether to go on.
fn count(tally: &Mutex<LoadCounts>, seen: impl FnOnce(&mut LoadCounts)) -> bool {
    let mut tally = tally.lock().expect("no panic while locked");
    seen(&mut tally);
    !tally.is_over
}

/// One connection, from its beginning to its end. Returns whether to go on.
fn converse(port: u16, request: &str, tally: &Mutex<LoadCounts>) -> bool {
    let began = Instant::now();
    let connected = TcpStream::connect(("127.0.0.1", port));
    let mut connection = match connected.and_then(|stream| patient(&stream).map(|()| stream)) {
        Ok(stream) => BufReader::new(stream),
        Err(error) => {
            wait::breathe();
            return count(tally, |tally| match error.kind() {
                ErrorKind::ConnectionRefused => {
                    tally.refused += 1;
                    tally.first_refused = tally.first_refused.or(Some(began));
                }
                _ => tally.cut.push(format!("connecting: {error}")),
            });
        }
    };
    let closes = request.contains("Connection: close");
    for turn in 0.. {
        let (goes_on, ends) = match exchange(&mut connection, request) {
            Ok((status, dismissed)) => {
                let seen = |tally: &mut LoadCounts| {
                    *tally.statuses.entry(status).or_default() += 1;
                    tally.dismissed += usize::from(dismissed && !closes);
                };
                (count(tally, seen), dismissed)
            }
            Err(error) => {
                let seen =
                    |tally: &mut LoadCounts| tally.cut.push(format!("request {turn}: {error}"));
                (count(tally, seen), true)
            }
        };
        wait::breathe();
        if ends || !goes_on {
            return goes_on;
        }
    }
    true
}

fn patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_nodelay(true)
}

/// Sends one request; returns the response's status, and whether it had `Connection: close`.
fn exchange(connection: &mut BufReader<TcpStream>, request: &str) -> io::Result<(u16, bool)> {
    connection.get_mut().write_all(request.as_bytes())?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_lowercase();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = value("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    io::copy(&mut connection.take(length), &mut io::sink())?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(ErrorKind::InvalidData)?, value("connection:") == Some("close")))
}
