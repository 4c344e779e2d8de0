//! Access to the server: which requests carry the app's token, or a cookie that a ticket was
//! exchanged for, and how many wrong ones are answered.
//!
//! Each module uses only modules declared below it.

pub mod access;
pub mod masked_path;
pub mod rate_limit;
pub mod tickets;
