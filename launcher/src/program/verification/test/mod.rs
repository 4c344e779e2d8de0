//! Sequences of inputs, and the effects of each.

mod arrows;
mod covers;
mod random;
mod stories;

mod model;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use shared::{
    launch::UrlHost,
    port::Port,
    settings::{Expose, OnElsewhere},
};

use super::*;
use crate::program::observation::{ListenerOwner, Observation, ObservedListener, OwnershipProof};

use VerificationEffect as Effect;
use VerificationEnd as End;
use VerificationInput as Input;

const MAIN: u32 = 100;
const WORKER: u32 = 101;
const STRANGER: u32 = 900;
const LAUNCHER: u32 = 10;

/// The port of the program; addresses are written with it.
const PORT: u16 = 3000;

const V4: &str = "127.0.0.1:3000";
const V6: &str = "[::1]:3000";
const WILDCARD: &str = "[::]:3000";

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn rules() -> Rules {
    Rules {
        port: port(PORT),
        is_explicit: false,
        may_delegate: false,
        probe: ReadinessProbe::Tcp,
        on_elsewhere: OnElsewhere::Front,
        on_exposed: Expose::Warn,
        ready_timeout: Duration::from_secs(30),
        is_reserved: true,
        may_drop_reservation: true,
        can_cover: true,
        must_look_while_serving: false,
        launcher_pid: LAUNCHER,
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn listener(text: &str, owner: ListenerOwner) -> ObservedListener {
    ObservedListener { address: address(text), is_ipv6_only: false, owner }
}

fn tree_of(pid: u32, text: &str) -> ObservedListener {
    listener(text, ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor })
}

fn tree(text: &str) -> ObservedListener {
    tree_of(MAIN, text)
}

fn stranger(text: &str) -> ObservedListener {
    listener(text, ListenerOwner::Stranger { pid: Some(STRANGER), is_new: false })
}

fn new_stranger(text: &str) -> ObservedListener {
    listener(text, ListenerOwner::Stranger { pid: None, is_new: true })
}

/// Our own cover.
fn our_own(text: &str) -> ObservedListener {
    listener(text, ListenerOwner::Stranger { pid: Some(LAUNCHER), is_new: true })
}

/// What is published of a program that main serves on `127.0.0.1`, with our cover beside it.
fn on_v4() -> VerifiedListeners {
    VerifiedListeners {
        loopbacks: vec![Loopback::V4],
        bound: vec![address("127.0.0.1:3000")],
        pid: Some(MAIN),
        ownership: ListenerOwnership::Tree(OwnershipProof::Descriptor),
        cover: Some(Loopback::V6),
        host: UrlHost::Localhost,
    }
}

fn lost_race(stranger: ObservedListener, was_ready: bool) -> Effect {
    Effect::End(End::LostRace { stranger, was_ready })
}

fn failed(failure: ProgramFailure) -> Effect {
    Effect::End(End::Failed(failure))
}

fn exited(code: i32) -> MainExit {
    let end = ProcessEnd::Exited(code);
    MainExit { pid: MAIN, end, others_live: false, said_address_in_use: false }
}

/// Exits with 0 and leaves a process.
fn detached() -> Input {
    Input::MainExited(MainExit { others_live: true, ..exited(0) })
}

/// Exits with 1, its address in use.
fn says_in_use() -> Input {
    Input::MainExited(MainExit { said_address_in_use: true, ..exited(1) })
}

fn word(phase: &VerificationPhase) -> &'static str {
    match phase {
        VerificationPhase::Starting => "starting",
        VerificationPhase::Probing { .. } => "probing",
        VerificationPhase::Retrying { .. } => "retrying",
        VerificationPhase::Awaiting => "awaiting",
        VerificationPhase::Confirming { .. } => "confirming",
        VerificationPhase::Serving(_) => "serving",
        VerificationPhase::Waiting { .. } => "waiting",
        VerificationPhase::Exited { .. } => "exited",
        VerificationPhase::Ended => "ended",
    }
}

/// A verification with a clock of its own: it takes inputs and returns the effects.
#[derive(Debug, Clone)]
struct TestProgram {
    rules: Rules,
    state: Verification,
    now: Instant,
}

impl TestProgram {
    fn with(rules: Rules) -> Self {
        let now = Instant::now();
        Self { rules, state: Verification::begin(MAIN, now).0, now }
    }

    fn starting() -> Self {
        Self::with(rules())
    }

    fn probing() -> Self {
        Self::starting().after_seeing(&[tree("127.0.0.1:3000")])
    }

    fn confirming() -> Self {
        Self::probing().after(passed(1))
    }

    fn retrying() -> Self {
        Self::probing().after(Input::Probed { number: 1, has_passed: false })
    }

    fn awaiting() -> Self {
        let rules = Rules { probe: ReadinessProbe::Log, ..rules() };
        Self::with(rules).after_seeing(&[tree("127.0.0.1:3000")])
    }

    fn serving() -> Self {
        Self::confirming().after_seeing(&[tree("127.0.0.1:3000")])
    }

    fn waiting() -> Self {
        Self::serving().after_seeing(&[])
    }

    fn after(mut self, input: Input) -> Self {
        self.input(input);
        self
    }

    fn after_seeing(mut self, listeners: &[ObservedListener]) -> Self {
        self.sees(listeners);
        self
    }

    fn later(mut self, milliseconds: u64) -> Self {
        self.now += Duration::from_millis(milliseconds);
        self
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let (state, effects) = step(&self.rules, self.state.clone(), input, self.now);
        self.state = state;
        effects
    }

    fn sees(&mut self, listeners: &[ObservedListener]) -> Vec<Effect> {
        self.input(seen(listeners, self.now))
    }

    /// Waits for so long, each deadline as it comes and this one seen at each look, and returns the
    /// effects but for the looks.
    fn sees_for(&mut self, milliseconds: u64, listeners: &[ObservedListener]) -> Vec<Effect> {
        let until = self.now + Duration::from_millis(milliseconds);
        let mut all = Vec::new();
        while let Some(due) = self.state.deadline(&self.rules).filter(|due| *due <= until) {
            self.now = due;
            for effect in self.input(Input::DeadlineReached) {
                match effect {
                    Effect::Look => all.extend(self.sees(listeners)),
                    effect => all.push(effect),
                }
            }
        }
        self.now = until;
        all
    }

    fn word(&self) -> &'static str {
        word(&self.state.phase)
    }
}

fn seen(listeners: &[ObservedListener], at: Instant) -> Input {
    Input::Observed {
        at,
        observation: Observation { listeners: listeners.to_vec(), ..Observation::default() },
    }
}

fn passed(number: u32) -> Input {
    Input::Probed { number, has_passed: true }
}

/// Starts a program that these rules hold, sees this, answers its probe and sees the same again.
fn verify(rules: Rules, listeners: &[ObservedListener]) -> (TestProgram, Vec<Effect>) {
    let mut program = TestProgram::with(rules);
    let mut effects = program.sees(listeners);
    effects.extend(program.input(passed(1)));
    effects.extend(program.sees(listeners));
    (program, effects)
}

fn verified(rules: Rules, listeners: &[ObservedListener]) -> VerifiedListeners {
    let (_, effects) = verify(rules, listeners);
    let verified = effects.iter().find_map(|effect| match effect {
        Effect::Ready(verified) => Some(verified.clone()),
        _ => None,
    });
    verified.unwrap_or_else(|| panic!("never ready: {effects:?}"))
}
