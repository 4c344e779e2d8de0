//! The clients of a control socket: how many at a time, and how long each may take.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The most clients at a time. The next one waits until another is done.
const MAX_CLIENTS: usize = 64;

/// How many clients are no crowd; a person has one or two.
const FEW_CLIENTS: usize = 16;

/// How long a client may take to send its request, and to take the response.
pub(super) const CLIENT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may take to send its request in a crowd. Commands send theirs at once.
pub(super) const CROWDED_TIMEOUT: Duration = Duration::from_millis(200);

/// How many clients may be connected, and how many are.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionLimit(Arc<OpenConnections>);

#[derive(Debug, Default)]
struct OpenConnections {
    open: Mutex<usize>,
    one_less: Condvar,
}

/// A client's place among [`MAX_CLIENTS`], until this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit(pub(super) ConnectionLimit);

impl ConnectionLimit {
    /// A place for one more; `None` if none becomes free, which takes a crowd that does not fall silent.
    pub(super) fn wait_for_permit(&self) -> Option<ConnectionPermit> {
        let is_full = |open: &mut usize| *open >= MAX_CLIENTS;
        let waited = self.0.one_less.wait_timeout_while(self.open(), 2 * CROWDED_TIMEOUT, is_full);
        let (mut open, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *open += 1;
        Some(ConnectionPermit(self.clone()))
    }

    fn open(&self) -> MutexGuard<'_, usize> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a client may take to send its request.
    pub(super) fn timeout(&self) -> Duration {
        if *self.open() > FEW_CLIENTS { CROWDED_TIMEOUT } else { CLIENT_TIMEOUT }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        *self.0.open() -= 1;
        self.0.0.one_less.notify_one();
    }
}
