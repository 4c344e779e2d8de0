//! How a tree is ended, as a pure function of time: the stop signal, then SIGKILL until none is left.

use std::time::{Duration, Instant};

/// The pause between two passes over what is left.
const PASS_INTERVAL: Duration = Duration::from_millis(10);

/// How many passes in a row must find no process that can be killed.
const CLEAN_PASSES: u8 = 2;

/// How long killed processes are waited for: one that waits for a disk ends late.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How far the end of a tree has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Termination {
    /// It was asked to end.
    Asked {
        /// When everything that is left is killed.
        kill_at: Instant,
    },
    /// What is left is being killed.
    Killing { next_pass: Instant, until: Instant, clean_passes: u8 },
    /// Two passes have found none, or what is left cannot be killed.
    Over,
}

impl Termination {
    /// Asked to end at `now`, with this much time for it.
    pub(super) fn asked(now: Instant, timeout: Duration) -> Self {
        Self::Asked { kill_at: now + timeout }
    }

    /// What is left is killed at once.
    pub(super) fn killing(now: Instant) -> Self {
        Self::Killing { next_pass: now, until: now + KILL_TIMEOUT, clean_passes: 0 }
    }

    /// When the next step is due.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Asked { kill_at } => Some(kill_at),
            Self::Killing { next_pass, .. } => Some(next_pass),
            Self::Over => None,
        }
    }

    /// The step at `now`; `pass` kills what is left and can be killed, and answers how many processes that were.
    pub(super) fn step(self, now: Instant, pass: impl FnOnce() -> usize) -> Self {
        match self {
            Self::Asked { kill_at } if now >= kill_at => Self::killing(now).step(now, pass),
            Self::Killing { next_pass, until, clean_passes } if now >= next_pass => {
                let clean_passes = if pass() == 0 { clean_passes + 1 } else { 0 };
                match clean_passes == CLEAN_PASSES || now >= until {
                    true => Self::Over,
                    false => Self::Killing { next_pass: now + PASS_INTERVAL, until, clean_passes },
                }
            }
            unchanged => unchanged,
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    /// What a pass finds each time, until it is over.
    fn passes(mut ending: Termination, start: Instant, found: &[usize]) -> (usize, Duration) {
        let (mut now, mut made) = (start, 0);
        while let Some(due) = ending.deadline() {
            now = now.max(due);
            ending = ending.step(now, || {
                let found = found.get(made).or(found.last()).copied().unwrap_or_default();
                made += 1;
                found
            });
        }
        (made, now - start)
    }

    #[test]
    fn what_is_asked_to_end_has_its_time_and_is_then_killed_until_two_passes_find_none() {
        let (start, timeout) = (Instant::now(), Duration::from_millis(2500));
        let asked = Termination::asked(start, timeout);
        assert_eq!(asked.step(start + timeout / 2, || panic!("too early")), asked);
        let (made, took) = passes(asked, start, &[3, 1, 0, 2, 0, 0]);
        assert_eq!((made, took), (6, timeout + 5 * PASS_INTERVAL));
    }

    #[test]
    fn what_takes_no_signals_is_not_waited_for() {
        let start = Instant::now();
        let (made, took) = passes(Termination::killing(start), start, &[2, 0]);
        assert_eq!((made, took), (3, 2 * PASS_INTERVAL));
    }

    #[test]
    fn what_cannot_be_killed_is_not_waited_for_without_end() {
        let start = Instant::now();
        let (_, took) = passes(Termination::killing(start), start, &[1]);
        assert_eq!(took, KILL_TIMEOUT);
    }
}
