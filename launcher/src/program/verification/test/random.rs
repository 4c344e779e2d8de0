//! Random inputs in a random order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{arrows::ARROWS, model::Model, *};

/// All that may listen; an observation has some of it.
fn candidates() -> Vec<ObservedListener> {
    let mut listeners = vec![
        tree("127.0.0.1:3000"),
        tree("[::1]:3000"),
        tree("[::]:3000"),
        tree_of(WORKER, "127.0.0.1:3000"),
        listener("0.0.0.0:3000", ListenerOwner::Tree { pid: WORKER, proof: OwnershipProof::User }),
        tree("127.0.0.1:3001"),
        tree("0.0.0.0:9229"),
        stranger("127.0.0.1:3000"),
        stranger("[::1]:3000"),
        stranger("0.0.0.0:3000"),
        stranger("192.168.1.5:3000"),
        new_stranger("127.0.0.1:3000"),
        new_stranger("[::]:3000"),
        stranger("0.0.0.0:80"),
    ];
    listeners.push(ObservedListener { is_ipv6_only: true, ..tree("[::]:3000") });
    listeners.sort_unstable();
    listeners
}

/// What happens next.
#[derive(Debug, Clone)]
enum Action {
    /// The driver reports this.
    Report(Input),
    /// The last probe comes back.
    Answer { has_passed: bool },
    /// A look from so many milliseconds ago comes back.
    See { listeners: Vec<ObservedListener>, age: u64 },
    /// The next deadline comes.
    Wait,
}

