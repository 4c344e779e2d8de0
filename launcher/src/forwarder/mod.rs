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
    io, iter,
    net::{SocketAddr, TcpListener},
    sync::mpsc::{Receiver, Sender, channel},
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

/// The descriptors that a runtime needs, 6, and those of a first connection.
const RUNTIME_DESCRIPTORS: usize = 8;

/// How long closing waits for the thread, which has it done at once unless the machine is very busy.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A listener whose connections are forwarded. Dropped, it has stopped to listen: what its queue held is forwarded first.
/// Connections that were accepted go on until they end, or this process does.
#[derive(Debug)]
pub struct Forwarder {
    /// `None` once it is being closed.
    is_open: Option<oneshot::Sender<Infallible>>,
    /// First whether connections are forwarded, then that the listener is closed.
    reported: Receiver<io::Result<()>>,
}

impl Forwarder {
    /// Forwards the connections of `listener` to `target`, on a thread of its own.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no descriptors for a runtime.
    pub fn start(listener: TcpListener, target: SocketAddr) -> io::Result<Self> {
        let (is_open, until_closed) = oneshot::channel();
        let (reports, reported) = channel();
        let serve = move || {
            if let Err(error) = serve(listener, target, until_closed, &reports) {
                // The one who starts it waits for this.
                let _ = reports.send(Err(error));
            }
        };
        thread::Builder::new().name("forwarder".to_owned()).spawn(serve)?;
        reported.recv().map_err(io::Error::other)??;
        Ok(Self { is_open: Some(is_open), reported })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.is_open = None;
        // That it is closed is all that is left to report.
        let _ = self.reported.recv_timeout(CLOSE_TIMEOUT);
    }
}

/// Forwards until the listener is closed and the last connection has ended. Reports that it does, and that the listener
/// is closed.
fn serve(
    listener: TcpListener,
    target: SocketAddr,
    until_closed: oneshot::Receiver<Infallible>,
    reports: &Sender<io::Result<()>>,
) -> io::Result<()> {
    let runtime = runtime_for(&listener)?;
    let listener = adopt(&runtime, listener)?;
    let report = || {
        // A forwarder that is dropped waits for a moment only.
        let _ = reports.send(Ok(()));
    };
    report();
    runtime.block_on(async {
        let prepare = || socket_for(target);
        let carry = |client, socket| forward(client, socket, target);
        let accepted = accept_until(until_closed, listener, MAX_CONNECTIONS, prepare, carry);
        let mut connections = accepted.await;
        report();
        while connections.join_next().await.is_some() {}
    });
    Ok(())
}

/// The runtime for the connections of `listener`. tokio panics where it has no descriptors for its signals, so first it is
/// seen that some are left.
fn runtime_for(listener: &TcpListener) -> io::Result<Runtime> {
    let spare: Vec<_> = iter::repeat_with(|| listener.try_clone())
        .take(RUNTIME_DESCRIPTORS)
        .collect::<io::Result<_>>()?;
    drop(spare);
    Builder::new_current_thread().enable_io().enable_time().build()
}

fn adopt(runtime: &Runtime, listener: TcpListener) -> io::Result<net::TcpListener> {
    listener.set_nonblocking(true)?;
    let _entered = runtime.enter();
    net::TcpListener::from_std(listener)
}
