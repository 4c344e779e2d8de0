//! The cover: our listener on the loopback address that a program leaves open.

use std::time::{Duration, Instant};

use super::{effect::VerificationEffect, loopback::Loopback};

/// How long a program must have listened again before we cover the other address: a program that restarts
/// itself binds both, and must find both free.
pub(super) const COVER_RETURN: Duration = Duration::from_millis(500);

/// What is known of the cover while a program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cover {
    open: Option<Loopback>,
    /// The earliest time at which one may be opened.
    from: Instant,
    /// Whether one could not be opened; another is tried when the program has listened anew.
    pub(super) has_failed: bool,
}

impl Cover {
    /// No cover, and none before `from`.
    pub(super) fn closed(from: Instant) -> Self {
        Self { open: None, from, has_failed: false }
    }

    /// Brings it to what is wanted now, and was `before`.
    pub(super) fn adjust(
        &mut self,
        before: Option<Loopback>,
        wanted: Option<Loopback>,
        at: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        if before != wanted {
            self.from = self.from.max(at + COVER_RETURN);
            effects.extend(self.close());
        }
        self.open_if_due(wanted, at, effects);
    }

    pub(super) fn open_if_due(
        &mut self,
        wanted: Option<Loopback>,
        at: Instant,
        effects: &mut Vec<VerificationEffect>,
    ) {
        if self.open.is_none() && at >= self.from {
            self.open = wanted;
            effects.extend(wanted.map(VerificationEffect::OpenCover));
        }
    }

    pub(super) fn close(&mut self) -> Option<VerificationEffect> {
        self.open.take().map(VerificationEffect::CloseCover)
    }

    /// Whether the open one is this one, which it is no longer.
    pub(super) fn failed(&mut self, loopback: Loopback) -> bool {
        let is_open = self.open == Some(loopback);
        if is_open {
            self.open = None;
            self.has_failed = true;
        }
        is_open
    }

    /// When the wanted one may be opened, if it is still closed.
    pub(super) fn due(&self, wanted: Option<Loopback>) -> Option<Instant> {
        (wanted.is_some() && self.open.is_none()).then_some(self.from)
    }
}
