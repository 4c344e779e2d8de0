//! The port history: the audit trail of every app, `logs/port-history.jsonl`.
//!
//! Both programs append to it, one line of JSON for each [`Event`](crate::event::Event). The format
//! is described in `docs/formats.md`, and `logs/port-history.schema.json` holds it to that.

mod json_lines;
mod reader;
mod writer;

pub use json_lines::Author;
pub(crate) use json_lines::{JsonLines, Sink, about, say_once};
pub use reader::{Record, last_assignments, records};
pub use writer::Writer;
