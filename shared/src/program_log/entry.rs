//! One line of `logs/programs/<app>.jsonl`, as it is written and as it is read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{lines::LineBytes, text::LineText};
use crate::{app::AppName, message, words::OutputStream};

/// Who writes: what is true of every line of a process.
#[derive(Debug, Clone)]
pub struct ProgramAuthor {
    /// The app whose output it is.
    pub app: AppName,
    /// The launch that the process belongs to.
    pub launch_id: Uuid,
    /// The process that the launch has started. Its children may have written the line.
    pub pid: u32,
}

/// A line that is written. Its keys stand in this order.
#[derive(Serialize)]
pub(super) struct WrittenLine<'a> {
    ts: &'a str,
    app: &'a AppName,
    launch_id: Uuid,
    pid: u32,
    stream: OutputStream,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<&'a RawValue>,
}

impl<'a> WrittenLine<'a> {
    pub(super) fn of_line(
        ts: &'a str,
        author: &'a ProgramAuthor,
        stream: OutputStream,
        raw: &LineBytes<'_>,
        clean: &'a LineText,
    ) -> Self {
        let json = clean.json.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let cut = (raw.left_out > 0).then_some(raw.left_out);
        let unfinished = raw.is_unfinished.then_some(true);
        Self { stream, cut, unfinished, json, ..Self::empty(ts, author, &clean.text) }
    }

    /// The line that tells how many could not be written before it, with its end.
    pub(super) fn loss_line(ts: &str, author: &ProgramAuthor, dropped: u64) -> Vec<u8> {
        let (text, mut line) = (loss(dropped), Vec::new());
        WrittenLine { dropped: Some(dropped), ..WrittenLine::empty(ts, author, &text) }
            .write(&mut line);
        line
    }

    fn empty(ts: &'a str, author: &'a ProgramAuthor, text: &'a str) -> Self {
        let ProgramAuthor { app, launch_id, pid } = author;
        let (launch_id, pid, stream) = (*launch_id, *pid, OutputStream::Log);
        let (cut, unfinished, dropped, json) = (None, None, None, None);
        Self { ts, app, launch_id, pid, stream, text, cut, unfinished, dropped, json }
    }

    /// Appends the line, with its end.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        let begin = to.len();
        // Plain data, which JSON has room for, goes to memory.
        match serde_json::to_writer(&mut *to, self) {
            Ok(()) => to.push(b'\n'),
            Err(_) => to.truncate(begin),
        }
    }
}

/// The sentence that a log has in place of lines that could not be written.
pub(super) fn loss(dropped: u64) -> String {
    match dropped {
        1 => message!("program_log.lost_one"),
        count => message!("program_log.lost", count),
    }
}

/// What a person is shown of a line that was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputLine<'a> {
    /// Where the program wrote it.
    #[serde(default)]
    pub stream: OutputStream,
    /// The line without colours.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// How many bytes of it were not kept.
    pub cut: Option<u64>,
}

impl<'a> OutputLine<'a> {
    /// Reads a line. Members that are not shown are not looked at, so that no number of a program is too large.
    ///
    /// # Errors
    ///
    /// If it is no line of an output.
    pub fn read(line: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::{keys, program_log::secrets::Secrets};

    #[test]
    fn a_line_has_its_keys_in_their_order_and_is_read_whatever_its_object_has() {
        let author = ProgramAuthor { app: AppName::default(), launch_id: Uuid::nil(), pid: 7 };
        let raw = LineBytes { bytes: br#"{"n":1e999,"n":2}"#, left_out: 0, is_unfinished: false };
        let clean = LineText::of(&raw, &Secrets::default());
        let mut line = Vec::new();
        let ts = "2026-11-22T12:01:59.131377Z";
        WrittenLine::of_line(ts, &author, OutputStream::Stdout, &raw, &clean).write(&mut line);
        let line = String::from_utf8(line).expect("text");
        let wanted = r#"{"ts":"2026-11-22T12:01:59.131377Z","app":"server","launch_id":"00000000-0000-0000-0000-000000000000","pid":7,"stream":"stdout","text":"{\"n\":1e999,\"n\":2}","json":{"n":1e999,"n":2}}"#;
        assert_eq!(line, format!("{wanted}\n"));
        let read = OutputLine::read(line.trim()).expect("a line");
        assert_eq!((read.stream, &*read.text), (OutputStream::Stdout, r#"{"n":1e999,"n":2}"#));
    }

    #[test]
    fn every_key_of_a_line_is_a_key_of_ours() {
        let author = ProgramAuthor { app: AppName::default(), launch_id: Uuid::nil(), pid: 7 };
        let json = RawValue::from_string("{}".to_owned()).expect("JSON");
        let (cut, unfinished, dropped) = (Some(1), Some(true), Some(1));
        let all = WrittenLine {
            cut,
            unfinished,
            dropped,
            json: Some(&json),
            ..WrittenLine::empty("", &author, "")
        };
        let serde_json::Value::Object(members) = serde_json::to_value(all).expect("JSON") else {
            panic!("no object");
        };
        let names: Vec<_> = members.keys().map(String::as_str).collect();
        assert!(names.iter().all(|name| keys::ALL.contains(name)), "{names:?}");
    }
}
