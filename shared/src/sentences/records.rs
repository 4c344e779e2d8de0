//! A record of the port history as one sentence for people.

use serde_json::Value;

use super::conflicts::{HolderTime, problem};
use crate::{
    conflict::Conflict,
    event::EventName,
    exit, keys,
    messages::{Messages, fill, placeholders},
    printable,
    words::RestartReason,
};

/// What happened, as one sentence. An event of a newer version is named, with its message.
pub fn record(messages: &Messages, record: &Value, time: HolderTime) -> String {
    let name = record[keys::EVENT].as_str().unwrap_or_default();
    let found = match name.parse::<EventName>() {
        Ok(EventName::PortConflict) => conflict(messages, record, time),
        Ok(EventName::PortMoved) => text(
            messages,
            &format!("event.{name}.{}", record[keys::WHY].as_str().unwrap_or_default()),
            record,
        ),
        Ok(EventName::ServerRestarting) => {
            let why = record[keys::WHY].as_str().unwrap_or(RestartReason::Failed.word());
            text(messages, &format!("event.{name}.{why}"), record)
        }
        Ok(EventName::ServerExited) if record[keys::ERROR].is_string() => {
            text(messages, &format!("event.{name}.not_started"), record)
        }
        Ok(EventName::LaunchGaveUp) => {
            let why = record[keys::WHY].as_str().unwrap_or_default();
            let key = format!("event.{name}");
            text(messages, &format!("{key}.{why}"), record).or_else(|| text(messages, &key, record))
        }
        Ok(EventName::LaunchStopped | EventName::PortReleased) => {
            let reason = record[keys::REASON].as_str().unwrap_or_default();
            let key = format!("event.{name}");
            text(messages, &format!("{key}.{reason}"), record)
                .or_else(|| text(messages, &key, record))
        }
        _ => text(messages, &format!("event.{name}"), record),
    };
    let sentence = found.unwrap_or_else(|| {
        let message = record[keys::MSG].as_str().unwrap_or("?");
        let event = if name.is_empty() { "?" } else { name };
        format!("{event}: {message}")
    });
    printable::escaped(&sentence)
}

/// What a line of diagnostics says, as one sentence; `None` if its message has none. The key of the sentence is
/// `log.` and the message, with `_` for what is neither a letter nor a digit.
pub fn diagnostic(messages: &Messages, line: &Value) -> Option<String> {
    let message = line[keys::MSG].as_str()?;
    let words: Vec<_> = message
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let sentence = text(messages, &format!("log.{}", words.join("_")), line)?;
    Some(printable::escaped(&sentence))
}

fn conflict(messages: &Messages, record: &Value, time: HolderTime) -> Option<String> {
    let Conflict { port, class, os_error, holder, .. } =
        serde_json::from_value(record.clone()).ok()?;
    let why = problem(messages, (port, class), holder.as_ref(), os_error.as_ref(), time);
    Some(messages.fill("event.port_conflict", &[("why", &why)]))
}

/// `None` if the catalogue has no such key.
fn text(messages: &Messages, key: &str, record: &Value) -> Option<String> {
    let text = messages.find(key)?;
    let values: Vec<_> =
        placeholders(text).map(|name| (name, value(messages, name, record))).collect();
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value as _)).collect();
    let sentence = fill(text, &values);
    // A value that ends with a question ends the sentence.
    Some(match sentence.strip_suffix(['.', '。']) {
        Some(question) if question.ends_with('?') => question.to_owned(),
        _ => sentence,
    })
}

fn value(messages: &Messages, name: &str, record: &Value) -> String {
    match (name, &record[name]) {
        ("how", _) => how(messages, record),
        ("origin", Value::String(word)) => {
            messages.find(&format!("origin.{word}")).unwrap_or(word).to_owned()
        }
        (keys::FROM | keys::TO, Value::Null) => messages.message("settings.stale.unset").to_owned(),
        (_, value) => plain(messages, value),
    }
}

