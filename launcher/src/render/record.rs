//! A record of the port history, or a line of diagnostics, as one line for people.

use owo_colors::OwoColorize;
use serde_json::Value;
use shared::{
    keys,
    messages::{Language, local_time},
    printable::escaped,
    sentences::{self, HolderTime},
};

/// Keys that every line of diagnostics has: they are shown in another form, or are of no use to a person.
const COMMON: [&str; 13] = [
    keys::TS,
    keys::LEVEL,
    keys::EVENT,
    keys::TARGET,
    keys::MSG,
    keys::SCHEMA,
    keys::APP,
    keys::PROCESS,
    keys::PID,
    keys::LAUNCH_ID,
    keys::SEQ,
    keys::VERSION,
    keys::MACHINE,
];

/// When it happened, in the zone of this computer and to the second; the text itself if it is no time.
pub fn time(record: &Value) -> String {
    let ts = record[keys::TS].as_str().unwrap_or_default();
    ts.parse().map_or_else(|_| escaped(ts), local_time)
}

/// A record of the port history: when, the app, and what happened.
pub fn entry(record: &Value) -> String {
    let app = escaped(record[keys::APP].as_str().unwrap_or("?"));
    format!("{}  {app}  {}", time(record).dimmed(), sentence(record))
}

/// What happened, as a sentence. A line of diagnostics has no event; one whose message is not in the catalogue is
/// its message, with its values.
///
/// # Examples
///
/// ```
/// use launcher::render::record::sentence;
///
/// let record = serde_json::json!({
///     "ts": "2026-11-22T12:01:59.131377Z", "level": "INFO", "event": "port_moved",
///     "msg": "port changed", "from": 3030, "to": 17342, "why": "asked",
/// });
/// assert_eq!(sentence(&record), "Moved from port 3030 to port 17342, as requested.");
/// ```
pub fn sentence(record: &Value) -> String {
    if record[keys::EVENT].is_string() {
        return sentences::record(Language::English.messages(), record, HolderTime::Local);
    }
    if let Some(sentence) = sentences::diagnostic(Language::English.messages(), record) {
        return sentence;
    }
    let message = escaped(record[keys::MSG].as_str().unwrap_or("?"));
    let members = record.as_object().into_iter().flatten();
    let values: Vec<_> = members
        .filter(|(key, _)| !COMMON.contains(&key.as_str()))
        .filter_map(|(key, value)| Some(format!("{}: {}", escaped(key), written(value)?)))
        .collect();
    if values.is_empty() { message } else { format!("{message} ({})", values.join(", ")) }
}

/// A value of a line of diagnostics; `None` if it is null, empty or an object.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(escaped(text)),
        Value::Array(entries) if entries.is_empty() => None,
        Value::Array(entries) => {
            Some(entries.iter().filter_map(written).collect::<Vec<_>>().join(" "))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod test {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_holder_is_told_as_everywhere_else() {
        let record = json!({
            "event": "port_conflict", "msg": "port cannot be claimed", "port": 3030, "class": "in_use",
            "os_error": { "code": 98, "kind": "AddrInUse" },
            "holder": { "pid": 812, "name": "docker-proxy", "exe": null, "user": "root", "started_at": null },
        });
        let wanted = "Conflict: port 3030 is held by docker-proxy (pid 812, user root).";
        assert_eq!(sentence(&record), wanted);
    }

    #[test]
    fn a_line_of_diagnostics_is_its_message_with_its_values() {
        let line =
            json!({ "msg": "new words", "status": 200, "path": "/", "by": null, "o": {"a": 1} });
        assert_eq!(sentence(&line), "new words (status: 200, path: /)");
        let line = json!({ "msg": "request", "method": "GET", "path": "/", "status": 200, "elapsed_ms": 0.4 });
        assert_eq!(sentence(&line), "GET /: 200 in 0.4 ms");
    }

    #[test]
    fn what_a_stranger_wrote_does_not_reach_the_terminal_as_an_order() {
        let record = json!({ "ts": "\u{1b}[2J", "msg": "request", "path": "/\u{1b}]0;owned\u{7}" });
        let shown = time(&record) + &sentence(&record);
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }

    #[test]
    fn a_line_without_the_usual_keys_is_shown_all_the_same() {
        assert_eq!(sentence(&json!({ "new": [1, "two"] })), "? (new: 1 two)");
        assert_eq!(time(&json!(["no", "object"])), "");
    }
}
