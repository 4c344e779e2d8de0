//! Ports for tests that must name one before anybody listens there.

use std::{
    process,
    sync::atomic::{AtomicU16, Ordering},
};

use shared::{claim, port::Port};

/// Above every port that Homeport chooses by itself (up to 29999), below those that Linux gives to
/// outgoing connections (from 32768): nobody strays in here between two steps of a test.
const FIRST: u16 = 30_000;
const COUNT: u16 = 2_700;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nothing listens on, and that no other test is given.
///
/// It is not held, so it is for ports that a program is told to take. Two test processes at once
/// begin at different places.
///
/// # Panics
///
/// If all of them are taken.
pub fn quiet_port() -> u16 {
    let start = (process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    let numbers = (0..COUNT).map(|_| {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        FIRST + (start + turn) % COUNT
    });
    let mut ports = numbers.filter_map(Port::new);
    let free = ports.find(|port| claim::port(*port).is_ok());
    free.expect("one of 2,700 ports can be claimed").get()
}

/// Whether nobody has this port.
///
/// # Panics
///
/// If it is no port.
pub fn is_free(port: u16) -> bool {
    claim::port(Port::new(port).expect("a port")).is_ok()
}
