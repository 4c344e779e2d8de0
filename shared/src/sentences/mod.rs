//! Conflicts and records in words, from the catalogue of [`messages`](crate::messages): each is worded
//! once, for the terminal, the message box, the console and the texts in records.

mod records;

mod conflicts;

pub use self::{
    conflicts::{HolderTime, holder, problem},
    records::{diagnostic, end, record},
};
