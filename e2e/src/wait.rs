//! Waiting for a condition: the one place where these tests sleep.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take. A launch needs a tenth of a second, twenty at once on a machine with
/// two processors a few, and ten times as long where something else keeps these busy or Wine runs
/// it; only a program that hangs takes this long. The programs do not promise this limit.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The time between two calls: short compared with a launch, long compared with a call.
const PAUSE: Duration = Duration::from_millis(5);

/// Calls `look` until it returns a value, for [`PATIENCE`] at most.
pub fn wait_for<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    wait_at_most(PATIENCE, look)
}

/// Calls `look` until it returns a value, for `limit` at most.
pub(crate) fn wait_at_most<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        // One more call after the limit: a suspended machine is no failure.
        let is_last = started.elapsed() > limit;
        match look() {
            Some(seen) => return Some(seen),
            None if is_last => return None,
            None => thread::sleep(PAUSE),
        }
    }
}

/// Sleeps 2 ms, so that a client that sends requests in a loop sends no more than a few hundred a
/// second.
pub(crate) fn breathe() {
    thread::sleep(Duration::from_millis(2));
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// If it does not within [`PATIENCE`], naming `what` was waited for.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let seen = wait_for(|| condition().then_some(()));
    assert!(seen.is_some(), "waited {} s in vain until {what}", PATIENCE.as_secs());
}