/// How the server of a record ended.
fn how(messages: &Messages, record: &Value) -> String {
    let number = |key: &str| record[key].as_i64().and_then(|number| number.try_into().ok());
    let error = record[keys::ERROR].as_str();
    end(messages, number(keys::EXIT_CODE), number(keys::SIGNAL), error)
}

/// How a server ended, or why it could not be started, as a part of a sentence.
pub fn end(
    messages: &Messages,
    exit_code: Option<i32>,
    signal: Option<i32>,
    error: Option<&str>,
) -> String {
    match (error, signal, exit_code) {
        (Some(error), _, _) => messages.fill("how.not_started", &[("error", &error)]),
        (None, Some(signal), _) => messages.fill("how.signal", &[("signal", &signal)]),
        (None, None, Some(code)) => {
            messages.fill("how.exit_code", &[("exit_code", &exit::in_words(code))])
        }
        (None, None, None) => messages.message("how.unknown").to_owned(),
    }
}

fn plain(messages: &Messages, value: &Value) -> String {
    match value {
        Value::Null => "?".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(entries) => {
            let entries: Vec<_> = entries.iter().map(|entry| plain(messages, entry)).collect();
            entries.join(messages.message("list.and"))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod test {
    use serde_json::json;

    use super::*;
    use crate::messages::Language;

    fn said(value: &Value) -> String {
        record(Language::English.messages(), value, HolderTime::Utc)
    }

    #[test]
    fn a_record_is_one_sentence_with_its_values() {
        let conflict = json!({
            "event": "port_conflict", "port": 3030, "class": "in_use",
            "os_error": { "code": 98, "kind": "AddrInUse" },
            "holder": { "pid": 812, "name": "docker-proxy", "exe": null, "user": "root", "started_at": null },
        });
        let claimed = json!({ "event": "port_claimed", "port": 3030, "origin": "range" });
        let moved = json!({ "event": "port_moved", "from": 3030, "to": 17342, "why": "conflict" });
        let ended = json!({ "event": "server_exited", "exit_code": null, "signal": 9 });
        let not_started =
            json!({ "event": "server_exited", "server_pid": null, "error": "/x: gone" });
        let again = json!({ "event": "server_restarting", "why": "failed", "error": "/x: gone" });
        let gave_up = |why| json!({ "event": "launch_gave_up", "signal": 9, "why": why });
        let changed = json!({ "event": "settings_changed", "key": "range", "to": "\"1-2\"" });
        let failed =
            json!({ "event": "launch_failed", "error": "no `prot`: did you mean `port`?" });
        for (record, wanted) in [
            (failed, "The launch failed: no `prot`: did you mean `port`?"),
            (conflict, "Conflict: port 3030 is held by docker-proxy (pid 812, user root)."),
            (claimed, "Port 3030 is claimed: next free port of the range."),
            (moved, "Port 17342 is used instead of 3030, which was not available."),
            (ended, "The server ended: signal 9 ended it."),
            (not_started, "The server could not be started: /x: gone."),
            (again, "The server is started again: it could not be started (/x: gone)."),
            (
                gave_up("failed_too_often"),
                "The launch gave up, because the server failed too often; the last time, signal 9 ended it.",
            ),
            (
                gave_up("never_restarted"),
                "The launch ended, because a server that failed is not started again (`restart` is `never`): signal 9 ended it.",
            ),
            (changed, "Setting changed: range is \"1-2\" and was not set."),
        ] {
            assert_eq!(said(&record), wanted);
        }
    }

    #[test]
    fn every_event_has_its_sentence_in_every_language() {
        for language in Language::ALL {
            for name in EventName::ALL {
                let record = json!({ "event": name, "port": 1, "why": "asked", "msg": "?" });
                let said = super::record(language.messages(), &record, HolderTime::Utc);
                assert!(!said.contains(name.word()) && !said.contains('{'), "{language}: {said}");
            }
        }
    }

    #[test]
    fn an_event_of_a_newer_version_is_named_with_its_message() {
        let newer = json!({ "event": "port_blessed", "msg": "port blessed", "by": { "a": 1 } });
        assert_eq!(said(&newer), "port_blessed: port blessed");
        assert_eq!(said(&json!({ "new": [1] })), "?: ?");
    }
}
