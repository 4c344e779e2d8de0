//! How each system writes down what it starts at login. Every format is compiled and tested on every
//! system; [`login`](super::login) uses the one of this system.

pub mod desktop_entry;
pub mod launch_agent;
pub mod run_command;

pub mod entry;
