//! A record, or a line of diagnostics, as one short line for people.
//!
//! Nothing is known here of single events: what a record says in words is its constant message, and
//! what varies are its keys. So a line of a newer version can be shown as well.

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde_json::Value;
use shared::{conflict::Holder, keys};

/// Keys that every line has: they are shown in another form, or say nothing to a person.
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

/// When it happened, to the second, or to what it says instead.
pub fn time(record: &Value) -> String {
    let ts = record[keys::TS].as_str().unwrap_or_default();
    match ts.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => plain(ts),
    }
}

/// A record of the port history: when, whose, and what.
pub fn entry(record: &Value) -> String {
    let app = plain(record[keys::APP].as_str().unwrap_or("?"));
    format!("{}  {app}: {}", time(record).dimmed(), summary(record))
}

/// What happened and to what: the message, and every fact that is not null.
///
/// # Examples
///
/// ```
/// use launcher::render::record::summary;
///
/// let record = serde_json::json!({
///     "ts": "2026-11-22T12:01:59.131377Z", "level": "WARNING", "msg": "port changed",
///     "from": 3030, "to": 17342, "why": "conflict", "signal": null,
/// });
/// assert_eq!(summary(&record), "port changed, from 3030, to 17342, why conflict");
/// ```
pub fn summary(record: &Value) -> String {
    let mut summary = plain(record[keys::MSG].as_str().unwrap_or("?"));
    let facts = record.as_object().into_iter().flatten();
    for (key, value) in facts.filter(|(key, value)| is_fact(key, value)) {
        // Writing to a String does not fail.
        let _ = write!(summary, ", {} {}", plain(key), fact(key, value));
    }
    summary
}

fn is_fact(key: &str, value: &Value) -> bool {
    !COMMON.contains(&key) && !value.is_null() && *value != Value::Array(Vec::new())
}

fn fact(key: &str, value: &Value) -> String {
    if key == keys::HOLDER
        && let Ok(holder) = serde_json::from_value::<Holder>(value.clone())
    {
        return plain(&holder.to_string());
    }
    match value {
        Value::String(text) => plain(text),
        Value::Array(entries) => {
            entries.iter().map(|entry| fact("", entry)).collect::<Vec<_>>().join(" ")
        }
        other => plain(&other.to_string()),
    }
}

/// A text without what a terminal would obey: a log can hold what a stranger wrote.
pub fn plain(text: &str) -> String {
    let escaped = |c: char| {
        let escaped = c.is_control().then(|| c.escape_default().to_string());
        escaped.unwrap_or_else(|| c.to_string())
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod test {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_holder_is_told_as_everywhere_else() {
        let record = json!({
            "msg": "port cannot be claimed", "port": 3030, "class": "in_use",
            "holder": { "pid": 812, "name": "docker-proxy", "exe": null, "user": "root", "started_at": null },
        });
        let wanted = "port cannot be claimed, port 3030, class in_use, holder docker-proxy (pid 812, user root)";
        assert_eq!(summary(&record), wanted);
    }

    #[test]
    fn what_a_stranger_wrote_does_not_reach_the_terminal_as_an_order() {
        let record = json!({ "ts": "\u{1b}[2J", "msg": "request", "path": "/\u{1b}]0;owned\u{7}" });
        let shown = time(&record) + &summary(&record);
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }

    #[test]
    fn a_line_without_the_usual_keys_is_shown_all_the_same() {
        assert_eq!(summary(&json!({ "new": [1, "two"] })), "?, new 1 two");
        assert_eq!(time(&json!(["no", "object"])), "");
    }
}
