//! What a server writes to stderr: it appears on the launcher's own, and is kept in the output of the app.
//!
//! One thread reads, and waits for nothing else: the server must never find a pipe without a reader. Another one
//! writes to the log, whose disk may be slow.

use std::{
    convert::Infallible,
    io::{self, Read},
    mem,
    sync::mpsc::{
        Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use shared::{
    message,
    program_log::{OutputStream, ProgramLog},
};

use crate::render::{self, output};

/// How long the launcher waits for what a server that has ended wrote to stderr.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How much is read at once, in bytes.
const PIECE: usize = 8 << 10;

/// How many pieces wait to be written: 8 MiB at most. Those after them are dropped and counted.
const MAX_QUEUED: usize = 1024;

/// The stderr of a server's process.
#[derive(Debug)]
pub(super) struct ServerOutput {
    requests: SyncSender<LogRequest>,
    /// Closed when everything that the server wrote is passed on and kept.
    until_end: Receiver<Infallible>,
}

/// What the thread of the log is asked to do.
#[derive(Debug)]
enum LogRequest {
    /// Write what was read, and count the lines that were dropped before it.
    Write { piece: Vec<u8>, dropped: u64 },
    /// Write what is left, and close the channel: the stream has ended.
    End(Sender<Infallible>),
    /// Answer with what was written last.
    LastLines(SyncSender<Vec<String>>),
}

impl ServerOutput {
    /// Passes on what comes from `stderr`, and writes it to `log`, until both are closed.
    ///
    /// # Errors
    ///
    /// If the system has no threads left.
    pub(super) fn relay(stderr: impl Read + Send + 'static, log: ProgramLog) -> io::Result<Self> {
        let (requests, queued) = sync_channel(MAX_QUEUED);
        let (end, until_end) = channel();
        let queue = requests.clone();
        // Most servers write nothing there, and need no second thread.
        let mut keep = Some(move || keep(log, &queued));
        let read = move || {
            pass_on(stderr, &queue, || start(keep.take()));
            // The thread of the log goes on for as long as it may be asked for the last lines.
            let _ = queue.send(LogRequest::End(end));
        };
        thread::Builder::new().name("server's stderr".to_owned()).spawn(read)?;
        Ok(Self { requests, until_end })
    }

    /// Waits a moment until everything is passed on. A process that the server has started may have its stderr as
    /// well, and outlive it.
    pub(super) fn wait(&self) {
        let _ = self.until_end.recv_timeout(LAST_WORDS);
    }

    /// The last lines, without colours and secrets; none if the log does not answer.
    pub(super) fn last_lines(&self) -> Vec<String> {
        let (lines, answer) = sync_channel(1);
        let asked = self.requests.try_send(LogRequest::LastLines(lines));
        asked.ok().and_then(|()| answer.recv_timeout(LAST_WORDS).ok()).unwrap_or_default()
    }
}

/// Starts the thread of the log. Without one, the output is passed on and not kept.
fn start(keep: Option<impl FnOnce() + Send + 'static>) {
    let Some(keep) = keep else { return };
    if let Err(error) = thread::Builder::new().name("output log".to_owned()).spawn(keep) {
        warn_of_loss(&error);
    }
}

fn warn_of_loss(error: &io::Error) {
    render::warning(message!("warning.output_lost", error));
}

/// Passes what a server writes to stderr on to the launcher's own, and reads on when that is closed or not read.
/// Before each piece is queued, `prepare` is called.
fn pass_on(mut from: impl Read, queue: &SyncSender<LogRequest>, mut prepare: impl FnMut()) {
    let (mut piece, mut dropped) = (vec![0; PIECE], 0);
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => &piece[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        output::relay(read);
        prepare();
        let write = LogRequest::Write { piece: read.to_vec(), dropped: mem::take(&mut dropped) };
        if let Err(TrySendError::Full(LogRequest::Write { piece, dropped: before })) =
            queue.try_send(write)
        {
            dropped = before + piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
    }
}

/// Writes what is queued to the log, and unfinished lines in time.
fn keep(mut log: ProgramLog, queued: &Receiver<LogRequest>) {
    loop {
        let request = match log.next_deadline() {
            None => queued.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => queued.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match request {
            Ok(LogRequest::Write { piece, dropped }) => {
                log.count_dropped(dropped);
                log.write(OutputStream::Stderr, &piece, Instant::now());
            }
            Ok(LogRequest::End(end)) => {
                log.end();
                drop(end);
            }
            Ok(LogRequest::LastLines(lines)) => {
                // Who asked may wait no more.
                let _ = lines.send(log.last_lines().map(str::to_owned).collect());
            }
            Err(RecvTimeoutError::Timeout) => log.flush_due(Instant::now()),
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some(error) = log.take_failure() {
            warn_of_loss(&error);
        }
    }
}
