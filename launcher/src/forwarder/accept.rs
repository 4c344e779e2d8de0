//! Accepts the connections of a listener, as many as there may be at the same time.

use std::{convert::Infallible, io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time,
};

/// How long the system is left alone that gave no descriptor or memory for a connection. It waits in the queue, and is
/// tried again at once if another one ends before.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves each connection by a task of its own, until `closed` is dropped. At most `limit` are served at the same time;
/// further ones wait in the queue of the listener. At the end what the queue holds is still served, whatever its number.
/// Returns the tasks that have not ended; the listener is closed.
///
/// `prepare` takes from the system what one more connection needs, before it is accepted, so that one for which nothing
/// is left waits as well.
pub(super) async fn accept_until<T, F>(
    mut closed: oneshot::Receiver<Infallible>,
    listener: TcpListener,
    limit: usize,
    prepare: impl Fn() -> io::Result<T>,
    serve: impl Fn(TcpStream, T) -> F,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let (mut prepared, mut must_pause) = (None, false);
    loop {
        if prepared.is_none() && !must_pause {
            prepared = prepare().ok();
            must_pause = prepared.is_none();
        }
        let may_accept = prepared.is_some() && connections.len() < limit;
        tokio::select! {
            biased;
            _ = &mut closed => break,
            Some(_) = connections.join_next() => must_pause = false,
            () = time::sleep(PAUSE), if must_pause => must_pause = false,
            accepted = listener.accept(), if may_accept => match (accepted, prepared.take()) {
                (Ok((client, _)), Some(prepared)) => drop(connections.spawn(serve(client, prepared))),
                _ => must_pause = true,
            },
        }
    }
    drop(prepared);
    // It ends when none waits, or the system has nothing left: what waits then is reset.
    let _ = accept_queued(listener, |client| {
        connections.spawn(serve(client, prepare()?));
        Ok(())
    });
    connections
}

/// Accepts what waits in the queue, until nothing does (`WouldBlock`) or the system refuses.
fn accept_queued(
    listener: TcpListener,
    mut take: impl FnMut(TcpStream) -> io::Result<()>,
) -> io::Result<Infallible> {
    // The runtime may not have heard yet of the latest ones.
    let listener = listener.into_std()?;
    loop {
        let (client, _) = listener.accept()?;
        client.set_nonblocking(true)?;
        take(TcpStream::from_std(client)?)?;
    }
}
