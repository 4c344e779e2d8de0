//! The history of this launch: whether its port moved, which ports it could not have, and which
//! process serves now.
//!
//! The port history is read once, backwards to the beginning of the launch, and followed from then on.

use std::{
    path::{Path, PathBuf},
    process,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    conflict::{Class, Conflict, Holder},
    event::{EndReason, Event, MoveReason},
    history::{Entry, Filter, Follower, Reader, Record},
    port::Port,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// How many records of the launch are looked at. Only a launch that has moved and restarted for
/// weeks has more, and what it did last is among them.
const RECORDS: usize = 1000;

/// How the app came to its current port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LastMove {
    /// The port it had.
    pub from: Port,
    /// The port since then.
    pub to: Port,
    /// What made the app leave the earlier port.
    pub why: MoveReason,
    /// The time of the record of the move.
    pub ts: Timestamp,
    /// Why the old port could not be had, if that is why.
    pub class: Option<Class>,
    /// Who had it, as far as known.
    pub holder: Option<Holder>,
}

/// The history of one launch, read when it is asked for.
pub struct LaunchHistory {
    file: Option<PathBuf>,
    launch_id: Uuid,
    followed: Mutex<Option<FollowedHistory>>,
}

struct FollowedHistory {
    follower: Follower,
    records: LaunchRecords,
}

#[derive(Debug, Default)]
struct LaunchRecords {
    moved: Option<LastMove>,
    /// The last refusal of each port that was refused, of which there are few in a launch.
    conflicts: Vec<RefusedPort>,
    /// The port that the launcher waited for, once it was free.
    freed: Option<Port>,
    serving: Option<u32>,
}

/// A port that this launch could not have.
#[derive(Debug, Clone)]
pub struct RefusedPort {
    /// The time of the last refusal of the port.
    pub ts: Timestamp,
    /// The candidate that was not had.
    pub port: Port,
    /// What kept the port from us.
    pub class: Class,
    /// Who had it, as far as known.
    pub holder: Option<Holder>,
}

impl LaunchHistory {
    /// The history of this launch in `file`; empty without a file.
    pub fn new(file: Option<PathBuf>, launch_id: Uuid) -> Self {
        Self { file, launch_id, followed: Mutex::default() }
    }

    /// `None` for a launch that is where it began.
    pub fn moved(&self) -> Option<LastMove> {
        self.read(|records| records.moved.clone()).flatten()
    }

    /// The last refusal of `port` in this launch.
    pub fn refused(&self, port: Port) -> Option<RefusedPort> {
        let of_port =
            |records: &LaunchRecords| records.conflicts.iter().find(|r| r.port == port).cloned();
        self.read(of_port).flatten()
    }

    /// Whether `port`, which this launch could not have, has been released since.
    pub fn is_freed(&self, port: Port) -> bool {
        self.read(|records| records.freed == Some(port)).unwrap_or_default()
    }

    /// Whether another server of the launch has become ready after this one.
    pub fn has_successor(&self) -> bool {
        let serving = self.read(|records| records.serving).flatten();
        serving.is_some_and(|pid| pid != process::id())
    }

    fn read<T>(&self, read: impl FnOnce(&LaunchRecords) -> T) -> Option<T> {
        let file = self.file.as_ref()?;
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = followed.get_or_insert_with(|| self.begin(file));
        // What cannot be read now is read the next time.
        for added in followed.follower.poll().unwrap_or_default() {
            followed.records.apply(&added.entry);
        }
        Some(read(&followed.records))
    }

    fn begin(&self, file: &Path) -> FollowedHistory {
        let filter = Filter { launch_id: Some(self.launch_id), ..Filter::default() };
        let reader = Reader::of_history(file);
        let follower = reader.follow(&filter);
        // What is added in between is read twice, which changes nothing.
        let before = reader.page(&filter, RECORDS, None).unwrap_or_default();
        let mut records = LaunchRecords::default();
        before.records.iter().rev().for_each(|entry| records.apply(entry));
        FollowedHistory { follower, records }
    }
}

impl LaunchRecords {
    fn apply(&mut self, entry: &Entry) {
        let Ok(Record { ts, event, .. }) = entry.record() else { return };
        match event {
            Event::PortConflict(Conflict { port, class, holder, .. }) => {
                self.conflicts.retain(|refused| refused.port != port);
                self.conflicts.push(RefusedPort { ts, port, class, holder });
                self.freed = self.freed.filter(|freed| *freed != port);
            }
            Event::PortReleased(end) if end.reason == EndReason::HomePortFree => {
                self.freed = end.port;
            }
            Event::PortMoved { from, to, why } => {
                let forced = why == MoveReason::Conflict;
                let refused = self.conflicts.iter().find(|refused| forced && refused.port == from);
                let class = refused.map(|refused| refused.class);
                let holder = refused.and_then(|refused| refused.holder.clone());
                self.moved = Some(LastMove { from, to, why, ts, class, holder });
            }
            Event::ServerReady(ready) => self.serving = Some(ready.at.server_pid),
            _ => {}
        }
    }
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;

    #[test]
    fn a_move_is_told_with_who_forced_it_and_a_later_one_replaces_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let id = Uuid::now_v7();
        let record = |event: &str, rest: &str| {
            format!(
                r#"{{"ts":"2026-11-22T12:00:00Z","event":"{event}","app":"notes","launch_id":"{id}",{rest}}}"#
            )
        };
        let history = LaunchHistory::new(Some(file.clone()), id);
        assert!(history.moved().is_none() && !history.has_successor());
        let pid = process::id();
        let mut text = [
            record("port_conflict", r#""port":3030,"class":"in_use","holder":{"pid":812,"name":"node","exe":null,"user":null,"started_at":null}"#),
            record("port_conflict", r#""port":3031,"class":"in_use","holder":null"#),
            record("port_moved", r#""from":3030,"to":17000,"why":"conflict""#),
            record("port_moved", r#""from":1,"to":2,"why":"asked""#).replace(&id.to_string(), "other"),
            record("server_ready", &format!(r#""server_pid":{pid},"port":17000"#)),
        ]
        .join("\n");
        text.push('\n');
        fs::write(&file, &text).expect("written");
        let moved = history.moved().expect("it has");
        let holder = moved.holder.and_then(|holder| holder.name);
        assert_eq!(
            (moved.from.get(), moved.to.get(), moved.class),
            (3030, 17000, Some(Class::InUse))
        );
        assert_eq!((holder.as_deref(), history.has_successor()), (Some("node"), false));
        assert_eq!(LaunchHistory::new(Some(file.clone()), id).moved(), history.moved());
        let (home, other) = (moved.from, moved.to);
        assert!(history.refused(home).is_some() && history.refused(other).is_none());
        assert!(!history.is_freed(home));
        text += &record("port_released", r#""port":3030,"reason":"home_port_free""#);
        text += "\n";
        fs::write(&file, &text).expect("written");
        assert!(history.is_freed(home) && !history.is_freed(other));
        text += &record("port_moved", r#""from":17000,"to":17001,"why":"asked""#);
        text += "\n";
        text += &record("server_ready", r#""server_pid":1,"port":17001"#);
        text += "\n";
        fs::write(&file, &text).expect("written");
        let moved = history.moved().expect("it has");
        assert_eq!((moved.why, moved.to.get(), moved.class), (MoveReason::Asked, 17001, None));
        assert!(history.has_successor());
        assert!(LaunchHistory::new(None, id).moved().is_none());
    }
}
