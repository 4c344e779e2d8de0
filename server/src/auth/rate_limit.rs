//! The limit on wrong credentials: a person mistypes a few times, a program that guesses does
//! nothing else.
//!
//! A token cannot be guessed at any speed. The limit keeps the log short, and shows a script whose
//! token is out of date to wait. A right credential always passes, and a request without any does
//! not count.

use std::time::{Duration, Instant};

/// The number of wrong credentials that may come at once: a page with an outdated cookie sends about
/// ten requests.
const BURST: u32 = 20;

/// The time after which one more may come: a person does not try faster.
const REFILL: Duration = Duration::from_secs(1);

/// The answer to one more wrong credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Within the limit: refuse it, and log it.
    Allowed,
    /// Beyond the limit: ask the client to wait.
    Limited {
        /// Whether it is the first since one was last within the limit. Only the first is logged.
        first: bool,
    },
}

/// A token bucket: it holds up to `BURST` attempts and gains one every `REFILL`.
#[derive(Debug)]
pub struct TokenBucket {
    left: u32,
    /// When the bucket was last known to hold `left`.
    counted_at: Instant,
    is_limited: bool,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, counted_at: now, is_limited: false }
    }

    /// Takes one attempt from the bucket, if one is left.
    pub fn take(&mut self, now: Instant) -> Attempt {
        let passed = now.saturating_duration_since(self.counted_at).as_secs() / REFILL.as_secs();
        let refilled = u32::try_from(passed).unwrap_or(u32::MAX);
        self.counted_at += REFILL * refilled;
        self.left = self.left.saturating_add(refilled).min(BURST);
        match self.left.checked_sub(1) {
            Some(left) => {
                (self.left, self.is_limited) = (left, false);
                Attempt::Allowed
            }
            None => Attempt::Limited { first: !std::mem::replace(&mut self.is_limited, true) },
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_burst_is_refused_in_the_usual_way_and_the_rest_at_the_pace_of_a_person() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start);
        for _ in 0..BURST {
            assert_eq!(bucket.take(start), Attempt::Allowed);
        }
        assert_eq!(bucket.take(start), Attempt::Limited { first: true });
        assert_eq!(bucket.take(start), Attempt::Limited { first: false });
        let later = start + REFILL + REFILL / 2;
        assert_eq!(bucket.take(later), Attempt::Allowed);
        assert_eq!(bucket.take(later), Attempt::Limited { first: true });
        assert_eq!(bucket.take(start + 2 * REFILL), Attempt::Allowed, "half a refill is kept");
    }

    #[test]
    fn no_time_fills_more_than_a_bucket() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(start);
        let later = start + Duration::from_secs(1_000_000);
        let refused = (0..2 * BURST).filter(|_| bucket.take(later) == Attempt::Allowed).count();
        assert_eq!(refused, BURST as usize);
    }
}
