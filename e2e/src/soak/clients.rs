//! Two clients that ask all the time, and must never be turned away (I10).

use crate::{Load, LoadCounts};

/// Two clients: one keeps its connection, the other makes a new one for each request.
#[derive(Debug)]
pub(super) struct Clients {
    loads: [Load; 2],
    port: u16,
    kills: usize,
}

impl Clients {
    /// Two of them at `port`.
    pub(super) fn of(port: u16) -> Self {
        let target = "/_homeport/healthz";
        Self { loads: [Load::kept(port, target), Load::fresh(port, target)], port, kills: 0 }
    }

    /// The port that they send requests to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Allows one more cut request: a server was killed.
    pub(super) fn forgive(&mut self) {
        self.kills += 1;
    }

    /// Waits for some more responses, and checks the counts.
    #[track_caller]
    pub(super) fn check(&self) {
        for load in &self.loads {
            load.goes_on(3);
            self.check_counts(&load.so_far());
        }
    }

    /// Ends them, and checks the counts.
    #[track_caller]
    pub(super) fn end(self) {
        let Self { loads, port, kills } = self;
        let judge = Self { loads, port, kills };
        let Self { loads, .. } = &judge;
        loads.iter().for_each(|load| judge.check_counts(&load.so_far()));
        for load in judge.loads {
            drop(load.end());
        }
    }

    #[track_caller]
    fn check_counts(&self, seen: &LoadCounts) {
        assert_eq!(seen.refused, 0, "I10: connections to {} were refused: {seen:?}", self.port);
        assert!(seen.cut.len() <= self.kills, "I10: {} kills and {seen:?}", self.kills);
        let may_answer = |status: &u16| matches!(status, 200 | 308);
        assert!(seen.statuses.keys().all(may_answer), "I10: {seen:?}");
    }
}
