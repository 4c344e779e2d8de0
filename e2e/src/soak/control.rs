//! The control socket, asked by hand.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::Value;

/// How long a reply may take: a restart under load needs a tenth of it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to the launcher that listens at `path`.
pub(super) fn connect(path: &Path) -> Option<UnixStream> {
    let stream = UnixStream::connect(path).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    stream.set_write_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

/// Sends these bytes and returns the first line of the reply; `None` if there is none.
pub(super) fn ask(path: &Path, said: &[u8]) -> Option<Value> {
    let mut stream = connect(path)?;
    // A request that is too long is not read to its end, but still answered.
    let _ = stream.write_all(said);
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// The launcher's status; `None` if it does not reply.
pub(super) fn status(path: &Path) -> Option<Value> {
    ask(path, b"{\"ask\":\"status\"}\n").filter(|answer| answer["answer"] == "status")
}
