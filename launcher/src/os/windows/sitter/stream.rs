//! A stream of bytes within this process: one end is written without waiting, the other is read as any other stream.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Condvar, Mutex, PoisonError},
};

/// How much waits for the reader, in bytes.
const ROOM: usize = 64 << 10;

#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<PipeState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct PipeState {
    bytes: VecDeque<u8>,
    has_no_reader: bool,
    has_no_writer: bool,
}

/// The end that is written.
#[derive(Debug)]
pub(super) struct StreamWriter(Arc<Pipe>);

/// The end that is read.
pub struct StreamReader {
    pipe: Arc<Pipe>,
    /// Called when there is room again.
    made_room: Box<dyn Fn() + Send>,
}

/// Both ends of a stream. `made_room` is called whenever something was read.
pub(super) fn stream(made_room: impl Fn() + Send + 'static) -> (StreamWriter, StreamReader) {
    let pipe = Arc::<Pipe>::default();
    (StreamWriter(Arc::clone(&pipe)), StreamReader { pipe, made_room: Box::new(made_room) })
}

impl StreamWriter {
    /// Writes what there is room for, and returns how much that was. What has no reader any more counts as written.
    pub(super) fn write_some(&self, bytes: &[u8]) -> usize {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.has_no_reader {
            return bytes.len();
        }
        let written = bytes.len().min(ROOM - state.bytes.len());
        state.bytes.extend(&bytes[..written]);
        self.0.changed.notify_all();
        written
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).has_no_writer = true;
        self.0.changed.notify_all();
    }
}

impl Read for StreamReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let state = self.pipe.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_waiting = |state: &mut PipeState| state.bytes.is_empty() && !state.has_no_writer;
        let state = self.pipe.changed.wait_while(state, is_waiting);
        let read = state.unwrap_or_else(PoisonError::into_inner).bytes.read(into)?;
        if read > 0 {
            (self.made_room)();
        }
        Ok(read)
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.pipe.state.lock().unwrap_or_else(PoisonError::into_inner).has_no_reader = true;
        (self.made_room)();
    }
}

impl std::fmt::Debug for StreamReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StreamReader").finish_non_exhaustive()
    }
}
