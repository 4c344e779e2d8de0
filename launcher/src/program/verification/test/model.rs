//! The contract once more, as plainly as it can be said, for the random tests.

use super::*;

/// Whose a listener is, and who has an address.
#[derive(Clone, Copy)]
pub(super) struct Model<'a> {
    pub(super) rules: &'a Rules,
    pub(super) listeners: &'a [ObservedListener],
}

impl Model<'_> {
    pub(super) fn is_program(self, listener: &ObservedListener) -> bool {
        match listener.owner {
            ListenerOwner::Tree { .. } => true,
            ListenerOwner::Stranger { is_new, .. } => {
                is_new
                    && self.rules.may_delegate
                    && self.rules.is_reserved
                    && listener.address.port() == PORT
            }
        }
    }

    /// The listeners that get connections to this address.
    pub(super) fn holders(self, loopback: Loopback) -> Vec<ObservedListener> {
        let bound: &[&str] = match loopback {
            Loopback::V4 => &["127.0.0.1:3000", "0.0.0.0:3000", "[::]:3000"],
            Loopback::V6 => &["[::1]:3000", "[::]:3000"],
        };
        let all = bound.iter().map(|text| {
            let here = self.listeners.iter().filter(|listener| {
                let is_cover = listener.pid() == Some(LAUNCHER);
                let is_of_family = loopback == Loopback::V6 || !listener.is_ipv6_only;
                listener.address == address(text) && !is_cover && is_of_family
            });
            here.copied().collect::<Vec<_>>()
        });
        all.into_iter().find(|here| !here.is_empty()).unwrap_or_default()
    }

    pub(super) fn has_stranger(self, loopback: Loopback) -> bool {
        self.holders(loopback).iter().any(|holder| !self.is_program(holder))
    }

    pub(super) fn has_program(self, loopback: Loopback) -> bool {
        let holders = self.holders(loopback);
        !holders.is_empty() && holders.iter().all(|holder| self.is_program(holder))
    }
}
