//! What holds for every system, with the programs of this one.

#[cfg(target_os = "linux")]
#[path = "mod.rs"]
mod portable;

/// What Linux refuses a port with that another socket has: `EADDRINUSE`.
#[cfg(target_os = "linux")]
const ADDRESS_IN_USE: i32 = 98;

/// How many starts are many.
#[cfg(target_os = "linux")]
const MANY: usize = 20;

/// A home for the programs of this system.
#[cfg(target_os = "linux")]
fn home() -> Option<e2e::Home> {
    Some(e2e::Home::new())
}

/// On another system the end-to-end tests do nothing but print one line.
#[cfg(not(target_os = "linux"))]
#[test]
#[ignore = "the end-to-end tests need Linux: its namespaces, /proc and process handles"]
fn launchers_and_servers_are_tested_end_to_end() {}
