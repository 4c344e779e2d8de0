//! An observation, judged by the rules.

use std::net::SocketAddr;

use shared::{launch::UrlHost, port::Port};

use super::{
    effect::{ListenerOwnership, VerifiedListeners},
    loopback::Loopback,
    rules::Rules,
};
use crate::program::observation::{ListenerOwner, Observation, ObservedListener};

/// Whose a listener is in the eyes of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Party {
    Stranger,
    /// The program's: of its tree, or in its place.
    Program,
    /// A cover of the launcher.
    Launcher,
}

/// An observation with the rules that judge it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ObservationView<'a> {
    pub(super) rules: &'a Rules,
    observation: &'a Observation,
}

impl<'a> ObservationView<'a> {
    pub(super) fn new(rules: &'a Rules, observation: &'a Observation) -> Self {
        Self { rules, observation }
    }

    fn party(self, listener: &ObservedListener) -> Party {
        let may_be_delegated = self.rules.may_delegate && self.rules.is_reserved;
        match listener.owner {
            ListenerOwner::Tree { .. } => Party::Program,
            ListenerOwner::Stranger { pid: Some(pid), .. } if pid == self.rules.launcher_pid => {
                Party::Launcher
            }
            ListenerOwner::Stranger { is_new: true, .. }
                if may_be_delegated && self.is_on_port(listener) =>
            {
                Party::Program
            }
            ListenerOwner::Stranger { .. } => Party::Stranger,
        }
    }

    fn is_on_port(self, listener: &ObservedListener) -> bool {
        listener.address.port() == self.rules.port.get()
    }

    fn of(self, party: Party) -> impl Iterator<Item = &'a ObservedListener> {
        self.observation.listeners.iter().filter(move |listener| self.party(listener) == party)
    }

    /// The listener that gets the connections to this address, our own covers aside. Where listeners share
    /// an address, as `SO_REUSEPORT` allows, it is the stranger's.
    fn holder(self, loopback: Loopback) -> Option<(Party, &'a ObservedListener)> {
        self.observation
            .covers(loopback.ip(), self.rules.port.get())
            .map(|listener| (self.party(listener), listener))
            .filter(|(party, _)| *party != Party::Launcher)
            .min_by_key(|(party, listener)| (listener.distance(loopback.ip()), *party))
    }

    /// The stranger that this address leads to. With one on `127.0.0.1` a program is never ready.
    pub(super) fn stranger_at(self, loopback: Loopback) -> Option<&'a ObservedListener> {
        self.holder(loopback).filter(|(party, _)| *party == Party::Stranger).map(|(_, it)| it)
    }

    /// Any stranger on the port, on whatever address: it may have kept the program from the port.
    pub(super) fn stranger_on_port(self) -> Option<&'a ObservedListener> {
        self.of(Party::Stranger).find(|listener| self.is_on_port(listener))
    }

    /// Whether the program listens on its port, on whatever address.
    pub(super) fn is_program_on_port(self) -> bool {
        self.of(Party::Program).any(|listener| self.is_on_port(listener))
    }

    /// What the program's listeners are bound to.
    pub(super) fn addresses(self) -> Vec<SocketAddr> {
        self.of(Party::Program).map(|listener| listener.address).collect()
    }

    /// What the program's listeners beyond loopback are bound to.
    pub(super) fn exposed(self) -> impl Iterator<Item = SocketAddr> {
        let exposed = self.of(Party::Program).filter(|listener| listener.is_exposed());
        exposed.map(|listener| listener.address)
    }

    /// The process of the tree that listens on the port.
    pub(super) fn tree_pid_in_place(self) -> Option<u32> {
        Loopback::BOTH.into_iter().find_map(|loopback| match self.holder(loopback)?.1.owner {
            ListenerOwner::Tree { pid, .. } => Some(pid),
            ListenerOwner::Stranger { .. } => None,
        })
    }

    /// The listener of the tree whose port is next to the wanted one: a program that moves counts upward,
    /// while a debugger or a helper listens anywhere.
    pub(super) fn nearest(self) -> Option<(Port, u32)> {
        let listeners = self.observation.listeners.iter();
        let tree = listeners.filter_map(|listener| match listener.owner {
            ListenerOwner::Tree { pid, .. } => Some((Port::new(listener.address.port())?, pid)),
            ListenerOwner::Stranger { .. } => None,
        });
        let moved = tree.filter(|(port, _)| !self.observation.further.contains(port));
        moved.min_by_key(|(port, _)| port.get().abs_diff(self.rules.port.get()))
    }

    /// What is published of a program that is ready, where `127.0.0.1` is no stranger's; `None` if neither
    /// loopback address is its own. The process stays that of `before` as long as it listens.
    pub(super) fn verified(
        self,
        before: Option<&VerifiedListeners>,
        may_cover: bool,
    ) -> Option<VerifiedListeners> {
        let holders = Loopback::BOTH.map(|loopback| (loopback, self.holder(loopback)));
        let held = || {
            holders.iter().filter_map(|(loopback, holder)| match holder {
                Some((Party::Program, listener)) => Some((*loopback, *listener)),
                _ => None,
            })
        };
        let loopbacks: Vec<_> = held().map(|(loopback, _)| loopback).collect();
        let first = held().map(|(_, listener)| listener).next()?;
        let on_port = || self.of(Party::Program).filter(|listener| self.is_on_port(listener));
        let in_place = |it: &&ObservedListener| {
            Loopback::BOTH.iter().any(|loopback| it.distance(loopback.ip()).is_some())
        };
        let same =
            before.and_then(|before| on_port().filter(in_place).find(|it| it.pid() == before.pid));
        let listener = same.unwrap_or(first);
        let open = holders.iter().find(|(_, holder)| holder.is_none());
        let cover = open.filter(|_| may_cover).map(|(loopback, _)| *loopback);
        let leads_here = |loopback| loopbacks.contains(&loopback) || cover == Some(loopback);
        let host = if leads_here(Loopback::V4) && !leads_here(Loopback::V6) {
            UrlHost::Ipv4
        } else {
            UrlHost::Localhost
        };
        let ownership = match listener.owner {
            ListenerOwner::Tree { proof, .. } => ListenerOwnership::Tree(proof),
            ListenerOwner::Stranger { .. } => ListenerOwnership::Delegated,
        };
        let bound = on_port().map(|listener| listener.address).collect();
        Some(VerifiedListeners { loopbacks, bound, pid: listener.pid(), ownership, cover, host })
    }
}
