//! The port history: the audit trail of every app, `logs/port-history.jsonl`.
//!
//! Both programs append to it, one line of JSON for each [`Event`](crate::event::Event): a
//! [`Writer`] writes [`Record`]s, and a [`Reader`] reads them back. The format is described in
//! `docs/formats.md`, and `logs/port-history.schema.json` is made from the types.

mod blocks;
mod conflicts;
mod cursor;
mod damage;
mod filter;
mod follow;
#[cfg(feature = "generate")]
pub mod generate;
mod head;
mod json_lines;
mod page;
mod reader;
mod record;
#[cfg(feature = "schema")]
pub mod schema;
mod since;
mod writer;

pub use conflicts::{ConflictSource, Conflicts};
pub use cursor::{Cursor, Gone, NoCursor};
pub use damage::{Damage, DamageKind, line_number};
pub use filter::Filter;
pub use follow::{Added, Follower};
pub use head::Head;
pub use json_lines::Author;
pub(crate) use json_lines::{JsonLines, Sink, about, say_once};
pub use page::Page;
pub use reader::{Backward, Entry, Forward, Found, HistoryError, Reader};
pub use record::Record;
pub use since::{Moment, NoMoment, moment};
pub use writer::{RecordLines, Writer};
