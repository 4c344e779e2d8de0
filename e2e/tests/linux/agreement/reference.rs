//! A reading of the port history that is as plain as can be: all of the file in memory, every line
//! parsed as JSON, every question a loop over all lines. It shares no code with the programs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt, fs,
    path::Path,
};

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, json};

/// The longest line that is read.
const LONGEST: usize = 1 << 20;

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) app: Option<String>,
    pub(super) event: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) since: Option<Timestamp>,
}

/// A file, line by line.
pub(super) struct Reference(Vec<Line>);

struct Line {
    number: u64,
    bytes: Vec<u8>,
    what: What,
}

enum What {
    Record {
        value: Value,
        ts: Timestamp,
    },
    /// It has not even the shape of a record.
    Shapeless,
    /// It has the shape of a record and is none.
    Broken,
}

/// An object in which no key is there twice.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Object, M::Error> {
                let mut object = Map::new();
                while let Some((key, value)) = members.next_entry::<String, Value>()? {
                    if object.insert(key, value).is_some() {
                        return Err(M::Error::custom("a key is there twice"));
                    }
                }
                Ok(Object(object))
            }
        }
        from.deserialize_map(Members)
    }
}

impl Line {
    fn new(number: u64, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let has_shape = bytes.len() <= LONGEST
            && bytes.starts_with(b"{")
            && bytes.ends_with(b"}")
            && !bytes.contains(&0)
            && str::from_utf8(bytes).is_ok();
        let what = match has_shape {
            true => Self::record(bytes).unwrap_or(What::Broken),
            false => What::Shapeless,
        };
        (!bytes.is_empty()).then(|| Self { number, bytes: bytes.to_vec(), what })
    }

    fn record(bytes: &[u8]) -> Option<What> {
        let Object(members) = serde_json::from_slice(bytes).ok()?;
        let ts = members.get("ts")?.as_str()?.parse().ok()?;
        members.get("event")?.as_str()?;
        members.get("app")?.as_str()?;
        let needs = match members["event"].as_str()? {
            "port_moved" => &["from", "to"][..],
            "program_elsewhere" => &["asked", "took"],
            "port_conflict" | "port_claimed" | "port_reserved" | "port_assigned"
            | "port_forgotten" | "port_exposed" | "program_exposed" | "server_spawned"
            | "server_listening" | "server_ready" | "instance_found" => &["port"],
            _ => &[],
        };
        for key in needs {
            let port = members.get(*key)?.as_u64()?;
            (1..=65_535).contains(&port).then_some(())?;
        }
        Some(What::Record { value: Value::Object(members), ts })
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes).expect("a record is text")
    }

    fn has(&self, word: &str) -> bool {
        self.bytes.windows(word.len()).any(|part| part == word.as_bytes())
    }
}

impl Filter {
    /// The word by which lines are looked for, in the form in which a line has it.
    fn is_met_by_words_of(&self, line: &Line) -> bool {
        if let Some(port) = self.port {
            let text = String::from_utf8_lossy(&line.bytes);
            let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
            return numbers.any(|number| number == port.to_string());
        }
        let word = self.event.as_ref().or(self.app.as_ref());
        word.is_none_or(|word| line.has(&format!("\"{word}\"")))
    }

    fn wants(&self, record: &Value, ts: Timestamp) -> bool {
        self.app.as_ref().is_none_or(|app| record["app"] == **app)
            && self.event.as_ref().is_none_or(|event| record["event"] == **event)
            && self.port.is_none_or(|port| is_about(record, port))
            && self.since.is_none_or(|since| ts >= since)
    }
}

fn is_about(record: &Value, port: u16) -> bool {
    ["port", "from", "to", "asked", "took"].iter().any(|key| record[key] == port)
}

impl Reference {
    pub(super) fn read(file: &Path) -> Self {
        let bytes = fs::read(file).expect("it is there");
        let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
        Self(lines.filter_map(|(line, number)| Line::new(number, line)).collect())
    }

    /// The records in the order of the file, each with its line.
    fn records(&self) -> impl DoubleEndedIterator<Item = (&Line, &Value, Timestamp)> {
        self.0.iter().filter_map(|line| match &line.what {
            What::Record { value, ts } => Some((line, value, *ts)),
            _ => None,
        })
    }

    fn wanted(&self, filter: &Filter) -> Vec<(&Line, &Value)> {
        let wanted = self.records().filter(|(_, value, ts)| filter.wants(value, *ts));
        wanted.map(|(line, value, _)| (line, value)).collect()
    }

