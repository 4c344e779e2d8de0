//! What the port history says of a port.

use std::{
    collections::{HashSet, VecDeque},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{conflict::Holder, keys, port::Port};

/// How many records are shown: the last two launches, and what came between them.
const SHOWN: usize = 10;

/// What happened on a port up to a moment.
#[derive(Debug, Default)]
pub struct Past {
    latest: VecDeque<Value>,
    launches: HashSet<String>,
    then: Then,
}

/// Who had the port at that moment, as far as records tell. A launch that was killed leaves no
/// record of its end, so it has the port until somebody else is seen there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Then {
    #[default]
    Unknown,
    /// An app held it, and its server was not ready yet.
    Claimed(Value),
    /// An app served there.
    Serving(Value),
    /// An app had let go of it.
    Released(Value),
    /// Somebody else had it.
    Taken(Value),
}

/// Reads what `file` says of `port`, up to `until` if given. No history is an empty one.
#[must_use]
pub fn of(file: &Path, port: Port, until: Option<Timestamp>) -> Past {
    let mut past = Past::default();
    let Ok(file) = File::open(file) else { return past };
    // Most lines are about other ports, and thrown away unparsed.
    let needle = format!(":{port}");
    for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
        let Ok(line) = str::from_utf8(&line) else { continue };
        if let Some(record) = line.contains(&needle).then(|| serde_json::from_str(line).ok())
            && let Some(record) = record
            && concerns(&record, port)
            && until.is_none_or(|until| at(&record).is_some_and(|at| at <= until))
        {
            past.add(record);
        }
    }
    past
}

fn concerns(record: &Value, port: Port) -> bool {
    let is_port = |key: &str| record[key].as_u64() == Some(u64::from(port.get()));
    is_port(keys::PORT) || is_port(keys::FROM) || is_port(keys::TO)
}

fn at(record: &Value) -> Option<Timestamp> {
    record[keys::TS].as_str()?.parse().ok()
}

impl Past {
    fn add(&mut self, record: Value) {
        if record[keys::EVENT] == "server_ready" {
            self.launches.extend(record[keys::LAUNCH_ID].as_str().map(str::to_owned));
        }
        self.then = std::mem::take(&mut self.then).after(&record);
        if self.latest.len() == SHOWN {
            self.latest.pop_front();
        }
        self.latest.push_back(record);
    }

    /// The last records about the port, oldest first.
    #[must_use]
    pub fn latest(&self) -> &VecDeque<Value> {
        &self.latest
    }

    /// How many launches became ready there.
    #[must_use]
    pub fn launches(&self) -> usize {
        self.launches.len()
    }

    /// Who had the port at that time, without a full stop.
    #[must_use]
    pub fn sentence(&self, port: Port, at: Timestamp) -> String {
        let of = |record: &Value, key: &str| record[key].as_str().unwrap_or("?").to_owned();
        let app = |record| of(record, keys::APP);
        let since = |record| of(record, keys::TS);
        let said = match &self.then {
            Then::Unknown => format!("nothing is recorded of port {port} up to then"),
            Then::Claimed(by) => {
                format!("port {port} was held by {}, whose server was not ready yet", app(by))
            }
            Then::Serving(by) => format!(
                "port {port} was the port of {}, which served there from {} (launch {})",
                app(by),
                since(by),
                of(by, keys::LAUNCH_ID)
            ),
            Then::Released(by) => {
                format!("port {port} was not ours: {} had let go of it at {}", app(by), since(by))
            }
            Then::Taken(by) => format!(
                "port {port} was held by {}, which was found there at {}",
                holder(by).map_or_else(|| "somebody else".to_owned(), |holder| holder.to_string()),
                since(by)
            ),
        };
        format!("at {at} {said}")
    }

