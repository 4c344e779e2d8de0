//! Who holds a socket, each process asked about once.

use std::collections::HashMap;

use crate::{
    conflict::{Class, Holder},
    diagnose::{budget::Budget, finding::Finding, snapshot::Snapshot},
    os::{HoldingProcess, SocketEntry},
};

/// Answers of the system about processes and users, kept for later questions.
pub(super) struct Holders {
    system: Budget,
    processes: HashMap<u32, ProcessLookup>,
    users: HashMap<u32, String>,
}

#[derive(Clone)]
enum ProcessLookup {
    Alive(HoldingProcess),
    Gone,
    /// The system did not answer in time.
    Unheard,
}

impl Holders {
    pub(super) fn new(system: Budget) -> Self {
        Self { system, processes: HashMap::new(), users: HashMap::new() }
    }

    /// The system, for other questions within the same budget.
    pub(super) fn system(&mut self) -> &mut Budget {
        &mut self.system
    }

    /// The holder of these sockets, and the class of the conflict that follows from it.
    pub(super) fn of(&mut self, seen: &Snapshot, sockets: &[SocketEntry]) -> Finding {
        let pids = seen.pids(sockets);
        let processes = self.processes(&pids);
        if let Some(holder) = oldest(&processes) {
            return Finding { class: Class::InUse, holder: Some(holder) };
        }
        // A table that names who opened a socket goes on naming it when a child has inherited it.
        let is_named = sockets.iter().any(|socket| socket.pid.is_some());
        if is_named && processes.iter().all(|known| matches!(known, ProcessLookup::Gone)) {
            return Finding { class: Class::GhostOwner, holder: self.heir(&pids) };
        }
        if let Some(&pid) = pids.first() {
            let holder = Holder { pid: Some(pid), ..Holder::default() };
            return Finding { class: Class::InUse, holder: Some(holder) };
        }
        let Some(uid) = sockets.first().and_then(|socket| socket.uid) else {
            return Finding { class: Class::InUse, holder: None };
        };
        let is_hidden = seen.own_uid.is_some_and(|own| own != uid);
        let class = if is_hidden { Class::HiddenOwner } else { Class::InUse };
        let holder = Holder { user: Some(self.user(uid)), ..Holder::default() };
        Finding { class, holder: Some(holder) }
    }

    /// Who has the sockets of processes that are gone: one of their children, as far as is known.
    fn heir(&mut self, gone: &[u32]) -> Option<Holder> {
        let gone = gone.to_vec();
        let children = self.system.query(move |system| {
            gone.into_iter().flat_map(|pid| system.children(pid)).collect::<Vec<_>>()
        });
        let children = self.processes(&children.unwrap_or_default());
        oldest(&children)
    }

    /// Whether these sockets have holders, and all of them were left behind.
    pub(super) fn are_orphans(&mut self, seen: &Snapshot, sockets: &[SocketEntry]) -> bool {
        let processes = self.processes(&seen.pids(sockets));
        let is_orphan = |known: &ProcessLookup| matches!(known, ProcessLookup::Alive(process) if process.orphan);
        !processes.is_empty() && processes.iter().all(is_orphan)
    }

    fn processes(&mut self, pids: &[u32]) -> Vec<ProcessLookup> {
        let known = &self.processes;
        let new: Vec<u32> = pids.iter().copied().filter(|pid| !known.contains_key(pid)).collect();
        if !new.is_empty() {
            let wanted = new.clone();
            let answers = self.system.query(move |system| {
                let answer =
                    |pid| system.process(pid).map_or(ProcessLookup::Gone, ProcessLookup::Alive);
                wanted.into_iter().map(answer).collect()
            });
            let answers = answers.unwrap_or_else(|| vec![ProcessLookup::Unheard; new.len()]);
            self.processes.extend(new.into_iter().zip(answers));
        }
        pids.iter().filter_map(|pid| self.processes.get(pid).cloned()).collect()
    }

    /// The name of a user, or the number of one without a name.
    fn user(&mut self, uid: u32) -> String {
        if let Some(name) = self.users.get(&uid) {
            return name.clone();
        }
        let name = self.system.query(move |system| system.user_name(uid)).flatten();
        self.users.entry(uid).or_insert(name.unwrap_or_else(|| uid.to_string())).clone()
    }
}

/// The living process that started first: the others inherited the socket from it.
fn oldest(processes: &[ProcessLookup]) -> Option<Holder> {
    let alive = processes.iter().filter_map(|known| match known {
        ProcessLookup::Alive(process) => Some(&process.holder),
        ProcessLookup::Gone | ProcessLookup::Unheard => None,
    });
    let age = |holder: &&Holder| (holder.started_at.is_none(), holder.started_at, holder.pid);
    alive.min_by_key(age).cloned()
}
