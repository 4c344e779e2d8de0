//! Ports for tests that must name one before anything listens there.

use std::{
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    sync::{Mutex, PoisonError},
};

use shared::{claim, port::Port};

/// Above every port that Homeport chooses by itself (up to 29999), below those that Linux gives to
/// outgoing connections (from 32768): no other program takes one between two steps of a test.
const FIRST: u16 = 30_000;

/// Ports are reserved by so many at once. A whole run of one test program needs some hundred.
const BLOCK: u16 = 50;

/// How many blocks there are: enough for several runs at the same time.
const BLOCKS: u16 = 54;

/// How many ports a range has: more than the launches of one test choose.
const RANGE: u16 = 10;

static PORTS: Mutex<Reserved> = Mutex::new(Reserved::in_steps_of(1));
static RANGES: Mutex<Reserved> = Mutex::new(Reserved::in_steps_of(RANGE));

/// The ports that this process has reserved.
struct Reserved {
    /// The number of each block, with the socket that marks it as taken for other test programs.
    blocks: Vec<(u16, UnixDatagram)>,
    /// How many ports, or ranges of them, were given out so far.
    given: usize,
    /// How many ports are given out together.
    step: u16,
}

impl Reserved {
    const fn in_steps_of(step: u16) -> Self {
        Self { blocks: Vec::new(), given: 0, step }
    }

    /// The next reserved port, or the first of a range; the oldest ones are given out again when no block is
    /// left.
    fn next(&mut self) -> u16 {
        let size = usize::from(BLOCK / self.step);
        if self.given.is_multiple_of(size) && self.given / size >= self.blocks.len() {
            self.blocks.extend(reserve());
        }
        assert!(!self.blocks.is_empty(), "other test programs have reserved all ports");
        let (block, _) = self.blocks[self.given / size % self.blocks.len()];
        let port = FIRST + block * BLOCK + (self.given % size) as u16 * self.step;
        self.given += 1;
        port
    }
}

/// Reserves a block that no other test program of this machine has, until this one ends: with a
/// name that one socket alone can have, and that is free again when its process is gone.
fn reserve() -> Option<(u16, UnixDatagram)> {
    (0..BLOCKS).find_map(|block| {
        let name = format!("homeport-e2e-ports-{}", FIRST + block * BLOCK);
        let name = SocketAddr::from_abstract_name(name).expect("a short name");
        UnixDatagram::bind_addr(&name).ok().map(|socket| (block, socket))
    })
}

/// A port that nothing listens on, and that no other test is given, also of another run at the same
/// time.
///
/// The port is not held: pass it to the program that is to take it.
///
/// # Panics
///
/// If all of them are taken.
pub fn quiet_port() -> u16 {
    let mut reserved = PORTS.lock().unwrap_or_else(PoisonError::into_inner);
    let tries = usize::from(BLOCK * BLOCKS);
    let mut ports = (0..tries).filter_map(|_| Port::new(reserved.next()));
    let free = ports.find(|port| claim::port(*port).is_ok());
    free.expect("one of them can be claimed").get()
}

/// A range of ports for one test alone, as `--range` and `HOMEPORT_RANGE` take it. A launch that
/// chooses from it meets no launch of another test, test run or user.
///
/// # Panics
///
/// If other test programs have reserved all ports.
pub fn quiet_range() -> String {
    let first = RANGES.lock().unwrap_or_else(PoisonError::into_inner).next();
    format!("{first}-{}", first + RANGE - 1)
}

/// Whether this port can be claimed.
///
/// # Panics
///
/// If it is no port.
pub fn is_free(port: u16) -> bool {
    claim::port(Port::new(port).expect("a port")).is_ok()
}
