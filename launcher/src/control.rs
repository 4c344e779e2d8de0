//! The control socket: the requests of other commands to the running launcher.
//!
//! A Unix socket or a named pipe that only the same user can open. One connection is one request and
//! one response, each a line of JSON. A line that is no request gets the response `refused`. Each
//! client has a thread and a deadline, which is short in a crowd, so that no number of silent clients keeps a
//! command from being heard. A request that its client no longer waits for is not carried out: the
//! launcher may have been stopped meanwhile.

use std::{
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use interprocess::local_socket::{ListenerOptions, Stream, prelude::*};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::{
    history::LostRecords,
    launch::LaunchInfo,
    message,
    port::Port,
    trust::{self, Purpose, Untrusted},
    wire::{MessageError, read_message, write_message},
};

use crate::os;

/// The most clients at a time. The next one waits until another is done.
const MAX_CLIENTS: usize = 64;

/// How many clients are no crowd; a person has one or two.
const FEW_CLIENTS: usize = 16;

/// How long a client may take to send its request, and to take the response.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may take to send its request in a crowd. Commands send theirs at once.
const CROWDED_TIMEOUT: Duration = Duration::from_millis(200);

/// How often it is checked whether a client still waits.
const CONNECTION_CHECK: Duration = Duration::from_millis(100);

/// How long a launcher may take to answer a command, which has promised its person five seconds. One that
/// works answers within a millisecond.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// A request of a command, and until when it stands.
#[derive(Debug, Serialize, Deserialize)]
struct Call {
    #[serde(flatten)]
    request: Request,
    /// How long the client waits for the request to be begun, in milliseconds; version 0.1 waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline_ms: Option<u64>,
}

/// A request of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Answered with [`Response::Status`]; it changes nothing.
    Status,
    /// End the launch.
    Stop,
    /// Start a new server on the same port.
    Restart,
    /// Change the port.
    Move {
        /// The new port; any free one if absent.
        port: Option<Port>,
    },
}

/// What the running launcher answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// What a launch says of itself.
    Status(Box<LaunchStatus>),
    /// The launch is ending; the connection is closed when it has ended.
    Stopping {
        /// The port that the launch had.
        port: Port,
    },
    /// The restart or the move is done.
    Done {
        /// The address of the server for a browser.
        url: String,
        /// The port before the last move.
        from: Port,
        /// The port of the server.
        port: Port,
        /// The process id of the server.
        server_pid: u32,
        /// What could not be done besides; one of an earlier version does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warning: Option<String>,
    },
    /// The request cannot be met; nothing has changed.
    Refused {
        /// A sentence for the person who asked.
        reason: String,
        /// Whether the reason is the requested port.
        about_port: bool,
    },
}

/// The status of a running launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchStatus {
    /// The launch, on its current port. It is sent with its `url` and without its `last_good`.
    #[serde(flatten, serialize_with = "LaunchInfo::serialize_with_url")]
    pub launch: LaunchInfo,
    /// The phase of the current server, in one word.
    pub state: String,
    /// The process id of the current server; `None` while there is none.
    pub server_pid: Option<u32>,
    /// The launcher's version.
    pub version: String,
    /// The start of the launch, whichever server runs now.
    pub started_at: Timestamp,
    /// How long ago that was, in milliseconds.
    pub uptime_ms: f64,
    /// How often a server was to be replaced on its port, after a failure or because it was asked.
    pub restarts: u32,
    /// `port` of the settings that hold now; `None` if it is not set.
    pub home_port: Option<Port>,
    /// The records that the launcher could not write; one of an earlier version does not say.
    #[serde(default)]
    pub lost_records: Option<LostRecords>,
}

/// What a client does.
#[derive(Debug)]
pub enum ClientEvent {
    /// It asks for something, and waits for the response.
    Asks(IncomingRequest),
    /// It has gone away without the response; which one it was, `written` shows.
    Left,
}

/// A request of a client that waits for its response.
#[derive(Debug)]
pub struct IncomingRequest {
    /// As it was read, not yet checked against the state of the launch.
    pub request: Request,
    /// Takes one response, which another thread writes to the client.
    pub reply: Sender<Response>,
    /// Is disconnected when the response has been written, or when the client has gone away; a process that ends
    /// before loses it.
    pub written: Receiver<()>,
    expires: Option<Instant>,
}

impl IncomingRequest {
    /// Whether its client has given up by now.
    pub fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires < Instant::now())
    }
}

