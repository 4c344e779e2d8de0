//! The control socket, asked by hand.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::Value;

/// How long an answer may take: a restart under load needs a tenth of it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to the launcher that listens at `path`.
pub(super) fn connect(path: &Path) -> Option<UnixStream> {
    let stream = UnixStream::connect(path).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    stream.set_write_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

/// Says this, and takes the first line that comes back; `None` if there is none.
pub(super) fn ask(path: &Path, said: &[u8]) -> Option<Value> {
    let mut stream = connect(path)?;
    // Whoever says too much is not heard to the end, and answered all the same.
    let _ = stream.write_all(said);
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// How it is; `None` unless it says so.
pub(super) fn status(path: &Path) -> Option<Value> {
    ask(path, b"{\"ask\":\"status\"}\n").filter(|answer| answer["answer"] == "status")
}