    /// The same for a program.
    #[must_use]
    pub fn to_json(&self, port: Port, at: Timestamp) -> Value {
        let (then, record) = match &self.then {
            Then::Unknown => ("unknown", None),
            Then::Claimed(record) => ("claimed", Some(record)),
            Then::Serving(record) => ("serving", Some(record)),
            Then::Released(record) => ("released", Some(record)),
            Then::Taken(record) => ("taken", Some(record)),
        };
        json!({
            "event": "explain",
            "port": port,
            "at": at,
            "then": then,
            "since": record.map(|record| &record[keys::TS]),
            "app": record.map(|record| &record[keys::APP]),
            "launch_id": record.map(|record| &record[keys::LAUNCH_ID]),
            "holder": record.map(|record| &record[keys::HOLDER]),
            "launches": self.launches(),
            "history": self.latest,
        })
    }
}

fn holder(record: &Value) -> Option<Holder> {
    serde_json::from_value(record[keys::HOLDER].clone()).ok()
}

impl Then {
    /// Who has the port after this record.
    fn after(self, record: &Value) -> Self {
        let new = record.clone();
        match record[keys::EVENT].as_str().unwrap_or_default() {
            "port_claimed" => Self::Claimed(new),
            "server_ready" => Self::Serving(new),
            "port_released" => Self::Released(new),
            "launch_stopped" | "launch_failed" if self.is_of(record) => Self::Released(new),
            // The policy refused it unasked, or one of our own servers was found there.
            "port_conflict" if record[keys::OS_ERROR].is_null() => self,
            "port_conflict" if is_ours(record) => self,
            "port_conflict" => Self::Taken(new),
            _ => self,
        }
    }

    /// Whether the launch of `record` has the port.
    fn is_of(&self, record: &Value) -> bool {
        match self {
            Self::Claimed(by) | Self::Serving(by) => by[keys::LAUNCH_ID] == record[keys::LAUNCH_ID],
            Self::Unknown | Self::Released(_) | Self::Taken(_) => false,
        }
    }
}

fn is_ours(record: &Value) -> bool {
    record[keys::CLASS] == "own_instance" || record[keys::CLASS] == "reserved_by_app"
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;

    const HISTORY: &str = r#"
{"ts":"2026-11-22T08:00:00.000000Z","event":"port_conflict","app":"server","launch_id":"a","port":3030,"class":"in_use","os_error":{"code":98},"holder":{"pid":812,"name":"node","exe":null,"user":null,"started_at":null}}
{"ts":"2026-11-22T09:00:00.000000Z","event":"port_claimed","app":"server","launch_id":"b","port":3030}
{"ts":"2026-11-22T09:00:01.000000Z","event":"server_ready","app":"server","launch_id":"b","port":3030}
{"ts":"2026-11-22T09:30:00.000000Z","event":"port_conflict","app":"notes","launch_id":"n","port":3030,"class":"reserved_by_app","os_error":{"code":98},"holder":null}
{"ts":"2026-11-22T09:40:00.000000Z","event":"server_ready","app":"notes","launch_id":"n","port":30300}
{"ts":"2026-11-22T10:00:00.000000Z","event":"port_released","app":"server","launch_id":"b","port":3030}
{"ts":"2026-11-22T10:00:00.0000"#;

    fn then(at: &str) -> (String, usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        fs::write(&file, HISTORY).expect("written");
        let (port, at) = (Port::new(3030).expect("not 0"), at.parse().expect("a time"));
        let past = of(&file, port, Some(at));
        (past.sentence(port, at), past.launches())
    }

    #[test]
    fn who_had_the_port_is_told_for_any_moment() {
        for (at, wanted, launches) in [
            ("2026-11-22T07:00:00Z", "nothing is recorded", 0),
            ("2026-11-22T08:10:00Z", "was held by node (pid 812), which was found there", 0),
            ("2026-11-22T09:00:00Z", "was held by server, whose server was not ready yet", 0),
            ("2026-11-22T09:35:00Z", "was the port of server, which served there from 2026", 1),
            ("2026-11-22T11:00:00Z", "was not ours: server had let go of it", 1),
        ] {
            let (sentence, ready) = then(at);
            assert!(sentence.contains(wanted), "{sentence}");
            assert_eq!(ready, launches, "{at}");
        }
    }

    #[test]
    fn no_history_is_an_empty_one() {
        let past = of(Path::new("/nowhere/at/all"), Port::new(1).expect("not 0"), None);
        assert!(past.latest().is_empty() && past.launches() == 0);
    }
}