/// Why a request got no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No process listens on the socket.
    #[error("{}", message!("ask.unreachable", error = .0))]
    Unreachable(#[from] io::Error),
    /// It sent something else than a response.
    #[error("{}", message!("ask.wrong_answer", error = .0))]
    NoAnswer(#[from] MessageError),
    /// It closed the connection.
    #[error("{}", message!("ask.closed"))]
    Closed,
    /// It did not answer within [`ANSWER_TIMEOUT`].
    #[error("{}", message!("ask.timeout", seconds = ANSWER_TIMEOUT.as_secs()))]
    Timeout,
}

impl RequestError {
    /// Whether there is no socket.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unreachable(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// The socket that is not trusted, if that is the reason.
    pub fn untrusted(&self) -> Option<&Untrusted> {
        match self {
            Self::Unreachable(error) => Untrusted::of(error),
            _ => None,
        }
    }
}

/// A control socket that listens until this is dropped.
#[derive(Debug)]
pub struct ControlListener {
    is_closed: Arc<AtomicBool>,
    closer: os::ListenerCloser,
}

impl Drop for ControlListener {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.closer.close();
    }
}

/// Listens at `path` and passes what every client does to `handle`.
///
/// # Errors
///
/// If the system refuses the socket, for example because its path is too long.
pub fn listen(
    path: &Path,
    handle: impl Fn(ClientEvent) + Send + Sync + 'static,
) -> io::Result<ControlListener> {
    let listener = os::with_socket_name(path, |name| {
        // The name may be one that holds in this process and at this moment alone.
        let options = ListenerOptions::new().name(name).try_overwrite(true).reclaim_name(false);
        os::for_this_user_alone(options)?.create_sync()
    })?;
    let closer = os::ListenerCloser::of(&listener)?;
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let (handle, clients) = (Arc::new(handle), Clients::default());
    thread::Builder::new().name("control socket".to_owned()).spawn(move || {
        for client in listener.incoming() {
            if closed.load(Ordering::Relaxed) {
                return;
            }
            let Ok(client) = client else { continue };
            let Some(place) = clients.wait_for_place() else { continue };
            let handle = Arc::clone(&handle);
            let serve = move || serve_client(client, &place, &*handle);
            // Without a thread the connection is closed, and the client sees that.
            drop(thread::Builder::new().name("control client".to_owned()).spawn(serve));
        }
    })?;
    Ok(ControlListener { is_closed, closer })
}

/// The clients that are connected.
#[derive(Debug, Clone, Default)]
struct Clients(Arc<ClientCount>);

#[derive(Debug, Default)]
struct ClientCount {
    open: Mutex<usize>,
    one_less: Condvar,
}

/// A client's place among [`MAX_CLIENTS`], until this is dropped.
#[derive(Debug)]
struct ClientPlace(Clients);

impl Clients {
    /// A place for one more; `None` if none becomes free, which takes a crowd that does not fall silent.
    fn wait_for_place(&self) -> Option<ClientPlace> {
        let is_full = |open: &mut usize| *open >= MAX_CLIENTS;
        let waited = self.0.one_less.wait_timeout_while(self.open(), 2 * CROWDED_TIMEOUT, is_full);
        let (mut open, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *open += 1;
        Some(ClientPlace(self.clone()))
    }

    fn open(&self) -> MutexGuard<'_, usize> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a client may take to send its request.
    fn timeout(&self) -> Duration {
        if *self.open() > FEW_CLIENTS { CROWDED_TIMEOUT } else { CLIENT_TIMEOUT }
    }
}

impl Drop for ClientPlace {
    fn drop(&mut self) {
        *self.0.open() -= 1;
        self.0.0.one_less.notify_one();
    }
}

/// Reads from a client for as long as it has time.
struct DeadlineReader<'a> {
    client: Stream,
    clients: &'a Clients,
    since: Instant,
}

impl Read for DeadlineReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.clients.timeout().saturating_sub(self.since.elapsed());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // A crowd may come meanwhile.
            let _ = self.client.set_recv_timeout(Some(left.min(CROWDED_TIMEOUT)));
            match self.client.read(into) {
                Err(error) if is_timeout(&error) => {}
                result => return result,
            }
        }
    }
}

/// Whether nothing came in the time that a socket was given.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Reads the request of one client, and writes the response.
fn serve_client(client: Stream, place: &ClientPlace, handle: &impl Fn(ClientEvent)) {
    // Pipes of Windows have no time limits; its clients are the same user's all the same.
    let _ = client.set_send_timeout(Some(CLIENT_TIMEOUT));
    let (clients, since) = (&place.0, Instant::now());
    let mut client = BufReader::new(DeadlineReader { client, clients, since });
    let response = match read_message::<Call>(&mut client) {
        // Who has gone away while this process was stopped does not want it any more.
        Ok(Some(_)) if !os::is_connected(&client.get_ref().client) => None,
        Ok(Some(Call { request, deadline_ms })) => {
            let (reply, response) = channel();
            let (unwritten, written) = channel();
            let expires = deadline_ms.map(|left| Instant::now() + Duration::from_millis(left));
            handle(ClientEvent::Asks(IncomingRequest { request, reply, written, expires }));
            let response = response_for(&client.get_ref().client, &response);
            if response.is_none() {
                drop(unwritten);
                return handle(ClientEvent::Left);
            }
            response.map(|response| (response, Some(unwritten)))
        }
        Ok(None) => None,
        Err(error) => {
            Some((Response::Refused { reason: error.to_string(), about_port: false }, None))
        }
    };
    let Some((response, unwritten)) = response else { return };
    let stream = &mut client.get_mut().client;
    let result = write_message(stream, &response);
    drop::<Option<Sender<()>>>(unwritten);
    if result.is_ok() && matches!(response, Response::Stopping { .. }) {
        // The connection ends with the process, so that the client sees the end.
        let _ = stream.set_recv_timeout(None);
        let _ = io::copy(stream, &mut io::sink());
    }
}

