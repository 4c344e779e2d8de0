//! What depends on the operating system. No other module of the crate has a `cfg` for a system or
//! `unsafe` code.

pub mod accept_monitor;
pub mod descriptors;
pub mod listeners;
pub mod signals;
