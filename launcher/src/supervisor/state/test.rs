//! Stories and random lives of a launch.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::port::Port;

use super::*;

const RULES: Rules = Rules {
    ready_timeout: Duration::from_secs(10),
    restart: Restart::OnFailure,
    redirect_for: Duration::from_secs(60),
};

/// A launch with its clock, told what happens and asked what follows.
struct Life {
    state: State,
    now: Instant,
}

impl Life {
    fn begin() -> Self {
        let now = Instant::now();
        Self { state: State::begin(now).0, now }
    }

    /// One whose first server serves.
    fn serving() -> Self {
        let mut life = Self::begin();
        life.news(1, ready());
        assert_eq!(life.news(1, News::Proved), [Effect::Announce(1)]);
        life
    }

    fn tell(&mut self, input: Input) -> Vec<Effect> {
        let (state, effects) = step(&RULES, self.state.clone(), input, self.now);
        self.state = state;
        effects
    }

    fn news(&mut self, attempt: u32, news: News) -> Vec<Effect> {
        self.tell(Input::Server { attempt, news })
    }

    /// Waits for the next deadline.
    fn wait(&mut self) -> Vec<Effect> {
        self.now = self.state.deadline(&RULES).expect("something is due");
        self.tell(Input::TimeIsUp)
    }
}

fn ready() -> News {
    News::Said(ToLauncher::Ready)
}

fn crash() -> News {
    News::Ended { exit_code: None, signal: Some(9) }
}

fn exit(code: i32) -> News {
    News::Ended { exit_code: Some(code), signal: None }
}

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn refused(ticket: u64, effects: &[Effect]) -> &str {
    let reason = effects.iter().find_map(|effect| match effect {
        Effect::Answer(Some(to), Answer::Refused(reason)) if *to == ticket => Some(reason.as_str()),
        _ => None,
    });
    reason.unwrap_or_else(|| panic!("{ticket} was not refused: {effects:?}"))
}

#[test]
fn the_four_failures_to_become_ready_are_told_apart() {
    for (news, reason) in [
        (exit(1), NotReady::Exited(Some(1))),
        (crash(), NotReady::Signalled(9)),
        (News::Garbage("hello".into()), NotReady::WrongAnswer("hello".into())),
    ] {
        let effects = Life::begin().news(1, news);
        assert_eq!(effects.last(), Some(&Effect::End(Outcome::NotReady(reason))));
    }
    let timed_out = NotReady::TimedOut { after: RULES.ready_timeout, said_ready: false };
    assert_eq!(Life::begin().wait().last(), Some(&Effect::End(Outcome::NotReady(timed_out))));
}

#[test]
fn a_crash_is_followed_by_a_new_start_and_the_fifth_by_none() {
    let mut life = Life::serving();
    for attempt in 2..6 {
        let effects = life.news(attempt - 1, crash());
        assert!(matches!(
            effects[..],
            [Effect::Record(_), Effect::Record(Event::ServerRestarting(_))]
        ));
        assert_eq!(life.wait(), [Effect::Spawn { attempt, on_next: false }]);
        life.news(attempt, ready());
        assert_eq!(life.news(attempt, News::Proved), [Effect::Announce(attempt)]);
    }
    let effects = life.news(5, crash());
    assert!(matches!(effects.last(), Some(Effect::End(Outcome::GaveUp { .. }))));
}

#[test]
fn an_exit_code_about_port_or_settings_is_never_tried_again() {
    for code in [69, 78] {
        for mut life in [Life::begin(), Life::serving()] {
            let effects = life.news(1, exit(code));
            assert_eq!(effects.last(), Some(&Effect::End(Outcome::Final(code))));
        }
    }
}

#[test]
fn asked_once_it_drains_and_asked_twice_it_is_killed() {
    let mut life = Life::serving();
    let effects = life.tell(Input::StopAsked(Some(1)));
    let stopping = Effect::Answer(Some(1), Answer::Stopping);
    assert_eq!(effects, [stopping, Effect::Tell(1, ToServer::Drain)]);
    assert_eq!(life.tell(Input::StopDemanded), [Effect::Kill(1)]);
    assert_eq!(life.news(1, crash()).last(), Some(&Effect::End(Outcome::Stopped)));
}

#[test]
fn a_server_that_does_not_drain_is_killed_when_its_time_is_up() {
    let mut life = Life::serving();
    life.tell(Input::StopAsked(None));
    assert_eq!(life.wait(), [Effect::Kill(1)]);
}

#[test]
fn a_restart_drains_the_old_server_only_after_the_new_one_has_proved_itself() {
    let mut life = Life::serving();
    let spawn = Effect::Spawn { attempt: 2, on_next: false };
    assert_eq!(life.tell(Input::RestartAsked(Some(7))), [spawn]);
    assert_eq!(life.news(2, ready()), [Effect::Prove(2)]);
    let effects = life.news(2, News::Proved);
    let done = Effect::Answer(Some(7), Answer::Done);
    assert_eq!(effects, [Effect::Announce(2), Effect::Tell(1, ToServer::Drain), done]);
    assert!(matches!(life.news(1, exit(0))[..], [Effect::Record(Event::ServerExited(_))]));
    assert!(matches!(life.state.phase, Phase::Serving { .. }));
}

