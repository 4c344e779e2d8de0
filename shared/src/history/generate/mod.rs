//! Port histories of years, made up from a seed: for tests, fuzzing and measurements.
//!
//! Several apps on several machines write one history. Their launches have the full sequence of
//! events, clocks jump, launchers are killed, and if that is wanted lines are damaged or lost; what
//! was damaged is listed beside the history. The same seed makes the same bytes.
//!
//! The generator is a feature of this crate, and not of the crate of end-to-end tests, for three
//! reasons: records are made as the typed [`Record`] and written by the same code as those of a
//! [`Writer`](super::Writer), which this crate alone has; tests of every crate can use it; and
//! `cargo xtask gen-history` builds it in seconds, without the browser drivers that end-to-end tests
//! need. `xtask` itself starts it as a program and links nothing of it.
//!
//! Memory does not depend on the number of records: what is held is one launch of each app.

mod plan;

mod cast;
mod faults;

use std::{
    io::{self, Write},
    time::Duration,
};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, Unit};

use self::{
    cast::{Machine, Resident},
    faults::FaultInjector,
};
use super::{Record, RecordLines};
use crate::event::SCHEMA;

pub use faults::{FaultKind, InjectedFault};

/// The same options make the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerateOptions {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How many records are made. With faults some of them are damaged or left out.
    pub records: u64,
    /// Whether lines are damaged and records lost.
    pub faults: bool,
}

/// The size of a generated history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GeneratedHistory {
    /// Those that a fault damaged or left out count as well.
    pub records: u64,
    /// Each was reported when it was planted.
    pub faults: u64,
    /// How many bytes were written.
    pub bytes: u64,
}

/// When a history begins, and how long it is, in seconds: three years, however many records it has.
const BEGIN: i64 = 1_672_646_400;
const SPAN: u64 = 3 * 365 * 24 * 60 * 60;

/// How many records a launch has, nearly: launches are spread over the years by it.
const RECORDS_OF_A_LAUNCH: u64 = 11;

/// Writes a history to `to`, and hands on each fault when it is planted.
///
/// # Errors
///
/// If `to` or `report` fails.
pub fn history(
    wanted: GenerateOptions,
    to: impl Write,
    report: impl FnMut(&InjectedFault) -> io::Result<()>,
) -> io::Result<GeneratedHistory> {
    let mut random = Rng::with_seed(wanted.seed);
    let mut machines = Machine::all();
    let mut residents = Resident::all(&mut random);
    let mut injector = FaultInjector::new(to, report, wanted.faults);
    let mut lines = RecordLines::new(Vec::new());
    let launches = (wanted.records / RECORDS_OF_A_LAUNCH).max(1);
    let pause = Duration::from_secs(SPAN / launches);
    let mut now = Timestamp::from_second(BEGIN).map_err(io::Error::other)?;
    for _ in 0..wanted.records {
        let resident = random.choice(&mut residents).ok_or(io::ErrorKind::InvalidInput)?;
        let machine = &mut machines[resident.machine];
        let planned = match resident.next() {
            Some(planned) => planned,
            None => {
                let began = machine.stamp(now);
                plan::episode(&mut random, resident, began, pause);
                resident.next().ok_or(io::ErrorKind::InvalidInput)?
            }
        };
        now = later(now, planned.after);
        machine.tick(&mut random, now);
        let record = Record {
            ts: machine.stamp(now),
            schema: SCHEMA,
            app: resident.app.clone(),
            process: planned.process,
            pid: planned.pid,
            launch_id: planned.launch_id,
            seq: planned.seq,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: machine.name.to_owned(),
            event: planned.event,
        };
        lines.write(&record)?;
        injector.plant(&mut random, &std::mem::take(lines.get_mut()))?;
    }
    let (bytes, faults) = injector.end(&mut random)?;
    Ok(GeneratedHistory { records: wanted.records, faults, bytes })
}

/// A moment later, in whole microseconds, as records have it.
fn later(now: Timestamp, after: Duration) -> Timestamp {
    let after = SignedDuration::try_from(after).unwrap_or_default();
    let then = now.checked_add(after).unwrap_or(now);
    then.round(Unit::Microsecond).unwrap_or(then)
}

#[cfg(test)]
mod test;
