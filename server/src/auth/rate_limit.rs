//! How many wrong credentials are looked at: a person mistypes a few times, a program that guesses
//! does nothing else.
//!
//! A token cannot be guessed at any speed. This keeps the noise of trying out of the log, and says so
//! to a script whose token is out of date. A right credential passes at all times, and a request
//! without any is no attempt.

use std::time::{Duration, Instant};

/// How many may come at once: a page with an outdated cookie asks for about ten things.
const BURST: u32 = 20;

/// How long until one more may come: a person does not try faster.
const REFILL: Duration = Duration::from_secs(1);

/// What is to be done about one more wrong credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Refuse it, and log it.
    Refuse,
    /// Too many: ask for patience. Only the first of them is worth a line of the log.
    TooMany {
        /// Whether it is the first since one was last refused in the usual way.
        first: bool,
    },
}

/// A bucket of attempts that fills up with time.
#[derive(Debug)]
pub struct Attempts {
    left: u32,
    /// When the bucket was last known to hold `left`.
    counted: Instant,
    is_told: bool,
}

impl Attempts {
    /// All of them are left.
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, counted: now, is_told: false }
    }

    /// One more wrong credential.
    pub fn wrong(&mut self, now: Instant) -> Verdict {
        let passed = now.saturating_duration_since(self.counted).as_secs() / REFILL.as_secs();
        let refilled = u32::try_from(passed).unwrap_or(u32::MAX);
        self.counted += REFILL * refilled;
        self.left = self.left.saturating_add(refilled).min(BURST);
        match self.left.checked_sub(1) {
            Some(left) => {
                (self.left, self.is_told) = (left, false);
                Verdict::Refuse
            }
            None => Verdict::TooMany { first: !std::mem::replace(&mut self.is_told, true) },
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_burst_is_refused_in_the_usual_way_and_the_rest_at_the_pace_of_a_person() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        for _ in 0..BURST {
            assert_eq!(attempts.wrong(start), Verdict::Refuse);
        }
        assert_eq!(attempts.wrong(start), Verdict::TooMany { first: true });
        assert_eq!(attempts.wrong(start), Verdict::TooMany { first: false });
        let later = start + REFILL + REFILL / 2;
        assert_eq!(attempts.wrong(later), Verdict::Refuse);
        assert_eq!(attempts.wrong(later), Verdict::TooMany { first: true });
        assert_eq!(attempts.wrong(start + 2 * REFILL), Verdict::Refuse, "half a refill is kept");
    }

    #[test]
    fn no_time_fills_more_than_a_bucket() {
        let start = Instant::now();
        let mut attempts = Attempts::new(start);
        let later = start + Duration::from_secs(1_000_000);
        let refused = (0..2 * BURST).filter(|_| attempts.wrong(later) == Verdict::Refuse).count();
        assert_eq!(refused, BURST as usize);
    }
}