/// Waits for the response to a client; `None` if the client goes away before, or if the process ends.
fn response_for(client: &Stream, responses: &Receiver<Response>) -> Option<Response> {
    loop {
        match responses.recv_timeout(CONNECTION_CHECK) {
            Ok(response) => return Some(response),
            Err(RecvTimeoutError::Timeout) if os::is_connected(client) => {}
            Err(_) => return None,
        }
    }
}

/// A request that was sent.
#[derive(Debug)]
pub struct PendingRequest {
    response: Receiver<Result<Response, RequestError>>,
    /// Is disconnected when the connection has ended.
    end: Receiver<()>,
}

impl PendingRequest {
    /// Sends a request to the launcher that listens at `path`.
    ///
    /// Nothing here has a limit of its own: a stopped launcher takes a connection and never answers, and the
    /// pipes of Windows know no time. So a thread talks, and this process waits for it as long as it wants.
    pub fn send(path: &Path, request: Request) -> Self {
        let (path, (answer, response), (open, end)) = (path.to_owned(), channel(), channel());
        let failed = answer.clone();
        let talk = move || {
            let _open: Sender<()> = open;
            let mut connection = match connect(&path, request) {
                Ok(connection) => connection,
                Err(error) => return drop(answer.send(Err(error))),
            };
            let response = read_message(&mut connection).map_err(RequestError::from);
            let response = response.and_then(|response| response.ok_or(RequestError::Closed));
            let is_stopping = matches!(response, Ok(Response::Stopping { .. }));
            // This process may have stopped waiting.
            let _ = answer.send(response);
            if is_stopping {
                // Nothing follows: the end of the stream is the end of the launcher.
                let _ = connection.read(&mut [0]);
            }
        };
        if let Err(error) = thread::Builder::new().name("request".to_owned()).spawn(talk) {
            let _ = failed.send(Err(error.into()));
        }
        Self { response, end }
    }

    /// Waits for the response; `None` if there is none within `timeout`.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if there will be none.
    pub fn wait(&self, timeout: Duration) -> Result<Option<Response>, RequestError> {
        match self.response.recv_timeout(timeout) {
            Ok(response) => response.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(RequestError::Closed),
        }
    }

    /// Waits until the launcher has ended that answered [`Response::Stopping`]; false if it has not
    /// within `timeout`.
    pub fn wait_for_end(&self, timeout: Duration) -> bool {
        self.end.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }
}

/// Sends a request to the launcher that listens at `path`, and waits for the response.
///
/// # Errors
///
/// [`RequestError`] if there is no response within [`ANSWER_TIMEOUT`].
pub fn ask(path: &Path, request: Request) -> Result<Response, RequestError> {
    PendingRequest::send(path, request).wait(ANSWER_TIMEOUT)?.ok_or(RequestError::Timeout)
}

/// Connects to the launcher that listens at `path`, and asks nothing.
///
/// # Errors
///
/// [`RequestError::Unreachable`].
pub fn try_out(path: &Path) -> Result<(), RequestError> {
    Ok(open(path).map(drop)?)
}

fn connect(path: &Path, request: Request) -> Result<BufReader<Stream>, RequestError> {
    let mut stream = open(path)?;
    let deadline_ms = u64::try_from(ANSWER_TIMEOUT.as_millis()).ok();
    write_message(&mut stream, &Call { request, deadline_ms })?;
    Ok(BufReader::new(stream))
}

fn open(path: &Path) -> io::Result<Stream> {
    // A pipe of Windows is no file, and its own rights keep others away.
    if let Ok(about) = path.symlink_metadata() {
        trust::check(path, &about, Purpose::Look)?;
    }
    os::with_socket_name(path, Stream::connect)
}

#[cfg(test)]
mod test {
    use std::io::Write;

    use super::*;

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
    const OF_VERSION_0_1_0: &str = include_str!("../../shared/tests/fixtures/0.1.0/control.jsonl");

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
}
