//! What is written to stdout and stderr.
//!
//! Of what a command could not write, the first reason is kept: that a reader has left is its own affair; that a disk
//! is full is said at the end of the command, which has not done its work then. A launch goes on whatever
//! becomes of its output: it writes [in the background](in_background), so that a terminal that is held or a pipe
//! that is not read holds up nothing.

use std::{
    borrow::Cow,
    io::{self, ErrorKind, IsTerminal, Write},
    sync::{
        OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use crate::os;

/// How many pieces wait for a reader; those after them are dropped.
const MAX_QUEUED: usize = 1024;

/// How long the end of a launch waits for its last words to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

static FAILURE: OnceLock<String> = OnceLock::new();

/// What this program prints.
static OWN: OnceLock<SyncSender<Piece>> = OnceLock::new();

/// What its server prints, which may be a flood and must not take the place of our own words.
static RELAYED: OnceLock<SyncSender<Piece>> = OnceLock::new();

/// Where something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Stdout, without colours where they would not be seen.
    Stdout,
    /// Stderr, without colours where they would not be seen.
    Stderr,
    /// Stdout, byte for byte.
    BareStdout,
    /// Stderr, byte for byte.
    BareStderr,
}

enum Piece {
    Text(Stream, Vec<u8>),
    /// Sends once everything before it is written.
    End(SyncSender<()>),
}

/// Output in the background. Dropped, it waits a moment for what is queued.
pub(crate) struct OutputWriter(());

/// From now on threads write what is printed and [relayed](relay). Where there is none, it is written at once.
pub(crate) fn in_background() -> OutputWriter {
    for (queue, name) in [(&OWN, "output"), (&RELAYED, "relayed-output")] {
        let (pieces, queued) = sync_channel(MAX_QUEUED);
        let writer = thread::Builder::new().name(name.to_owned()).spawn(move || write_all(&queued));
        if writer.is_ok() {
            let _ = queue.set(pieces);
        }
    }
    OutputWriter(())
}

impl Drop for OutputWriter {
    fn drop(&mut self) {
        for queue in [&RELAYED, &OWN] {
            wait_for(queue);
        }
    }
}

/// Waits a moment until all that was relayed is written, so that what is printed next stands below it.
pub(crate) fn wait_for_relayed() {
    wait_for(&RELAYED);
}

fn wait_for(queue: &OnceLock<SyncSender<Piece>>) {
    let (written, is_written) = sync_channel(1);
    if queue.get().is_some_and(|queue| queue.try_send(Piece::End(written)).is_ok()) {
        let _ = is_written.recv_timeout(LAST_WORDS);
    }
}

fn write_all(pieces: &Receiver<Piece>) {
    for piece in pieces {
        match piece {
            // A stream that is closed is no reason to stop.
            Piece::Text(stream, text) => drop(write(stream, &text)),
            Piece::End(written) => drop(written.send(())),
        }
    }
}

/// Writes `text`, or has it written. What cannot be written, or finds no room, is dropped.
pub(crate) fn print(stream: Stream, text: Vec<u8>) {
    queue_or_write(&OWN, stream, text);
}

/// Passes on what the server has written to its stderr, byte for byte, in the same way.
pub(crate) fn relay(bytes: &[u8]) {
    queue_or_write(&RELAYED, Stream::BareStderr, bytes.to_vec());
}

fn queue_or_write(queue: &OnceLock<SyncSender<Piece>>, stream: Stream, text: Vec<u8>) {
    match queue.get() {
        Some(queue) => drop(queue.try_send(Piece::Text(stream, text))),
        None => drop(noted(write(stream, &text))),
    }
}

fn write(stream: Stream, text: &[u8]) -> io::Result<()> {
    match stream {
        Stream::Stdout => anstream::stdout().write_all(&for_terminal(text, &io::stdout())),
        Stream::Stderr => anstream::stderr().write_all(&for_terminal(text, &io::stderr())),
        Stream::BareStdout => io::stdout().write_all(text).and_then(|()| io::stdout().flush()),
        Stream::BareStderr => io::stderr().write_all(text),
    }
}

/// The text with lines that begin on the left, also while the program has our terminal.
fn for_terminal<'a>(text: &'a [u8], stream: &impl IsTerminal) -> Cow<'a, [u8]> {
    match os::is_terminal_raw() && stream.is_terminal() {
        true => {
            Cow::Owned(text.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]))
        }
        false => Cow::Borrowed(text),
    }
}

/// The result of a write to stdout. If it failed, the reason is kept for [`failure`].
pub(crate) fn noted(written: io::Result<()>) -> io::Result<()> {
    if let Err(error) = &written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one has led to all others.
        let _ = FAILURE.set(error.to_string());
    }
    written
}

/// Why something was not written to stdout, unless its reader has left.
pub(crate) fn failure() -> Option<&'static str> {
    FAILURE.get().map(String::as_str)
}
