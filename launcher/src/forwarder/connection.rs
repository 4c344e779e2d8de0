//! One connection: from a client to the target and back, until both have said all.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpSocket, TcpStream},
    time,
};

/// How long the target may take to take a connection. A program that listens takes it at once; one whose queue is full
/// may have a moment.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket to connect to `target` with.
///
/// # Errors
///
/// If the system has no descriptor for it.
pub(super) fn socket_for(target: SocketAddr) -> io::Result<TcpSocket> {
    if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// Carries a connection of `client` to `target`, by way of `socket`. The end of what one side says reaches the other, which may go on. If one
/// side breaks it off, or the target cannot be had, the other is broken off as well (`RST`), as it would be without us.
pub(super) async fn forward(mut client: TcpStream, socket: TcpSocket, target: SocketAddr) {
    let connected = time::timeout(CONNECT_TIMEOUT, socket.connect(target)).await;
    let Ok(Ok(mut backend)) = connected else { return reset(&client) };
    if carry(&mut client, &mut backend).await.is_err() {
        reset(&client);
        reset(&backend);
    }
}

async fn carry(client: &mut TcpStream, backend: &mut TcpStream) -> io::Result<()> {
    // Else the rest of an answer waits until the part before it is acknowledged, 40 ms.
    client.set_nodelay(true)?;
    backend.set_nodelay(true)?;
    copy_bidirectional(client, backend).await?;
    Ok(())
}

/// Has the connection reset when it is closed.
fn reset(connection: &TcpStream) {
    // One that is gone needs none.
    let _ = connection.set_zero_linger();
}
