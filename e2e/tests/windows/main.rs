//! The Windows programs, under Wine: what holds for every system, and what is Windows' own.

#![cfg(target_os = "linux")]

#[path = "../portable/mod.rs"]
mod portable;

mod desktop;
mod folders;
mod history;
mod life;
mod networks;
mod programs;
mod taken;

use e2e::Home;

/// The error of Windows for a port that another program holds: `WSAEADDRINUSE`.
const ADDRESS_IN_USE: i32 = 10_048;

/// How many starts are many. Wine needs ten times as long for each.
const MANY: usize = 5;

/// A home for the programs of Windows.
fn home() -> Option<Home> {
    Home::in_wine()
}
