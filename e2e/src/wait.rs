//! Waiting for a condition: the one place where these tests sleep.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take. A launch needs a tenth of a second, twenty at once on a machine with
/// two processors a few, and ten times as long where something else keeps these busy or Wine runs
/// it; only what hangs takes this long. It is no promise of the programs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long it sleeps between two looks: short beside a launch, long beside a look.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until there is something to see, for [`PATIENCE`] at most.
pub fn wait_for<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    wait_at_most(PATIENCE, look)
}

/// Looks until there is something to see, for so long at most.
pub(crate) fn wait_at_most<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        // A last look after the limit: a machine that stood still is no failure.
        let is_last = started.elapsed() > limit;
        match look() {
            Some(seen) => return Some(seen),
            None if is_last => return None,
            None => thread::sleep(PAUSE),
        }
    }
}

/// Lets everybody else go on for a moment, so that a client that asks all the time asks no more than
/// a few hundred times a second.
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
