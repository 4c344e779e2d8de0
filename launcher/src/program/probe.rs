//! Whether what listens at an address also answers, asked once.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use shared::{message, settings::Span};

/// How long a connection to this computer may take: it is made by the kernel, unless the queue is full.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(250);

/// How long the whole of an HTTP probe may take.
const HTTP_TIMEOUT: Duration = Duration::from_secs(1);

/// The most that is read of an answer: its first line, and what a server may send of provisional answers before.
const MAX_ANSWER: usize = 8 << 10;

/// The statuses from here on say that the server fails; what is below, also 404, shows that it answers.
const SERVER_ERRORS: u16 = 500;

/// Why a probe did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeFailure {
    /// No connection came about, or it broke: the system's error message.
    Connection(String),
    /// There was no answer within this time.
    TimedOut(Duration),
    /// The answer was this HTTP status.
    Status(u16),
    /// The connection ended before an answer, or what came is none of HTTP.
    NotHttp,
}

impl fmt::Display for ProbeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Connection(error) => message!("probe.connection", error),
            Self::TimedOut(after) => message!("probe.timed_out", after = Span(*after)),
            Self::Status(status) => message!("probe.status", status),
            Self::NotHttp => message!("probe.not_http"),
        })
    }
}

/// Connects, and closes the connection at once.
///
/// # Errors
///
/// Why no connection came about.
pub fn tcp(address: SocketAddr) -> Result<(), ProbeFailure> {
    connect(address).map(drop)
}

/// Asks for a path, which may have a query, and follows no redirect. Whatever the path has that must not stand in
/// a request is percent-encoded.
///
/// # Errors
///
/// If there is no answer of HTTP/1 within a second, or the server says that it fails (5xx).
pub fn http(address: SocketAddr, path: &str) -> Result<(), ProbeFailure> {
    let until = Instant::now() + HTTP_TIMEOUT;
    let mut connection = connect(address)?;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ProbeFailure::TimedOut(HTTP_TIMEOUT),
        _ => ProbeFailure::Connection(error.to_string()),
    };
    connection.set_write_timeout(Some(HTTP_TIMEOUT)).map_err(failed)?;
    connection.write_all(request(address, path).as_bytes()).map_err(failed)?;
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ProbeFailure::TimedOut(HTTP_TIMEOUT));
        }
        connection.set_read_timeout(Some(left)).map_err(failed)?;
        match connection.read(&mut piece) {
            Ok(0) => return Err(ProbeFailure::NotHttp),
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        }
        match status(&answer) {
            Status::Is(status) if status < SERVER_ERRORS => return Ok(()),
            Status::Is(status) => return Err(ProbeFailure::Status(status)),
            Status::None => return Err(ProbeFailure::NotHttp),
            Status::Incomplete if answer.len() >= MAX_ANSWER => return Err(ProbeFailure::NotHttp),
            Status::Incomplete => {}
        }
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream, ProbeFailure> {
    TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => ProbeFailure::TimedOut(CONNECT_TIMEOUT),
        _ => ProbeFailure::Connection(error.to_string()),
    })
}

fn request(address: SocketAddr, path: &str) -> String {
    let mut target = String::from(if path.starts_with('/') { "" } else { "/" });
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' => target.push(char::from(byte)),
            _ => target.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\nConnection: close\r\n\r\n")
}

/// The status of an answer, as far as it has come.
#[derive(Debug, PartialEq, Eq)]
enum Status {
    Incomplete,
    Is(u16),
    None,
}

/// Passes over provisional answers (1xx but 101).
fn status(mut answer: &[u8]) -> Status {
    const BEGINNING: &[u8] = b"HTTP/1.";
    loop {
        let known = answer.len().min(BEGINNING.len());
        if answer[..known] != BEGINNING[..known] {
            return Status::None;
        }
        // `HTTP/1.1 200 OK`
        let Some((line, _)) = answer.split_first_chunk::<13>() else { return Status::Incomplete };
        let digits = str::from_utf8(&line[9..12]).ok().filter(|_| line[8] == b' ');
        let Some(status) = digits.and_then(|digits| digits.parse().ok()) else {
            return Status::None;
        };
        if status == 101 || !(100..200).contains(&status) {
            return Status::Is(status);
        }
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Status::Incomplete;
        };
        answer = &answer[end + 4..];
    }
}

