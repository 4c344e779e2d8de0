//! The port domain of Homeport: what its two programs must do or write in the same way.
//!
//! The modules stand in the order in which they build on one another. What is true of ports:
//! [`port`], [`claim`], [`conflict`], [`policy`], [`diagnose`]. What is kept: [`app`], [`paths`],
//! [`environment`], [`settings`], [`atomic`], [`assignment`], [`launch`], [`discovery`]. What is told: [`keys`], [`event`],
//! [`history`], [`explain`], [`logging`], [`invoked_as`]. What is said to people:
//! [`messages`]. What crosses a process: [`wire`], [`handover`],
//! [`identity`], [`token`], [`exit`]. The operating system sits behind [`os`], and `unsafe` lives
//! there alone.

#![deny(unsafe_code)]

pub mod app;
pub mod assignment;
pub mod atomic;
pub mod checkout;
pub mod claim;
pub mod conflict;
pub mod diagnose;
pub mod discovery;
pub mod environment;
pub mod event;
pub mod exit;
pub mod explain;
pub mod handover;
pub mod history;
pub mod identity;
pub mod invoked_as;
pub mod keys;
pub mod launch;
pub mod logging;
pub mod messages;
pub mod os;
pub mod paths;
pub mod policy;
pub mod port;
pub mod settings;
pub mod token;
pub mod wire;
pub mod words;
