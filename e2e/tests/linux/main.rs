//! Launchers and servers of Linux, and what only Linux can show: namespaces, `/proc`, its desktop.
//! Each module is one side of them; a test that belongs to a row of the test matrix or to an
//! invariant of the design says so.

#![cfg(target_os = "linux")]

mod agreement;
mod api;
mod beside_version_0_1;
mod bind;
mod choosing;
mod clock;
mod command_docs;
mod command_doctor;
mod command_explain;
mod command_forget;
mod command_logs;
mod command_settings;
mod command_where;
mod control;
mod crash;
mod damaged_history;
mod desktop;
mod detached;
mod disk;
mod enter;
mod files;
mod first_choice;
mod guard;
mod handover;
mod ignored_stops;
mod input;
mod instance;
mod jq;
mod life;
mod load;
mod login;
mod lost_files;
mod many_apps;
mod many_clients;
mod memory;
mod metrics;
mod names;
mod namespaces;
mod notes;
mod odd_environment;
mod odd_files;
mod odd_peers;
mod odd_signals;
mod openapi;
mod policy;
mod precedence;
mod race;
mod readiness;
mod readme;
mod records;
mod relocation;
mod requests;
mod rotation;
mod security;
mod server_alone;
mod service;
mod settings;
mod settings_file;
mod strangers;
mod trust;
mod users;