#[test]
fn a_restart_whose_new_server_fails_leaves_the_old_one_serving() {
    for news in [exit(1), crash(), News::Garbage("?".into()), News::NotStarted("gone".into())] {
        let mut life = Life::serving();
        life.tell(Input::RestartAsked(Some(7)));
        let effects = life.news(2, news);
        assert!(refused(7, &effects).starts_with("the new server did not start"));
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Tell(1, _) | Effect::Kill(1)))
        );
        assert!(matches!(life.state.phase, Phase::Serving { .. }));
    }
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(Some(7)));
    let effects = life.wait();
    assert!(refused(7, &effects).contains("within") && effects.contains(&Effect::Kill(2)));
}

#[test]
fn a_crash_during_a_restart_makes_the_new_server_the_current_one() {
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(Some(7)));
    refused(7, &life.news(1, crash()));
    life.news(2, ready());
    assert_eq!(life.news(2, News::Proved), [Effect::Announce(2)]);
}

#[test]
fn a_move_leads_from_the_old_port_to_the_new_one_and_then_lets_go_of_it() {
    let (from, to) = (port(17000), port(18000));
    let mut life = Life::serving();
    assert_eq!(life.tell(Input::MoveAsked(Some(to), Some(7))), [Effect::Claim(Some(to))]);
    let spawn = Effect::Spawn { attempt: 2, on_next: true };
    assert_eq!(life.tell(Input::Claimed { from, to }), [spawn]);
    life.news(2, ready());
    let redirect = Effect::Tell(1, ToServer::Redirect { to });
    let done = Effect::Answer(Some(7), Answer::Done);
    let effects = life.news(2, News::Proved);
    assert_eq!(effects, [Effect::Move { from, to }, Effect::Announce(2), redirect, done]);
    assert_eq!(life.wait(), [Effect::Tell(1, ToServer::Drain)]);
    assert_eq!(life.news(1, exit(0)).last(), Some(&Effect::Release(from)));
}

#[test]
fn a_move_that_fails_leaves_everything_as_it_was_and_says_why() {
    let (from, to) = (port(17000), port(18000));
    let mut life = Life::serving();
    life.tell(Input::MoveAsked(Some(to), Some(7)));
    let effects = life.tell(Input::NotClaimed("it is taken".into()));
    assert_eq!(effects, [Effect::Answer(Some(7), Answer::NoPort("it is taken".into()))]);
    life.tell(Input::MoveAsked(Some(to), Some(8)));
    life.tell(Input::Claimed { from, to });
    let effects = life.news(2, exit(1));
    refused(8, &effects);
    assert!(effects.contains(&Effect::Forsake));
    assert!(matches!(life.state.phase, Phase::Serving { .. }));
}

#[test]
fn who_asks_at_the_wrong_moment_is_told_why_not() {
    let mut life = Life::begin();
    assert!(refused(1, &life.tell(Input::RestartAsked(Some(1)))).contains("still starting"));
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(Some(1)));
    assert!(refused(2, &life.tell(Input::MoveAsked(None, Some(2)))).contains("under way"));
    let effects = life.tell(Input::StopAsked(Some(3)));
    assert!(refused(1, &effects).contains("ending") && effects.contains(&Effect::Kill(2)));
    assert!(refused(4, &life.tell(Input::RestartAsked(Some(4)))).contains("ending"));
    assert_eq!(life.tell(Input::StopAsked(Some(5))), [Effect::Answer(Some(5), Answer::Stopping)]);
}

/// What may happen next; which server it happens to is a number to be taken modulo those there are.
fn any_input() -> impl Strategy<Value = Input> {
    let news = prop_oneof![
        Just(ready()),
        Just(News::Said(ToLauncher::Stop)),
        Just(News::Said(ToLauncher::Restart)),
        Just(News::Garbage("?".into())),
        Just(News::Proved),
        Just(News::Disproved("?".into())),
        Just(crash()),
        (0..80_i32).prop_map(exit),
    ];
    prop_oneof![
        6 => (0..6_u32, news).prop_map(|(attempt, news)| Input::Server { attempt, news }),
        1 => Just(Input::TimeIsUp),
        1 => Just(Input::StopAsked(Some(1))),
        1 => Just(Input::StopDemanded),
        2 => Just(Input::RestartAsked(Some(2))),
        2 => Just(Input::MoveAsked(None, Some(3))),
        2 => Just(Input::Claimed { from: port(17000), to: port(18000) }),
        1 => Just(Input::NotClaimed("taken".into())),
    ]
}

