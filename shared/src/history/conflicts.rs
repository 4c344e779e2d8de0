//! Who takes our ports, how often, and when.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    filter::Filter,
    found::{Entry, Found},
    reader::{HistoryError, Reader},
    record::Record,
};
use crate::{
    conflict::{Class, Conflict},
    event::{Event, EventName},
    port::Port,
};

/// Every conflict of a time, by who held the port.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Conflicts {
    /// How many there were.
    pub total: u64,
    /// Who held the ports, the most frequent first.
    pub holders: Vec<ConflictSource>,
    /// How many lines of the history are no records.
    pub broken_lines: u64,
}

/// A program that held ports of ours. What is not known of it is null.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConflictSource {
    /// Its short name.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub name: Option<String>,
    /// The file it runs.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub exe: Option<String>,
    /// The user it belongs to.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub user: Option<String>,
    /// How many conflicts it caused.
    pub count: u64,
    /// The ports that it held.
    pub ports: BTreeSet<Port>,
    /// How many conflicts there were of each class.
    pub classes: BTreeMap<String, u64>,
    /// When it held one for the first time.
    pub first: Timestamp,
    /// When it held one for the last time.
    pub last: Timestamp,
}

/// What the processes of one program and user have in common.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
struct Who {
    name: Option<String>,
    exe: Option<String>,
    user: Option<String>,
}

impl Reader {
    /// The conflicts that `filter` wants. Memory depends on how many programs there are, and not on
    /// how often they came.
    ///
    /// # Errors
    ///
    /// If the history cannot be read. No history is an empty one.
    pub fn conflicts(&self, filter: &Filter) -> Result<Conflicts, HistoryError> {
        let filter = Filter {
            events: Filter::of_events([EventName::PortConflict]).events,
            ..filter.clone()
        };
        let mut sources: HashMap<Who, ConflictSource> = HashMap::new();
        let mut found = Conflicts::default();
        for line in self.forward(&filter)? {
            let Found::Record(entry) = line? else {
                found.broken_lines += 1;
                continue;
            };
            match entry.record() {
                Ok(Record { ts, event: Event::PortConflict(conflict), .. }) => {
                    found.total += 1;
                    let class = class_of(&conflict, &entry);
                    add(&mut sources, ts, conflict, class);
                }
                _ => found.broken_lines += 1,
            }
        }
        found.holders = sources.into_values().collect();
        found.holders.sort_by(|a, b| b.count.cmp(&a.count).then(b.last.cmp(&a.last)));
        Ok(found)
    }
}

/// The class as it was written: one that a later version has added counts by its own word.
fn class_of(conflict: &Conflict, entry: &Entry) -> String {
    #[derive(Deserialize)]
    struct Written {
        class: String,
    }
    let written = || serde_json::from_str::<Written>(&entry.text).map(|written| written.class);
    match conflict.class {
        Class::Other => written().unwrap_or_else(|_| Class::Unknown.to_string()),
        known => known.to_string(),
    }
}

fn add(
    sources: &mut HashMap<Who, ConflictSource>,
    ts: Timestamp,
    Conflict { port, holder, .. }: Conflict,
    class: String,
) {
    let holder = holder.unwrap_or_default();
    let who = Who { name: holder.name, exe: holder.exe, user: holder.user };
    let source = sources.entry(who).or_insert_with_key(|who| ConflictSource {
        name: who.name.clone(),
        exe: who.exe.clone(),
        user: who.user.clone(),
        count: 0,
        ports: BTreeSet::new(),
        classes: BTreeMap::new(),
        first: ts,
        last: ts,
    });
    source.count += 1;
    source.ports.insert(port);
    *source.classes.entry(class).or_default() += 1;
    source.first = source.first.min(ts);
    source.last = source.last.max(ts);
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn conflicts_are_counted_by_who_held_the_port_and_not_by_its_process_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let text = r#"
{"ts":"2026-11-20T08:00:00Z","event":"port_conflict","app":"notes","port":3030,"class":"in_use","holder":{"pid":1,"name":"node","exe":"/n","user":"me","started_at":null}}
{"ts":"2026-11-21T08:00:00Z","event":"port_claimed","app":"notes","port":3031}
{"ts":"2026-11-21T08:00:00Z","event":"port_conflict","app":"notes","port":3031,"class":"other_family","holder":{"pid":2,"name":"node","exe":"/n","user":"me"}}
{"ts":"2026-11-22T08:00:00Z","event":"port_conflict","app":"notes","port":6000,"class":"browser_blocked","holder":null}
{"ts":"2026-11-22T08:00:00Z","event":"port_conflict","app":"other","port":3030,"class":"in_use","holder":null}
{"ts":"2026-11-22T08:00:00Z","event":"port_conflict","app":"notes"}
broken"#;
        std::fs::write(&file, text).expect("written");
        let filter = Filter { app: "notes".parse().ok(), ..Filter::default() };
        let found = Reader::of_history(&file).conflicts(&filter).expect("readable");
        assert_eq!((found.total, found.broken_lines), (3, 2));
        let [node, unknown] = &found.holders[..] else { panic!("{found:?}") };
        assert_eq!((node.name.as_deref(), node.count, node.ports.len()), (Some("node"), 2, 2));
        assert_eq!(
            (node.first.to_string(), node.last.to_string()),
            ("2026-11-20T08:00:00Z".into(), "2026-11-21T08:00:00Z".into())
        );
        assert_eq!(node.classes.keys().collect::<Vec<_>>(), ["in_use", "other_family"]);
        assert_eq!((unknown.name.as_ref(), unknown.count), (None, 1));
        let none = Reader::of_history(std::path::Path::new("/nowhere/at/all"))
            .conflicts(&filter)
            .expect("empty");
        assert_eq!(none, Conflicts::default());
    }
}
