//! Forwards connections: what comes to a listener of ours goes to another address, and what that answers goes back, byte
//! for byte.
//!
//! All connections of a listener share one thread. It has the only async runtime of the launcher, which exists until the
//! listener is closed and its last connection has ended. While nothing happens nothing runs.
//!
//! `accept` decides when a connection is taken, `connection` carries one.

mod accept;
mod connection;

#[cfg(test)]
mod test;

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tokio::{
    net,
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use self::{
    accept::accept_until,
    connection::{forward, socket_for},
};

/// How many connections of a listener are forwarded at the same time. Each has two descriptors, and by default a process
/// may have 1024: half of them are left for what else a launcher does.
const MAX_CONNECTIONS: usize = 256;

/// How long closing waits for the thread, which has it done at once unless the machine is very busy.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A listener whose connections are forwarded. Dropped, it has stopped to listen: what its queue held is forwarded first.
/// Connections that were accepted go on until they end, or this process does.
#[derive(Debug)]
pub struct Forwarder {
    /// `None` once it is being closed.
    is_open: Option<oneshot::Sender<Infallible>>,
    /// Disconnected when the listener is closed.
    closed: Receiver<Infallible>,
}

impl Forwarder {
    /// Forwards the connections of `listener` to `target`, on a thread of its own.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no descriptors for a runtime.
    pub fn start(listener: TcpListener, target: SocketAddr) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = adopt(&runtime, listener)?;
        let (is_open, until_closed) = oneshot::channel();
        let (closing, closed) = channel::<Infallible>();
        let serve = async move {
            let prepare = || socket_for(target);
            let carry = |client, socket| forward(client, socket, target);
            let accepted = accept_until(until_closed, listener, MAX_CONNECTIONS, prepare, carry);
            let mut connections = accepted.await;
            drop(closing);
            while connections.join_next().await.is_some() {}
        };
        let thread = thread::Builder::new().name("forwarder".to_owned());
        thread.spawn(move || runtime.block_on(serve))?;
        Ok(Self { is_open: Some(is_open), closed })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.is_open = None;
        // That it is closed is all it has to tell.
        let _ = self.closed.recv_timeout(CLOSE_TIMEOUT);
    }
}

fn adopt(runtime: &Runtime, listener: TcpListener) -> io::Result<net::TcpListener> {
    listener.set_nonblocking(true)?;
    let _entered = runtime.enter();
    net::TcpListener::from_std(listener)
}
