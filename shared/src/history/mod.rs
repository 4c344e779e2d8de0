//! The port history: the audit trail of every app, `logs/port-history.jsonl`.
//!
//! Both programs append to it, one line of JSON for each [`Event`](crate::event::Event). The format
//! is described in `docs/formats.md`, and `logs/port-history.schema.json` holds it to that.

mod backwards;
mod conflicts;
mod cursor;
mod filter;
mod follow;
mod json_lines;
mod page;
mod reader;
mod since;
mod writer;

pub use conflicts::{Conflicts, Taker, conflicts};
pub use cursor::{Cursor, Gone, NoCursor};
pub use filter::Filter;
pub use follow::{Added, Follower};
pub use json_lines::Author;
pub(crate) use json_lines::{JsonLines, Sink, about, say_once};
pub use page::{Page, PageError, each, page};
pub use reader::{Record, last_assignments, records};
pub use since::{NoMoment, moment};
pub use writer::Writer;
