//! When a server that failed is started again, and when no more.

use std::time::{Duration, Instant};

/// The first delay: long enough not to spin, too short to be noticed.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// The longest delay: a person who has repaired the cause sees that soon.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// A server that lived this long was healthy, and its failure is the first of a new row.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// This many failures within [`FAILURE_WINDOW`] mean that the next start will fail as well.
const MAX_FAILURES: usize = 5;

/// The time in which failures are counted.
const FAILURE_WINDOW: Duration = Duration::from_secs(60);

/// The failures of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: Vec<Instant>,
}

impl Backoff {
    /// Counts a failure of a server that lived for `uptime`, and returns how long to wait before the
    /// next start; `None` to give up.
    pub fn failed(&mut self, uptime: Duration, now: Instant) -> Option<Duration> {
        if uptime >= HEALTHY_AFTER {
            self.failures.clear();
        }
        self.failures.push(now);
        self.failures.retain(|then| now.duration_since(*then) <= FAILURE_WINDOW);
        let failures = self.failures.len();
        if failures >= MAX_FAILURES {
            return None;
        }
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX);
        Some(FIRST_DELAY.saturating_mul(1 << doublings.min(16)).min(MAX_DELAY))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn delays_double_and_the_fifth_failure_in_a_minute_ends_it() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let delays: Vec<_> = (0..5)
            .map(|n| {
                backoff.failed(Duration::ZERO, now + Duration::from_secs(n)).map(|d| d.as_millis())
            })
            .collect();
        assert_eq!(delays, [Some(100), Some(200), Some(400), Some(800), None]);
    }

    #[test]
    fn failures_far_apart_and_failures_after_health_never_end_it() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        for n in 0..100 {
            assert!(backoff.failed(Duration::ZERO, start + Duration::from_secs(n * 16)).is_some());
        }
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            assert_eq!(backoff.failed(HEALTHY_AFTER, start), Some(FIRST_DELAY));
        }
    }
}