#[cfg(test)]
mod test {
    use std::{net::TcpListener, sync::mpsc, thread};

    use proptest::prelude::*;
    use shared::claim;

    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let claim = claim::any().expect("some port");
        let address = claim.addresses()[0];
        (claim.into_listeners().remove(0), address)
    }

    /// What a probe comes to with a server that sends this, and what the server was asked.
    fn answered(path: &'static str, answer: &'static [u8]) -> (Result<(), ProbeFailure>, String) {
        let (listener, address) = listener();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("the probe");
            let mut asked = vec![0; 4096];
            let read = client.read(&mut asked).expect("a request");
            sender.send(String::from_utf8_lossy(&asked[..read]).into_owned()).expect("the test");
            for piece in answer.chunks(7) {
                // A client that has read enough closes.
                let _ = client.write_all(piece);
            }
        });
        (http(address, path), receiver.recv().expect("a request"))
    }

    #[test]
    fn a_listener_is_connected_to_and_nothing_is_sent() {
        let (listener, address) = listener();
        assert_eq!(tcp(address), Ok(()));
        let (mut client, _) = listener.accept().expect("the probe");
        assert_eq!(client.read(&mut [0]).expect("closed"), 0);
        drop((client, listener));
        assert!(tcp(address).is_err() && http(address, "/").is_err());
    }

    #[test]
    fn every_status_below_500_passes_and_is_not_followed() {
        for answer in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.0 404 Not Found\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 204 \r\n\r\n",
        ] {
            assert_eq!(answered("/", answer.as_bytes()).0, Ok(()), "{answer}");
        }
        let (failed, _) = answered("/", b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert_eq!(failed, Err(ProbeFailure::Status(503)));
        for answer in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 xyz\r\n", ""] {
            let (failed, _) = answered("/", answer.as_bytes());
            let is_reset = matches!(failed, Err(ProbeFailure::Connection(_)));
            assert!(failed == Err(ProbeFailure::NotHttp) || is_reset, "{answer}: {failed:?}");
        }
    }

    #[test]
    fn the_path_is_asked_for_as_one_line() {
        let (_, asked) = answered("health?a=b c\r\nX: ö", b"HTTP/1.1 200 OK\r\n\r\n");
        let line = asked.lines().next().expect("a line");
        assert_eq!(line, "GET /health?a=b%20c%0D%0AX:%20%C3%B6 HTTP/1.1");
        assert!(asked.contains("\r\nHost: 127.0.0.1:"), "{asked}");
    }

    #[test]
    fn a_server_that_accepts_and_says_nothing_is_waited_for_a_second() {
        let (listener, address) = listener();
        let began = Instant::now();
        assert_eq!(http(address, "/"), Err(ProbeFailure::TimedOut(HTTP_TIMEOUT)));
        let took = began.elapsed();
        assert!(took >= HTTP_TIMEOUT && took < HTTP_TIMEOUT * 3, "{took:?}");
        drop(listener);
    }

    #[test]
    fn a_server_that_never_ends_is_read_for_so_long_only() {
        let (listener, address) = listener();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("the probe");
            while client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {}
        });
        let failed = http(address, "/");
        assert_eq!(failed, Err(ProbeFailure::NotHttp));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            status(&bytes);
            status(&[&b"HTTP/1.1 "[..], &bytes].concat());
            let provisional = [&b"HTTP/1.1 100 \r\n\r\n"[..], &bytes].concat();
            prop_assert_eq!(status(&provisional), status(&bytes));
        }
    }
}
