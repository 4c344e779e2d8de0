//! A limit for what a server writes that is no message.

use std::{
    mem,
    time::{Duration, Instant},
};

use shared::message;

use super::state::ServerEvent;

/// The shortest time between two reports of invalid lines.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Passes every message, and one invalid line a second: a server that writes its log to stdout must
/// not fill ours.
#[derive(Debug, Default)]
pub(super) struct OutputThrottle {
    last_report: Option<Instant>,
    suppressed: u64,
}

impl OutputThrottle {
    /// The event, unless it is suppressed. A report counts the lines that were suppressed before it.
    pub(super) fn pass(&mut self, event: ServerEvent) -> Option<ServerEvent> {
        let ServerEvent::InvalidLine(line) = event else { return Some(event) };
        if self.last_report.is_some_and(|last| last.elapsed() < REPORT_INTERVAL) {
            self.suppressed += 1;
            return None;
        }
        self.last_report = Some(Instant::now());
        Some(ServerEvent::InvalidLine(match mem::take(&mut self.suppressed) {
            0 => line,
            suppressed => message!("readiness.lines_before", line, count = suppressed),
        }))
    }
}

#[cfg(test)]
mod test {
    use shared::handover::ToLauncher;

    use super::*;

    #[test]
    fn messages_pass_and_invalid_lines_are_reported_once_a_second_with_their_number() {
        let mut throttle = OutputThrottle::default();
        let line = || ServerEvent::InvalidLine("?".to_owned());
        assert_eq!(throttle.pass(line()), Some(line()));
        for _ in 0..3 {
            assert_eq!(throttle.pass(line()), None);
            let ready = ServerEvent::Message(ToLauncher::Ready);
            assert_eq!(throttle.pass(ready.clone()), Some(ready));
        }
        throttle.last_report = Instant::now().checked_sub(REPORT_INTERVAL);
        let report = ServerEvent::InvalidLine("?, and 3 lines like it before".to_owned());
        assert_eq!(throttle.pass(line()), Some(report));
    }
}
