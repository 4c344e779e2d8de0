//! A queue of lines that a thread writes in batches.
//!
//! Handing over each line by itself wakes the writer for each, and that costs more than the line.
//! Here the first line of a batch wakes the writer, which then lets the batch grow for [`PAUSE`]. At
//! rest nothing runs. When the queue is full a line is dropped and counted: logging never waits
//! for a disk.

use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    history::{Losses, Sink, print_failure},
    log_file::LostLines,
    rotation::RotatingFile,
};

/// How long a batch grows. A person who follows a log does not notice so short a delay.
const PAUSE: Duration = Duration::from_millis(20);

/// The most that waits to be written, in bytes: a second of the busiest server.
const MAX_QUEUED: usize = 16 << 20;

/// What one write takes at most, in bytes, give or take a line.
const MAX_BATCH: usize = 256 << 10;

/// The sending end. A line that finds no room is dropped and counted.
pub(super) struct Queue(Arc<SharedBatch>);

/// The thread that writes; dropping it writes what is queued and waits for that.
pub(super) struct Worker {
    shared: Arc<SharedBatch>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct SharedBatch {
    state: Mutex<BatchState>,
    changed: Condvar,
}

#[derive(Default)]
struct BatchState {
    lines: Vec<u8>,
    /// How many lines found no room.
    dropped: u64,
    /// What was lost when lines were written.
    losses: Losses,
    /// Whether the thread is writing what it has taken.
    writing: bool,
    /// Whether batches grow no more, because the program is about to end.
    hurrying: bool,
    closing: bool,
}

/// The file of the thread, which tests replace.
pub(super) trait BatchSink: Send {
    /// Makes room before the first lines.
    fn prepare(&mut self);

    /// Appends whole lines.
    fn append(&mut self, lines: &[u8]) -> Result<(), LostLines>;

    fn losses(&self) -> Losses;
}

impl BatchSink for RotatingFile {
    fn prepare(&mut self) {
        self.delete_old();
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), LostLines> {
        Self::append(self, lines)
    }

    fn losses(&self) -> Losses {
        Self::losses(self)
    }
}

impl SharedBatch {
    fn lock(&self) -> MutexGuard<'_, BatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch; `None` when the queue is closed and empty.
    fn next(&self) -> Option<Vec<u8>> {
        let idle = |state: &mut BatchState| state.lines.is_empty() && !state.closing;
        let growing = |state: &mut BatchState| state.lines.len() < MAX_BATCH && !state.hurrying;
        let state = self.changed.wait_while(self.lock(), idle);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let grown = self.changed.wait_timeout_while(state, PAUSE, growing);
        let (mut state, _) = grown.unwrap_or_else(PoisonError::into_inner);
        let lines = mem::take(&mut state.lines);
        state.writing = !lines.is_empty();
        state.writing.then_some(lines)
    }
}

/// A queue whose lines go to `file`.
pub(super) fn queue(file: impl BatchSink + 'static) -> io::Result<(Queue, Worker)> {
    let shared = Arc::new(SharedBatch::default());
    let writer = Arc::clone(&shared);
    let write = move || write_all(&writer, file);
    let thread = thread::Builder::new().name("diagnostics".to_owned()).spawn(write)?;
    Ok((Queue(Arc::clone(&shared)), Worker { shared, thread: Some(thread) }))
}

fn write_all(queue: &SharedBatch, mut file: impl BatchSink) {
    file.prepare();
    queue.lock().losses = file.losses();
    let mut failed = false;
    while let Some(lines) = queue.next() {
        let written = file.append(&lines);
        let failed_before = mem::replace(&mut failed, written.is_err());
        if let (Err(lost), false) = (written, failed_before) {
            print_failure(&lost.error);
        }
        let mut state = queue.lock();
        state.losses = file.losses();
        state.writing = false;
        drop(state);
        queue.changed.notify_all();
    }
}

impl Sink for Queue {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.lines.len() + line.len() > MAX_QUEUED {
            state.dropped += 1;
            return Ok(());
        }
        let was_below = state.lines.len() < MAX_BATCH;
        let was_empty = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        let is_full = was_below && state.lines.len() >= MAX_BATCH;
        drop(state);
        if was_empty || is_full {
            self.0.changed.notify_all();
        }
        Ok(())
    }

    fn losses(&self) -> Option<Losses> {
        let state = self.0.lock();
        let has_room = state.lines.len() < MAX_BATCH;
        let dropped = state.losses.dropped + state.dropped;
        has_room.then_some(Losses { dropped, ..state.losses })
    }
}

impl Worker {
    /// Waits until every line that was queued is written, or could not be.
    pub(super) fn wait_until_written(&self) {
        let mut state = self.shared.lock();
        state.hurrying = true;
        self.shared.changed.notify_all();
        let is_busy = |state: &mut BatchState| state.writing || !state.lines.is_empty();
        drop(self.shared.changed.wait_while(state, is_busy));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        (state.hurrying, state.closing) = (true, true);
        drop(state);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing more to write.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    /// A file that takes nothing until it is released.
    #[derive(Clone, Default)]
    struct Gate(Arc<Gated>);

    #[derive(Default)]
    struct Gated {
        file: Mutex<(bool, Vec<u8>)>,
        opened: Condvar,
    }

    impl Gate {
        fn open(&self) {
            self.0.file.lock().expect("no panic").0 = true;
            self.0.opened.notify_all();
        }
    }

    impl BatchSink for Gate {
        fn prepare(&mut self) {}

        fn append(&mut self, lines: &[u8]) -> Result<(), LostLines> {
            let closed = self.0.file.lock().expect("no panic");
            let mut open = self.0.opened.wait_while(closed, |gate| !gate.0).expect("no panic");
            open.1.extend_from_slice(lines);
            Ok(())
        }

        fn losses(&self) -> Losses {
            Losses::default()
        }
    }

    #[test]
    fn what_is_queued_at_the_end_is_written_and_what_found_no_room_is_counted() {
        let gate = Gate::default();
        let (mut queue, worker) = queue(gate.clone()).expect("a thread");
        let line = [b'x'; 1 << 20];
        for _ in 0..64 {
            queue.append(&line).expect("never fails");
        }
        assert_eq!(queue.losses(), None, "there is no room to tell it");
        let dropped = queue.0.lock().dropped as usize;
        assert!(dropped >= 64 - 2 * (MAX_QUEUED >> 20), "{dropped}");
        gate.open();
        worker.wait_until_written();
        assert_eq!(queue.losses().map(|losses| losses.dropped), Some(dropped as u64));
        drop(worker);
        let written = gate.0.file.lock().expect("no panic").1.len();
        assert_eq!(written, (64 - dropped) << 20);
    }
}