    pub(super) fn damaged_lines(&self) -> Vec<u64> {
        let damaged = self.0.iter().filter(|line| !matches!(line.what, What::Record { .. }));
        damaged.map(|line| line.number).collect()
    }

    pub(super) fn texts(&self, filter: &Filter) -> Vec<&str> {
        self.wanted(filter).into_iter().map(|(line, _)| line.text()).collect()
    }

    pub(super) fn values(&self, filter: &Filter) -> Vec<Value> {
        self.wanted(filter).into_iter().map(|(_, value)| value.clone()).collect()
    }

    /// How many lines a reading with this filter counts as no records.
    pub(super) fn broken(&self, filter: &Filter) -> usize {
        let counts = |line: &&Line| match line.what {
            What::Record { .. } => false,
            What::Shapeless => true,
            What::Broken => filter.is_met_by_words_of(line),
        };
        self.0.iter().filter(counts).count()
    }

    /// The last lines, by their stamps.
    pub(super) fn tail(&self, count: usize) -> Vec<&str> {
        let all = self.texts(&Filter::default());
        let mut last = all[all.len().saturating_sub(count)..].to_vec();
        // A stamp is the first member of a record and has one length.
        last.sort_by_key(|line| &line[..r#"{"ts":"2026-11-22T12:00:00.000000Z""#.len()]);
        last
    }

    pub(super) fn conflicts(&self, filter: &Filter) -> Value {
        let filter = Filter { event: Some("port_conflict".to_owned()), ..filter.clone() };
        let mut holders: Vec<Value> = Vec::new();
        for (_, conflict) in self.wanted(&filter) {
            let of = |key: &str| conflict["holder"].get(key).cloned().unwrap_or_default();
            let who = [of("name"), of("exe"), of("user")];
            let is_same = |h: &&mut Value| [&h["name"], &h["exe"], &h["user"]] == who.each_ref();
            let stamp = short(&conflict["ts"]);
            let class = conflict["class"].as_str().expect("a class");
            let Some(holder) = holders.iter_mut().find(is_same) else {
                let [name, exe, user] = who;
                holders.push(json!({
                    "name": name, "exe": exe, "user": user, "count": 1,
                    "ports": [conflict["port"]], "classes": { class: 1 },
                    "first": stamp, "last": stamp,
                }));
                continue;
            };
            holder["count"] = json!(holder["count"].as_u64().expect("a count") + 1);
            holder["classes"][class] = json!(holder["classes"][class].as_u64().unwrap_or(0) + 1);
            let ports = holder["ports"].as_array_mut().expect("ports");
            if !ports.contains(&conflict["port"]) {
                ports.push(conflict["port"].clone());
                ports.sort_by_key(Value::as_u64);
            }
            let at = |stamp: &Value| -> Timestamp {
                stamp.as_str().and_then(|stamp| stamp.parse().ok()).expect("a stamp")
            };
            if at(&stamp) < at(&holder["first"]) {
                holder["first"] = stamp.clone();
            }
            if at(&stamp) > at(&holder["last"]) {
                holder["last"] = stamp;
            }
        }
        let last = |holder: &Value| -> Option<Timestamp> { holder["last"].as_str()?.parse().ok() };
        holders.sort_by(|a, b| {
            let count = |holder: &Value| holder["count"].as_u64();
            count(b).cmp(&count(a)).then(last(b).cmp(&last(a)))
        });
        let total: u64 = holders.iter().filter_map(|holder| holder["count"].as_u64()).sum();
        json!({ "total": total, "holders": holders, "broken_lines": self.broken(&filter) })
    }

    /// What `explain --at` answers but for `at`; `explain` has some of it as well.
    pub(super) fn explain(&self, port: u16, at: Option<Timestamp>, file: &Path) -> Value {
        let until = |ts: &Timestamp| at.is_none_or(|at| *ts <= at);
        let records: Vec<_> = self.records().filter(|(_, _, ts)| until(ts)).collect();
        let about: Vec<_> = records.iter().filter(|(_, value, _)| is_about(value, port)).collect();
        let ready = about.iter().filter(|(_, value, _)| value["event"] == "server_ready");
        let launches: BTreeSet<_> =
            ready.map(|(_, value, _)| value["launch_id"].to_string()).collect();
        let latest: Vec<_> =
            about.iter().rev().take(10).rev().map(|(_, value, _)| *value).collect();

        let mut then = "unknown";
        let mut since: Option<(&Line, &Value)> = None;
        let mut taken_by: Option<&Value> = None;
        for (line, record, _) in &records {
            let is_held = matches!(then, "claimed" | "serving" | "gave_up");
            let holding = since.map(|(_, value)| value).filter(|_| is_held);
            let is_same = |key: &str| holding.is_some_and(|holding| holding[key] == record[key]);
            let is_about = is_about(record, port);
            let next = match record["event"].as_str().unwrap_or_default() {
                "port_claimed" | "port_reserved" if is_about => "claimed",
                "port_claimed" | "port_reserved"
                    if is_same("app")
                        && is_same("machine")
                        && !is_same("launch_id")
                        && is_same("process")
                        && record["process"] == "launcher" =>
                {
                    "ended_unseen"
                }
                "server_ready" if is_about => "serving",
                "server_exited" if is_about && then == "serving" && is_same("server_pid") => {
                    "claimed"
                }
                "launch_gave_up" if is_same("launch_id") => "gave_up",
                "port_released" if is_about && record["reason"] == "home_port_free" => "freed",
                "port_released" if is_about => "released",
                "launch_stopped" | "launch_failed" if is_same("launch_id") => "released",
                "port_conflict" if is_about && !record["os_error"].is_null() => {
                    match record["class"].as_str().unwrap_or_default() {
                        "own_instance" | "reserved_by_app" => continue,
                        "browser_blocked" | "ephemeral" | "crowded" => continue,
                        "excluded" | "restricted" | "privileged" => "set_aside",
                        _ => "taken",
                    }
                }
                _ => continue,
            };
            taken_by = since.map(|(_, value)| value).filter(|_| then == "taken");
            then = next;
            since = Some((line, record));
        }
        let last = since.map(|(_, value)| value);
        let of = |key: &str| last.map_or(Value::Null, |value| value[key].clone());
        let holder = match then {
            "freed" => taken_by.map_or(Value::Null, |value| value["holder"].clone()),
            _ => last.and_then(|value| value.get("holder").cloned()).unwrap_or_default(),
        };
        let record = since.map(|(line, _)| json!({ "file": file, "line": line.number }));
        json!({
            "event": "explain", "port": port, "then": then, "since": of("ts"), "app": of("app"),
            "launch_id": of("launch_id"), "holder": holder, "record": record,
            "launches": launches.len(), "history": latest,
        })
    }

    /// Records, damaged lines, the first of those, and lost records.
    pub(super) fn doctor(&self) -> (u64, u64, Option<u64>, u64) {
        let mut writers: HashMap<String, (u64, u64)> = HashMap::new();
        for (_, record, _) in self.records() {
            let writer = [&record["pid"], &record["launch_id"], &record["process"]];
            let writer = writers.entry(format!("{writer:?}")).or_default();
            writer.0 += 1;
            writer.1 = writer.1.max(record["seq"].as_u64().expect("a number") + 1);
        }
        let lost = writers.values().map(|(count, next)| next - count).sum();
        let damaged = self.damaged_lines();
        (self.records().count() as u64, damaged.len() as u64, damaged.first().copied(), lost)
    }

    pub(super) fn last_conflict(&self, app: &str) -> Value {
        let filter = Filter {
            app: Some(app.to_owned()),
            event: Some("port_conflict".to_owned()),
            ..Filter::default()
        };
        self.values(&filter).pop().unwrap_or_default()
    }

    /// The counters of an app, as lines.
    pub(super) fn numbers(&self, app: &str) -> Vec<String> {
        let of = |event: &str| {
            let (app, event) = (Some(app.to_owned()), Some(event.to_owned()));
            self.values(&Filter { app, event, ..Filter::default() })
        };
        // Version 0.1.0 recorded no other restart, and did not say why.
        let failed = |restarting: &Value| restarting.get("why").is_none_or(|why| why == "failed");
        let restarts = of("server_restarting").into_iter().filter(failed).count();
        let mut classes: BTreeMap<String, u64> = BTreeMap::new();
        for conflict in of("port_conflict") {
            *classes.entry(conflict["class"].to_string()).or_default() += 1;
        }
        let classes = classes
            .into_iter()
            .map(|(class, count)| format!("homeport_conflicts_total{{class={class}}} {count}"));
        [
            format!("homeport_launches_total {}", of("launch_started").len()),
            format!("homeport_restarts_total {restarts}"),
        ]
        .into_iter()
        .chain(classes)
        .collect()
    }
}

/// A stamp without the decimals that say nothing.
fn short(stamp: &Value) -> Value {
    let stamp: Timestamp = stamp.as_str().and_then(|stamp| stamp.parse().ok()).expect("a stamp");
    json!(stamp.to_string())
}
