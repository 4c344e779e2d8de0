//! Looks at the listeners of a program, and finds whose each of them is.

mod snapshot;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    net::SocketAddr,
    process,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use shared::{
    os::{self, SocketEntry, SocketTables, System},
    port::Port,
};

use self::snapshot::TreeSnapshot;
use super::observation::{ListenerOwner, Observation, ObservedListener, OwnershipProof};

/// How often one observation looks at most. A process that starts another and ends has its sockets in no process
/// that the look has seen; so a new stranger is told of if two looks agree.
const LOOKS: usize = 5;

/// How long it is remembered which process outside of the tree has a socket: finding it takes a look into every
/// process.
const HOLDERS_KEPT: Duration = Duration::from_secs(10);

/// Looks at the listeners of one program and at everyone's on its port.
#[derive(Debug)]
pub struct Observer {
    port: Port,
    further: BTreeSet<Port>,
    /// Those that were there before the program.
    baseline: HashSet<SocketKey>,
    holders: Mutex<HashMap<u64, KnownHolder>>,
    /// The sockets that processes of the tree were seen to have, each with the last of these. A program that forks and
    /// ends all the time hands one on faster than it is looked at.
    of_tree: Mutex<HashMap<u64, u32>>,
}

/// What tells a listener from every other.
type SocketKey = (SocketAddr, Option<u64>, Option<u32>);

/// The listeners of new strangers that one look has seen.
type NewStrangers = HashSet<(SocketKey, ListenerOwner)>;

/// The process outside of the tree that has a socket, if it can be seen, and until when it is remembered.
#[derive(Debug, Clone, Copy)]
struct KnownHolder {
    pid: Option<u32>,
    until: Instant,
}

/// What a listener is that no process of the tree is seen to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outsider {
    /// The launcher's, or the sitter's.
    Ours,
    /// Another process has it; `None` if that cannot be seen.
    Of(Option<u32>),
}

impl Observer {
    /// For a program that is about to be started and is to listen on `port`: what listens by now, anywhere, is
    /// not its.
    ///
    /// # Errors
    ///
    /// If the system does not tell what listens.
    pub fn new(port: Port) -> io::Result<Self> {
        let baseline = os::listeners()?.iter().map(key).collect();
        let (holders, of_tree) = (Mutex::default(), Mutex::default());
        Ok(Self { port, further: BTreeSet::new(), baseline, holders, of_tree })
    }

    /// For a program that was given these `further` ports, too.
    #[must_use]
    pub fn with_further_ports(self, further: BTreeSet<Port>) -> Self {
        Self { further, ..self }
    }

    /// The port that the program is to listen on.
    pub fn port(&self) -> Port {
        self.port
    }

    /// What is seen now of the listeners of the processes that descend from `root`, and of everyone's on the port.
    /// What `root` or this process has alone is left out.
    ///
    /// # Errors
    ///
    /// If `root` is gone (`NotFound`), or the system does not tell of processes or listeners.
    pub fn observe(&self, root: u32) -> io::Result<Observation> {
        self.observe_in(|| TreeSnapshot::take(root))
    }

    /// The same once the last process of the program has ended: everyone's listeners on the port.
    ///
    /// # Errors
    ///
    /// If the system does not tell of listeners.
    pub fn observe_after_end(&self) -> io::Result<Observation> {
        self.observe_in(TreeSnapshot::of_no_tree)
    }

    fn observe_in(&self, take: impl Fn() -> io::Result<TreeSnapshot>) -> io::Result<Observation> {
        let mut before = NewStrangers::new();
        let mut looks_left = LOOKS;
        loop {
            looks_left -= 1;
            let snapshot = take()?;
            let outsiders = self.outsiders(&snapshot);
            let mut seen = self.owners(&snapshot, &outsiders);
            let strangers: NewStrangers =
                seen.iter().filter_map(|(entry, owner)| new_stranger(entry, *owner)).collect();
            let agree = strangers.is_subset(&before);
            if agree {
                self.remember(&snapshot, &outsiders);
            } else if looks_left == 0 {
                let is_told = |stranger| before.contains(&stranger);
                seen.retain(|(entry, owner)| new_stranger(entry, *owner).is_none_or(is_told));
            } else {
                before = strangers;
                continue;
            }
            self.keep(&seen);
            let further = self.further.clone();
            return Ok(Observation { further, ..observation(&snapshot, &seen) });
        }
    }

    /// Who has the sockets that no process of the tree is seen to have, as far as it matters.
    fn outsiders(&self, snapshot: &TreeSnapshot) -> HashMap<u64, Outsider> {
        let of_interest = |entry: &&SocketEntry| {
            let is_on_port = entry.local.port() == self.port.get();
            snapshot.holder(entry).is_none()
                && (is_on_port || self.hidden_owner(snapshot, entry).is_some())
        };
        let ids = snapshot.listeners.iter().filter(of_interest).filter_map(|entry| entry.id);
        let mut unknown: HashSet<u64> = ids.collect();
        if unknown.is_empty() {
            return HashMap::new();
        }
        let mut found = HashMap::new();
        for pid in [process::id(), snapshot.root] {
            let ours = os::sockets_of(pid).unwrap_or_default();
            let ours = unknown.extract_if(|id| ours.contains(id));
            found.extend(ours.map(|id| (id, Outsider::Ours)));
        }
        let now = Instant::now();
        let known = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |id: &u64| known.get(id).filter(|holder| now < holder.until);
        let remembered: Vec<_> =
            unknown.iter().filter_map(|id| Some((*id, Outsider::Of(fresh(id)?.pid)))).collect();
        drop(known);
        unknown.retain(|id| remembered.iter().all(|(known, _)| known != id));
        found.extend(remembered);
        if !unknown.is_empty() {
            let holders = System::default().holders(&unknown);
            let first = |id: &u64| holders.get(id).and_then(|pids| pids.first()).copied();
            found.extend(unknown.iter().map(|id| (*id, Outsider::Of(first(id)))));
        }
        found
    }

