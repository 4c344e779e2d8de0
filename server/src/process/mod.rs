//! The program `server`: from the command line to an exit code.
//!
//! Each module uses only modules declared below it.

pub mod run;
pub mod launch;
mod run_files;
pub mod shutdown;
pub mod socket_source;
pub mod suggestion;
pub mod report;
pub mod handover;
pub mod args;