proptest! {
    /// I3, I8, I9, I10: only our own servers are ended, two at most are there besides those that
    /// finish, none outlives the launch, and while one serves none is ended for a person's request
    /// before another serves.
    #[test]
    fn whatever_happens_the_servers_are_accounted_for(
        inputs in proptest::collection::vec((any_input(), 0..20_000_u64), 0..80),
    ) {
        let mut life = Life::begin();
        let (mut alive, mut ends) = (BTreeSet::from([1_u32]), 0);
        for (input, pause) in inputs {
            life.now += Duration::from_millis(pause);
            let input = match input {
                // News come from servers that are there, and their end comes once.
                Input::Server { attempt, news } => {
                    let servers: Vec<_> = alive.iter().copied().collect();
                    let Some(&attempt) = servers.get(attempt as usize % servers.len().max(1)) else { continue };
                    if matches!(news, News::Ended { .. }) {
                        alive.remove(&attempt);
                    }
                    Input::Server { attempt, news }
                }
                other => other,
            };
            let effects = life.tell(input);
            for effect in &effects {
                match effect {
                    Effect::Spawn { attempt, .. } => prop_assert!(alive.insert(*attempt), "started twice"),
                    Effect::Kill(attempt) => { alive.remove(attempt); }
                    Effect::End(_) => ends += 1,
                    _ => {}
                }
            }
            // A server that is killed while the launch drains tells its end afterwards.
            if matches!(life.state.phase, Phase::Draining { .. }) {
                alive.extend(effects.iter().filter_map(|effect| match effect {
                    Effect::Kill(attempt) if *attempt == life.state.current => Some(*attempt),
                    _ => None,
                }));
            }
            let retired: BTreeSet<_> = life.state.retired.iter().map(Retired::attempt).collect();
            alive.extend(effects.iter().filter_map(|effect| match effect {
                Effect::Kill(attempt) if retired.contains(attempt) => Some(*attempt),
                _ => None,
            }));
            prop_assert!(alive.difference(&retired).count() <= 2, "{alive:?} {retired:?}");
            prop_assert_eq!(ends, usize::from(life.state.phase == Phase::Ended));
            prop_assert!(ends == 0 || alive.is_empty(), "{:?} outlives the launch", alive);
        }
    }
}

/// Every arrow of the two drawings, as the words of its ends.
const ARROWS: [(&str, &str); 16] = [
    ("starting", "proving"),
    ("starting", "waiting"),
    ("starting", "ended"),
    ("starting", "draining"),
    ("proving", "serving"),
    ("proving", "waiting"),
    ("proving", "draining"),
    ("serving", "waiting"),
    ("serving", "draining"),
    ("serving", "ended"),
    ("serving", "starting"),
    ("waiting", "starting"),
    ("waiting", "ended"),
    ("draining", "ended"),
    ("draining", "finishing"),
    ("finishing", "ended"),
];

fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Starting { .. } => "starting",
        Phase::Proving { .. } => "proving",
        Phase::Serving { .. } => "serving",
        Phase::Waiting { .. } => "waiting",
        Phase::Draining { .. } => "draining",
        Phase::Finishing => "finishing",
        Phase::Ended => "ended",
    }
}

#[test]
fn every_arrow_of_the_drawing_is_taken_and_no_other() {
    let crash_again = [(1, crash()), (2, ready()), (2, News::Disproved("?".into())), (3, crash())];
    let server = |(attempt, news): (u32, News)| Input::Server { attempt, news };
    let begun: Vec<Input> = [(1, ready()), (1, News::Proved)].map(server).to_vec();
    let succession = [Input::RestartAsked(None), server((2, ready())), server((2, News::Proved))];
    let stories: Vec<Vec<Input>> = vec![
        vec![server((1, exit(1)))],
        vec![Input::StopAsked(None), server((1, crash()))],
        vec![server((1, ready())), Input::StopAsked(None)],
        [begun.clone(), vec![Input::StopAsked(None), server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, crash())), Input::StopAsked(None)]].concat(),
        [begun.clone(), vec![Input::RestartAsked(None), server((1, crash()))]].concat(),
        [begun.clone(), crash_again.map(server).to_vec()].concat(),
        [
            begun,
            succession.to_vec(),
            vec![Input::StopAsked(None), server((2, exit(0))), server((1, exit(0)))],
        ]
        .concat(),
    ];
    let mut taken = BTreeSet::new();
    for story in stories {
        let mut life = Life::begin();
        for input in story {
            // A launch that waits for its next start goes on when the time has come.
            if matches!(life.state.phase, Phase::Waiting { .. }) && input != Input::StopAsked(None)
            {
                life.wait();
                taken.insert(("waiting", word(&life.state.phase)));
            }
            let before = word(&life.state.phase);
            life.tell(input);
            taken.insert((before, word(&life.state.phase)));
        }
    }
    taken.retain(|(from, to)| from != to);
    assert_eq!(taken, BTreeSet::from(ARROWS));
}