    /// Keeps which sockets are the tree's.
    fn keep(&self, seen: &[(&SocketEntry, ListenerOwner)]) {
        let of_tree = seen.iter().filter_map(|(entry, owner)| match owner {
            ListenerOwner::Tree { pid, .. } => Some((entry.id?, *pid)),
            ListenerOwner::Stranger { .. } => None,
        });
        *self.of_tree.lock().unwrap_or_else(PoisonError::into_inner) = of_tree.collect();
    }

    /// The last process of the tree that was seen to have this socket.
    fn last_of_tree(&self, entry: &SocketEntry) -> Option<u32> {
        let of_tree = self.of_tree.lock().unwrap_or_else(PoisonError::into_inner);
        of_tree.get(&entry.id?).copied()
    }

    /// Keeps who has the sockets of others, for a while. One that has ended may have been of the tree.
    fn remember(&self, snapshot: &TreeSnapshot, outsiders: &HashMap<u64, Outsider>) {
        if outsiders.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut known = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, holder| now < holder.until);
        for (id, outsider) in outsiders {
            let is_other =
                |pid: u32| !snapshot.has_gained(pid) && System::default().process(pid).is_some();
            if let Outsider::Of(pid) = *outsider
                && pid.is_none_or(is_other)
            {
                known.entry(*id).or_insert(KnownHolder { pid, until: now + HOLDERS_KEPT });
            }
        }
    }

    /// The listeners that have to do with the program.
    fn owners<'a>(
        &self,
        snapshot: &'a TreeSnapshot,
        outsiders: &HashMap<u64, Outsider>,
    ) -> Vec<(&'a SocketEntry, ListenerOwner)> {
        let owner = |entry| Some((entry, self.owner(snapshot, outsiders, entry)?));
        snapshot.listeners.iter().filter_map(owner).collect()
    }

    /// `None` for what has nothing to do with the program.
    fn owner(
        &self,
        snapshot: &TreeSnapshot,
        outsiders: &HashMap<u64, Outsider>,
        entry: &SocketEntry,
    ) -> Option<ListenerOwner> {
        if let Some(pid) = snapshot.holder(entry) {
            return Some(ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor });
        }
        let outsider = entry.id.and_then(|id| outsiders.get(&id).copied());
        let pid = match outsider {
            Some(Outsider::Ours) => return None,
            Some(Outsider::Of(pid)) => pid.or(entry.pid),
            None => entry.pid,
        };
        match (pid, self.hidden_owner(snapshot, entry)) {
            (Some(pid), _) if pid == snapshot.root || pid == process::id() => None,
            // It was started, or has opened the socket, since its descriptors were read.
            (Some(pid), _) if snapshot.has(pid) || snapshot.has_gained(pid) => {
                Some(ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor })
            }
            (None, Some(pid)) => Some(ListenerOwner::Tree { pid, proof: OwnershipProof::User }),
            (pid, _) => {
                let is_on_port = entry.local.port() == self.port.get();
                let stranger = || ListenerOwner::Stranger { pid, is_new: self.is_new(entry) };
                let of_tree = self.last_of_tree(entry).filter(|_| pid.is_none());
                let of_tree = of_tree
                    .map(|pid| ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor });
                of_tree.or_else(|| is_on_port.then(stranger))
            }
        }
    }

    /// The process of the tree that may have a listener although it is not seen to: its descriptors cannot be
    /// read, and the socket is its user's and new.
    fn hidden_owner(&self, snapshot: &TreeSnapshot, entry: &SocketEntry) -> Option<u32> {
        snapshot.hidden_process_of(entry.uid?).filter(|_| self.is_new(entry))
    }

    fn is_new(&self, entry: &SocketEntry) -> bool {
        !self.baseline.contains(&key(entry))
    }
}

fn new_stranger(entry: &SocketEntry, owner: ListenerOwner) -> Option<(SocketKey, ListenerOwner)> {
    let is_new = matches!(owner, ListenerOwner::Stranger { is_new: true, .. });
    is_new.then(|| (key(entry), owner))
}

fn key(entry: &SocketEntry) -> SocketKey {
    (entry.local, entry.id, entry.pid)
}

fn observation(snapshot: &TreeSnapshot, seen: &[(&SocketEntry, ListenerOwner)]) -> Observation {
    let observed = |&(entry, owner): &(&SocketEntry, ListenerOwner)| {
        let is_ipv6_only = entry.is_ipv6_only.unwrap_or_else(|| snapshot.has_ipv4_beside(entry));
        ObservedListener {
            address: SocketAddr::new(entry.local.ip().to_canonical(), entry.local.port()),
            is_ipv6_only: is_ipv6_only && entry.local.ip().is_unspecified(),
            owner,
        }
    };
    let mut listeners: Vec<_> = seen.iter().map(observed).collect();
    listeners.sort_unstable();
    listeners.dedup();
    Observation { listeners, ..Observation::default() }
}

#[cfg(all(test, target_os = "linux"))]
mod test;
