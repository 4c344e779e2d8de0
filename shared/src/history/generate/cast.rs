//! Who writes a made-up history: apps, each on a machine whose clock may be wrong.

use std::{collections::VecDeque, time::Duration};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    app::AppName,
    event::{Event, Process},
    port::Port,
};

/// The machines. The last one has the name of an app, so that a reader that looks for words alone
/// finds too much.
const MACHINES: [&str; 3] = ["ada-laptop", "grace-büro", "notes"];

/// The apps, each with its machine. The last one has the name of a port.
const APPS: [(&str, usize); 5] =
    [("server", 0), ("notes", 0), ("server", 1), ("photos", 1), ("3030", 2)];

/// The longest time that a clock is wrong, in records of its machine: beyond a thousand, so that an
/// early stop at the first old stamp would lose what is behind.
const LONGEST_JUMP: u64 = 1_200;

/// A machine, and its clock.
pub(super) struct Machine {
    pub(super) name: &'static str,
    /// How far its clock is from the true time.
    skew: SignedDuration,
    /// For how many more records the clock is wrong; 0 if it is right.
    wrong_for: u64,
}

impl Machine {
    pub(super) fn all() -> Vec<Self> {
        MACHINES.map(|name| Self { name, skew: SignedDuration::ZERO, wrong_for: 0 }).into()
    }

    /// The time of its clock.
    pub(super) fn stamp(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.skew).unwrap_or(now)
    }

    /// Sets its clock wrong now and then, and right again later.
    pub(super) fn tick(&mut self, random: &mut Rng, now: Timestamp) {
        if self.wrong_for > 0 {
            self.wrong_for -= 1;
            if self.wrong_for == 0 {
                self.skew = SignedDuration::ZERO;
            }
        } else if random.u32(0..400) == 0 {
            self.skew = match random.u32(0..4) {
                // The battery of its clock is empty.
                0 => Timestamp::UNIX_EPOCH.duration_since(now),
                // A wrong year was typed.
                1 => SignedDuration::from_hours(24 * 365 * 10),
                2 => SignedDuration::from_mins(random.i64(1..600)),
                _ => SignedDuration::from_mins(-random.i64(1..600)),
            };
            let is_long = random.u32(0..8) == 0;
            self.wrong_for = random.u64(1..if is_long { LONGEST_JUMP } else { 40 });
        }
    }
}

/// A record that will be written.
pub(super) struct Planned {
    /// How long after the one before.
    pub(super) after: Duration,
    pub(super) process: Process,
    pub(super) pid: u32,
    pub(super) launch_id: Uuid,
    pub(super) seq: u64,
    pub(super) event: Event,
}

/// An app on a machine, with its assignment and its settings.
pub(super) struct Resident {
    pub(super) app: AppName,
    pub(super) machine: usize,
    pub(super) last_good: Option<Port>,
    pub(super) generation: u64,
    pub(super) home: Option<Port>,
    pub(super) first_choice: Port,
    pub(super) planned: VecDeque<Planned>,
}

impl Resident {
    pub(super) fn all(random: &mut Rng) -> Vec<Self> {
        let resident = |(name, machine): (&str, usize)| {
            Some(Self {
                app: name.parse().ok()?,
                machine,
                last_good: None,
                generation: 0,
                home: random.bool().then_some(HOME),
                first_choice: some_port(random),
                planned: VecDeque::new(),
            })
        };
        APPS.into_iter().filter_map(resident).collect()
    }

    pub(super) fn next(&mut self) -> Option<Planned> {
        self.planned.pop_front()
    }
}

/// The home port of those apps that have one.
const HOME: Port = Port::new(3030).expect("not 0");

/// The first port of the range from which ports are taken.
const FIRST: Port = Port::new(17_000).expect("not 0");

/// A port of the range. There are few, so that each has a long history.
pub(super) fn some_port(random: &mut Rng) -> Port {
    Port::new(FIRST.get() + 37 * random.u16(0..40)).unwrap_or(FIRST)
}