/// Some of these, as they are seen.
fn some_of(
    listeners: Vec<ObservedListener>,
    size: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<ObservedListener>> {
    proptest::sample::subsequence(listeners, size)
}

fn any_listeners() -> impl Strategy<Value = Vec<ObservedListener>> {
    let is_tree =
        |listener: &ObservedListener| matches!(listener.owner, ListenerOwner::Tree { .. });
    let (tree, strangers): (Vec<_>, Vec<_>) = candidates().into_iter().partition(is_tree);
    let contested = (some_of(tree.clone(), 1..2), some_of(strangers, 1..2));
    prop_oneof![
        2 => Just(vec![]),
        8 => some_of(tree, 0..3),
        2 => contested.prop_map(|(tree, strangers)| [tree, strangers].concat()),
        1 => some_of(candidates(), 0..4),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    let end = prop_oneof![
        2 => Just(ProcessEnd::Exited(0)),
        2 => Just(ProcessEnd::Exited(1)),
        1 => Just(ProcessEnd::Signalled(9)),
    ];
    let pid = prop_oneof![4 => Just(MAIN), 1 => Just(WORKER)];
    let exit = (pid, end, any::<bool>(), any::<bool>());
    let exit = exit.prop_map(|(pid, end, others_live, said_address_in_use)| {
        Input::MainExited(MainExit { pid, end, others_live, said_address_in_use })
    });
    let report = prop_oneof![
        4 => exit,
        1 => Just(Input::TreeEmpty),
        2 => Just(Input::LineMatched),
        2 => Just(Input::Notified),
        1 => Just(Input::DeadlineReached),
        1 => Just(Input::CoverFailed(Loopback::V4)),
        1 => Just(Input::CoverFailed(Loopback::V6)),
        1 => (0..4_u32).prop_map(passed),
    ];
    let age = prop_oneof![2 => Just(0), 1 => 0..60_u64];
    prop_oneof![
        12 => (any_listeners(), age).prop_map(|(listeners, age)| Action::See { listeners, age }),
        4 => Just(Action::Answer { has_passed: true }),
        1 => Just(Action::Answer { has_passed: false }),
        2 => report.prop_map(Action::Report),
        3 => Just(Action::Wait),
    ]
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let probe = prop_oneof![
        2 => Just(ReadinessProbe::Tcp),
        1 => Just(ReadinessProbe::Http),
        1 => Just(ReadinessProbe::Log),
        1 => Just(ReadinessProbe::Notify),
    ];
    let expose = prop_oneof![
        8 => Just(Expose::Warn),
        1 => Just(Expose::Refuse),
        1 => Just(Expose::Allow),
    ];
    let elsewhere = prop_oneof![Just(OnElsewhere::Front), Just(OnElsewhere::Fail)];
    (probe, expose, elsewhere, any::<[bool; 6]>()).prop_map(
        |(probe, on_exposed, on_elsewhere, bools)| {
            let [explicit, delegate, reserved, drop, cover, look] = bools;
            Rules {
                probe,
                on_exposed,
                on_elsewhere,
                is_explicit: explicit,
                may_delegate: delegate,
                is_reserved: reserved,
                may_drop_reservation: drop,
                can_cover: cover,
                must_look_while_serving: look,
                ..rules()
            }
        },
    )
}

/// What is counted over a verification.
#[derive(Default)]
struct Tally {
    /// What the machine was shown last.
    shown: Vec<ObservedListener>,
    /// When that look began.
    shown_at: Option<Instant>,
    /// When the program showed that it is ready, with a listener since then if that was a probe.
    proved_at: Option<Instant>,
    /// The addresses of the program beyond loopback that were shown, and those that were named.
    exposed: BTreeSet<SocketAddr>,
    named: Vec<SocketAddr>,
    covers: BTreeSet<Loopback>,
    ready: usize,
    ends: usize,
}

impl Tally {
    fn check(&mut self, rules: &Rules, effects: &[Effect]) -> Result<(), TestCaseError> {
        let shown = std::mem::take(&mut self.shown);
        let model = Model { rules, listeners: &shown };
        for effect in effects {
            prop_assert_eq!(self.ends, 0, "{:?} follows the end", effect);
            match effect {
                Effect::Ready(verified)
                | Effect::Changed(verified)
                | Effect::ServingAgain { verified, .. } => {
                    if matches!(effect, Effect::Ready(_)) {
                        self.ready += 1;
                        prop_assert!(self.proved_at.is_some() && self.proved_at <= self.shown_at);
                    }
                    // I16, I21.
                    prop_assert!(!model.has_stranger(Loopback::V4), "a stranger is published");
                    prop_assert!(!verified.loopbacks.is_empty(), "what listens elsewhere is ready");
                    for loopback in Loopback::BOTH {
                        let is_verified = verified.loopbacks.contains(&loopback);
                        prop_assert_eq!(is_verified, model.has_program(loopback));
                    }
                    let leads_away = model.has_stranger(Loopback::V6);
                    prop_assert!(!leads_away || verified.host == UrlHost::Ipv4);
                    if let Some(cover) = verified.cover {
                        prop_assert!(rules.can_cover && model.holders(cover).is_empty());
                    }
                }
                Effect::OpenCover(cover) => {
                    prop_assert!(model.holders(*cover).is_empty(), "it has a listener");
                    prop_assert!(self.covers.insert(*cover), "opened twice");
                    prop_assert_eq!(self.covers.len(), 1);
                }
                Effect::CloseCover(cover) => {
                    prop_assert!(self.covers.remove(cover), "it was not open");
                }
                Effect::Exposed(addresses) => self.named.extend(addresses),
                Effect::End(end) => {
                    self.ends += 1;
                    prop_assert!(self.covers.is_empty(), "a cover outlives the verification");
                    self.check_end(rules, model, end)?;
                }
                _ => {}
            }
        }
        // I20.
        let named: BTreeSet<_> = self.named.iter().copied().collect();
        prop_assert_eq!(named.len(), self.named.len(), "named twice");
        prop_assert_eq!(&named, &self.exposed);
        self.shown = shown;
        Ok(())
    }

    fn check_end(
        &self,
        rules: &Rules,
        model: Model<'_>,
        end: &VerificationEnd,
    ) -> Result<(), TestCaseError> {
        match end {
            End::LostRace { stranger, was_ready } => {
                prop_assert!(!model.is_program(stranger) && stranger.address.port() == PORT);
                prop_assert_eq!(*was_ready, self.ready > 0);
            }
            End::Elsewhere { took, rule, .. } => {
                let is_on_port = |loopback| model.has_program(loopback);
                prop_assert!(!Loopback::BOTH.into_iter().any(is_on_port));
                prop_assert!(model.listeners.iter().any(|it| it.address.port() == took.get()));
                prop_assert_eq!((*rule, self.ready), (rules.on_elsewhere, 0));
            }
            End::DropReservation => {
                let is_on_port = |it: &ObservedListener| it.address.port() == PORT;
                prop_assert!(
                    !model.listeners.iter().any(|it| is_on_port(it) && it.pid() != Some(LAUNCHER))
                );
                prop_assert!(rules.is_reserved && rules.may_drop_reservation && !rules.is_explicit);
                prop_assert_eq!(self.ready, 0);
            }
            End::Failed(ProgramFailure::Exposed(_)) => {
                prop_assert_eq!(rules.on_exposed, Expose::Refuse);
            }
            End::Failed(_) => prop_assert_eq!(self.ready, 0),
            End::MainEnded(_) => prop_assert_eq!(self.ready, 1),
        }
        Ok(())
    }
}

/// A program with what is counted of it.
struct Run {
    program: TestProgram,
    tally: Tally,
    last_look: Instant,
}

impl Run {
    fn begin(rules: Rules) -> Self {
        let program = TestProgram::with(rules);
        Self { last_look: program.now, tally: Tally::default(), program }
    }

    fn input(&mut self, input: Input) -> Result<(), TestCaseError> {
        let rules = self.program.rules;
        match &input {
            Input::Observed { at, observation }
                if *at >= self.last_look && self.tally.ends == 0 =>
            {
                self.last_look = *at;
                self.tally.shown.clone_from(&observation.listeners);
                self.tally.shown_at = Some(*at);
                let model = Model { rules: &rules, listeners: &observation.listeners };
                let is_gone = !Loopback::BOTH.into_iter().any(|it| model.has_program(it));
                if is_gone && rules.probe.connects() {
                    self.tally.proved_at = None;
                }
                let programs = observation.listeners.iter().filter(|it| model.is_program(it));
                let exposed = programs.filter(|it| !it.address.ip().is_loopback());
                self.tally.exposed.extend(exposed.map(|it| it.address));
            }
            Input::Probed { number, has_passed: true }
                if self.program.state.phase == (VerificationPhase::Probing { number: *number }) =>
            {
                self.tally.proved_at = Some(self.program.now);
            }
            Input::LineMatched if rules.probe == ReadinessProbe::Log => {
                self.tally.proved_at.get_or_insert(self.program.now);
            }
            Input::Notified if rules.probe == ReadinessProbe::Notify => {
                self.tally.proved_at.get_or_insert(self.program.now);
            }
            Input::CoverFailed(loopback) => {
                self.tally.covers.remove(loopback);
            }
            _ => {}
        }
        let before = self.program.word();
        let is_deadline = input == Input::DeadlineReached;
        let effects = self.program.input(input);
        let after = self.program.word();
        prop_assert!(before == after || ARROWS.contains(&(before, after)), "{before} {after}");
        self.tally.check(&rules, &effects)?;
        prop_assert_eq!(self.tally.ends, usize::from(after == "ended"));
        prop_assert!(self.tally.ready <= 1);
        if is_deadline {
            let due = self.program.state.deadline(&rules);
            prop_assert!(due.is_none_or(|due| due > self.program.now), "due at once again");
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<(), TestCaseError> {
        match action {
            Action::Report(input) => self.input(input),
            Action::Answer { has_passed } => {
                self.input(Input::Probed { number: self.program.state.probes, has_passed })
            }
            Action::See { mut listeners, age } => {
                let covers = self.tally.covers.iter().map(|cover| cover.at(port(PORT)));
                listeners.extend(covers.map(|cover| our_own(&cover.to_string())));
                listeners.sort_unstable();
                let at = self.program.now.checked_sub(Duration::from_millis(age));
                self.input(seen(&listeners, at.unwrap_or(self.program.now)))
            }
            Action::Wait => {
                if let Some(due) = self.program.state.deadline(&self.program.rules) {
                    self.program.now = self.program.now.max(due);
                    self.input(Input::DeadlineReached)?;
                }
                Ok(())
            }
        }
    }
}

proptest! {
    /// I16, I20, I21, and: one end at most, no cover on an address that is taken, no deadline that comes
    /// again at once, no arrow but those of the drawing, and a start that ends.
    #[test]
    fn whatever_happens_no_stranger_is_published_and_a_start_ends(
        rules in any_rules(),
        actions in proptest::collection::vec((any_action(), 0..2000_u64), 0..60),
        sight in any_listeners(),
        is_seen in any::<bool>(),
    ) {
        let mut run = Run::begin(rules);
        for (action, pause) in actions {
            // Most things happen soon after one another.
            run.program.now += Duration::from_millis(if pause < 1500 { pause / 50 } else { pause });
            run.act(action)?;
        }
        // Time passes: it becomes ready or fails, whether looks are answered or not.
        let until = run.program.now + rules.ready_timeout + Duration::from_secs(1);
        let mut steps = 0;
        while let Some(due) = run.program.state.deadline(&rules).filter(|due| *due <= until) {
            run.program.now = run.program.now.max(due);
            run.input(Input::DeadlineReached)?;
            if is_seen {
                run.act(Action::See { listeners: sight.clone(), age: 0 })?;
            }
            steps += 1;
            prop_assert!(steps < 5000, "it never rests");
        }
        let word = run.program.word();
        prop_assert!(["serving", "waiting", "ended"].contains(&word), "{word}");
    }
}
