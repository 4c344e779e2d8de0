//! The output of a program, read while it runs and kept for the test.

use std::{
    io::Read,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// The output of a pipe, read by a thread of its own so that the writer never waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct CapturedOutput {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Arc<AtomicBool>,
}

impl CapturedOutput {
    pub(crate) fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let captured = Self::default();
        let Some(mut pipe) = pipe else {
            captured.closed.store(true, Ordering::Release);
            return captured;
        };
        let to = captured.clone();
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut part) {
                to.bytes.lock().expect("no panic while locked").extend_from_slice(&part[..length]);
            }
            to.closed.store(true, Ordering::Release);
        });
        captured
    }

    pub(crate) fn text(&self) -> String {
        let bytes = self.bytes.lock().expect("no panic while locked");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// As it came, which need not be text.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().expect("no panic while locked").clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
