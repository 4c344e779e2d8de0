//! The launcher's side of a control socket.

use std::{
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use interprocess::local_socket::{ListenerOptions, Stream, prelude::*};
use shared::wire::{read_message, write_message};

use super::{
    connection_limit::{CLIENT_TIMEOUT, CROWDED_TIMEOUT, ConnectionLimit, ConnectionPermit},
    message::{Call, Request, Response},
};
use crate::os;

/// How often it is checked whether a client still waits.
const CONNECTION_CHECK: Duration = Duration::from_millis(20);

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
    /// Disconnects once the response is written or the client has gone away; a process that ends earlier
    /// loses the response.
    pub written: Receiver<()>,
    expires: Option<Instant>,
}

impl IncomingRequest {
    /// Whether its client has given up by now.
    pub fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires < Instant::now())
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
    let (handle, limit) = (Arc::new(handle), ConnectionLimit::default());
    thread::Builder::new().name("control socket".to_owned()).spawn(move || {
        for client in listener.incoming() {
            if closed.load(Ordering::Relaxed) {
                return;
            }
            let Ok(client) = client else { continue };
            let Some(permit) = limit.wait_for_permit() else { continue };
            let (give, given) = channel();
            let served = Arc::clone(&handle);
            let serve = move || {
                if let Ok((client, permit)) = given.recv() {
                    serve_client(client, &permit, &*served);
                }
            };
            match thread::Builder::new().name("control client".to_owned()).spawn(serve) {
                Ok(_) => drop(give.send((client, permit))),
                // Where the system gives no thread, one client waits for another.
                Err(_) => serve_client(client, &permit, &*handle),
            }
        }
    })?;
    Ok(ControlListener { is_closed, closer })
}

/// Reads from a client for as long as it has time.
struct DeadlineReader<'a> {
    client: Stream,
    limit: &'a ConnectionLimit,
    since: Instant,
}

impl Read for DeadlineReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.limit.timeout().saturating_sub(self.since.elapsed());
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
fn serve_client(client: Stream, permit: &ConnectionPermit, handle: &impl Fn(ClientEvent)) {
    // Pipes of Windows have no time limits; its clients are the same user's all the same.
    let _ = client.set_send_timeout(Some(CLIENT_TIMEOUT));
    let (limit, since) = (&permit.0, Instant::now());
    let mut client = BufReader::new(DeadlineReader { client, limit, since });
    let response = match read_message::<Call>(&mut client) {
        // Who has gone away while this process was stopped does not want it any more.
        Ok(Some(_)) if !os::is_connected(&client.get_ref().client) => None,
        Ok(Some(Call { request, deadline_ms })) => {
            let (reply, response) = channel();
            let (unwritten, written) = channel();
            let expires = deadline_ms.map(|left| Instant::now() + Duration::from_millis(left));
            handle(ClientEvent::Asks(IncomingRequest { request, reply, written, expires }));
            let Some(response) = response_for(&client.get_ref().client, &response) else {
                drop(unwritten);
                return handle(ClientEvent::Left);
            };
            Some((response, Some(unwritten)))
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
