//! The port history: the audit trail of every app, `logs/port-history.jsonl`.
//!
//! Both programs append to it, one line of JSON for each [`Event`](crate::event::Event): a
//! [`Writer`] writes [`Record`]s, and a [`Reader`] reads them back. The format is described in
//! `docs/formats.md`, and `logs/port-history.schema.json` is made from the types.

mod conflicts;
mod page;

mod reader;

mod follow;

mod found;

mod blocks;
mod filter;
#[cfg(feature = "generate")]
pub mod generate;
#[cfg(feature = "schema")]
pub mod schema;
mod writer;

mod cursor;
mod damage;
mod head;
mod json_lines;
mod record;
mod since;

pub use conflicts::{ConflictSource, Conflicts};
pub use cursor::{Cursor, Gone, NoCursor};
pub use damage::{Damage, DamageKind, line_number};
pub use filter::Filter;
pub use follow::{Appended, Follower};
pub use found::{Entry, Found};
pub use head::Head;
pub use json_lines::Author;
pub(crate) use json_lines::{JsonLines, Losses, Sink, print_failure};
pub use page::HistoryPage;
pub use reader::{Backward, Cancellation, Forward, HistoryError, Reader};
pub use record::Record;
pub use since::{SinceError, SinceTime, moment};
pub use writer::{LostRecords, RecordLines, Writer, check_writable};
