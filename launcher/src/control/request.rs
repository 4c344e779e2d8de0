//! The side of a command that asks.

use std::{
    io::{self, BufReader, Read},
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use interprocess::local_socket::{Stream, prelude::*};
use shared::{
    message,
    trust::{self, Purpose, Untrusted},
    wire::{MessageError, read_message, write_message},
};

use super::message::{Call, Request, Response};
use crate::os;

/// How long a launcher may take to answer a command, which has promised its person five seconds. One that
/// works answers within a millisecond.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// Why a request got no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The system gives this process no thread to ask with.
    #[error("{}", message!("ask.no_thread", error = .0))]
    NoThread(io::Error),
    /// No process listens on the socket.
    #[error("{}", message!("ask.unreachable", error = .0))]
    Unreachable(#[from] io::Error),
    /// Another process than the launcher listens there.
    #[error("{}", message!("ask.another_listens", pid = .0))]
    AnotherListens(u32),
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
    /// Whether there is nothing at the path of the socket.
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

/// A request that was sent.
#[derive(Debug)]
pub struct PendingRequest {
    response: Receiver<Result<Response, RequestError>>,
    /// Carries nothing: it disconnects when the connection has ended.
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
            let _ = failed.send(Err(RequestError::NoThread(error)));
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

/// Connects to what listens at `path`, asks nothing, and checks that it is the process `launcher`, as far as the
/// system tells it; `None` if that is not known.
///
/// # Errors
///
/// [`RequestError::Unreachable`] or [`RequestError::AnotherListens`].
pub fn try_out(path: &Path, launcher: Option<u32>) -> Result<(), RequestError> {
    let listener = open(path)?.peer_creds().ok().and_then(|peer| peer.pid());
    // A process that cannot be seen from here has the number 0.
    let listener = listener.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
    match (listener, launcher) {
        (Some(listener), Some(launcher)) if listener != launcher => {
            Err(RequestError::AnotherListens(listener))
        }
        _ => Ok(()),
    }
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
