//! A long test: one app, two clients, and faults of every kind, again and again.
//!
//! A step is a fault and what must hold after it. Faults come in shuffled rounds, so
//! that each is met early and often, and each step has a generator of its own: what one step draws
//! changes nothing for the next.
//!
//! The modules stand from the top floor down: the audit and the faults, the world that suffers
//! them, and what the world is made of.

mod audit;
mod outages;
mod recovery;

mod world;

mod clients;
mod control;
mod event_log;
mod fault;
mod resources;

use std::{
    collections::BTreeMap,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use fastrand::Rng;

use self::{fault::Fault, world::World};
use crate::Home;

/// How long it runs by default.
const MINUTES: f64 = 30.0;

/// The arguments of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The seed of the random faults.
    pub seed: u64,
    /// No step begins after this many minutes.
    pub minutes: f64,
}

impl Plan {
    /// Reads a command line.
    ///
    /// # Errors
    ///
    /// The problem, in words.
    pub fn of(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self { seed: fastrand::u64(..), minutes: MINUTES };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{word}` needs a value"))?;
            let wrong = || format!("`{value}` is no value for `{word}`");
            match word.as_str() {
                "--seed" => plan.seed = value.parse().map_err(|_| wrong())?,
                "--minutes" => plan.minutes = value.parse().map_err(|_| wrong())?,
                _ => return Err(format!("there is no `{word}`")),
            }
        }
        let is_a_while = plan.minutes.is_finite() && (0.0..=1e6).contains(&plan.minutes);
        is_a_while.then_some(plan).ok_or_else(|| "--minutes must be a length of time".to_owned())
    }
}

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the program reports its progress on stdout")]
pub fn say(text: &str) {
    println!("{text}");
}

/// What has been done so far, for the summary and for the message of a violation.
struct Progress {
    began: Instant,
    steps: u64,
    now: String,
    counts: BTreeMap<&'static str, u64>,
}

impl Progress {
    fn tell(&self, what: &str) {
        say(&format!("{:8.3}  {:4}  {what}", self.began.elapsed().as_secs_f64(), self.steps));
    }
}

/// Runs the test. On a violation the seed and the step are printed, and the home is kept.
pub fn run(plan: &Plan) -> ExitCode {
    let Plan { seed, minutes } = *plan;
    let home = Home::new();
    let disk = SmallDisk::mounted_on(home.path());
    let mut progress = Progress {
        began: Instant::now(),
        steps: 0,
        now: "the first start".to_owned(),
        counts: BTreeMap::new(),
    };
    say(&format!("seed {seed}, {minutes} minutes, in {}", home.path().display()));
    let done = catch_unwind(AssertUnwindSafe(|| perform(plan, &home, &mut progress)));
    let Progress { steps, now, counts, began } = progress;
    let counts: Vec<_> =
        counts.iter().map(|(fault, count)| format!("{count:6}  {fault}")).collect();
    say(&format!("\n{}\n", counts.join("\n")));
    let secs = began.elapsed().as_secs_f64();
    match done {
        Ok(records) => {
            say(&format!(
                "seed {seed}: {steps} steps in {secs:.1} s, {records} records, every invariant holds"
            ));
            ExitCode::SUCCESS
        }
        // The panic hook has printed the reason.
        Err(_) => {
            say(&format!("seed {seed}: violated in step {steps} ({now}) after {secs:.1} s"));
            say(&format!("  everything is kept in {}", home.path().display()));
            mem::forget((disk, home));
            ExitCode::FAILURE
        }
    }
}

/// A disk that can be filled, where only root could mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// One of the memory, on an empty folder; `None` if it cannot be mounted.
    fn mounted_on(folder: &Path) -> Option<Self> {
        let options = ["-t", "tmpfs", "-o", "size=512m,mode=700", "tmpfs"];
        let mounted = Command::new("mount").args(options).arg(folder).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is left mounted is only memory.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Performs one fault after the other until the time is over, and audits what is on record.
fn perform(plan: &Plan, home: &Home, progress: &mut Progress) -> usize {
    let until = progress.began + Duration::from_secs_f64(plan.minutes * 60.0);
    let mut world = World::open(home);
    progress.tell(&format!("start: {}", world.whereabouts()));
    let mut sequence = Rng::with_seed(plan.seed);
    let mut rounds = 0;
    let mut round: Vec<Fault> = Vec::new();
    while Instant::now() < until {
        let fault = round.pop().unwrap_or_else(|| {
            round = next_round(rounds, &mut sequence);
            rounds += 1;
            round.pop().expect("there are faults")
        });
        let mut draws = sequence.fork();
        progress.steps += 1;
        progress.now = fault.name().to_owned();
        let came = world.suffer(fault, &mut draws);
        world.check();
        *progress.counts.entry(fault.name()).or_default() += 1;
        progress.tell(&format!("{}: {came}; {}", fault.name(), world.whereabouts()));
    }
    progress.now = "the end, and the audit of the records".to_owned();
    let (killed, without_room) = world.close();
    audit::audit(home, &killed, &without_room)
}

/// Every other round is mixed; in the others one launch suffers what it should outlive three times
/// over before the first fault that ends it, so that what it leaks adds up.
fn next_round(rounds: u64, sequence: &mut Rng) -> Vec<Fault> {
    let (mut ending, lasting): (Vec<_>, Vec<_>) =
        Fault::ALL.into_iter().partition(|fault| fault.ends_the_launch());
    let mut lasting = if rounds.is_multiple_of(2) { lasting } else { lasting.repeat(3) };
    if rounds.is_multiple_of(2) {
        lasting.append(&mut ending);
    }
    sequence.shuffle(&mut lasting);
    sequence.shuffle(&mut ending);
    // The last is taken first.
    [ending, lasting].concat()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn the_same_seed_brings_the_same_rounds_and_each_has_every_fault() {
        let rounds = |seed| {
            let mut sequence = Rng::with_seed(seed);
            [0, 1, 2, 3].map(|round| next_round(round, &mut sequence))
        };
        assert_eq!(rounds(7), rounds(7));
        assert_ne!(rounds(7), rounds(8));
        for round in rounds(7) {
            assert!(Fault::ALL.iter().all(|fault| round.contains(fault)), "{round:?}");
        }
    }

    #[test]
    fn a_command_line_is_read_or_refused() {
        let plan = |words: &str| Plan::of(words.split_whitespace().map(str::to_owned));
        let asked = Plan { seed: 7, minutes: 0.5 };
        assert_eq!(plan("--seed 7 --minutes 0.5"), Ok(asked));
        assert_eq!(plan("--seed 7").map(|plan| plan.minutes), Ok(MINUTES));
        for wrong in ["--seed", "--seed x", "--minutes -1", "--minutes NaN", "7", "--sead 7"] {
            assert!(plan(wrong).is_err(), "{wrong}");
        }
    }
}
