//! What else listens on this computer.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    net::SocketAddr,
};

use serde_json::{Value, json};
use shared::{
    conflict::Holder,
    os::{self, SocketEntry, SocketTables, System},
    port::Port,
    words::AnswerName,
};

/// A port on which something listens that is no app of this user.
#[derive(Debug)]
pub(super) struct OtherListener {
    pub(super) port: Port,
    pub(super) addresses: BTreeSet<SocketAddr>,
    /// The program, as far as it can be seen.
    pub(super) holder: Holder,
}

impl OtherListener {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "event": AnswerName::Listener,
            "port": self.port,
            "addresses": self.addresses,
            "holder": self.holder,
        })
    }
}

/// The listeners on other ports than `ours`, by their ports.
///
/// # Errors
///
/// If the system does not tell what listens.
pub(super) fn others(ours: &BTreeSet<Port>) -> io::Result<Vec<OtherListener>> {
    let system = System::default();
    let mut by_port = BTreeMap::<Port, Vec<SocketEntry>>::new();
    for entry in os::listeners()? {
        let port = Port::new(entry.local.port()).filter(|port| !ours.contains(port));
        if let Some(port) = port {
            by_port.entry(port).or_default().push(entry);
        }
    }
    let ids: HashSet<u64> = by_port.values().flatten().filter_map(|entry| entry.id).collect();
    let holders = system.holders(&ids);
    let listener = |(port, entries): (Port, Vec<SocketEntry>)| {
        let pids = entries.iter().flat_map(|entry| {
            let held = entry.id.and_then(|id| holders.get(&id)).into_iter().flatten().copied();
            held.chain(entry.pid)
        });
        let seen = pids.filter_map(|pid| system.process(pid)).next();
        let user = || entries.iter().find_map(|entry| system.user_name(entry.uid?));
        let holder = seen.map(|process| process.holder);
        let holder = holder.unwrap_or_else(|| Holder { user: user(), ..Holder::default() });
        let addresses = entries.iter().map(|entry| entry.local).collect();
        OtherListener { port, addresses, holder }
    };
    Ok(by_port.into_iter().map(listener).collect())
}
