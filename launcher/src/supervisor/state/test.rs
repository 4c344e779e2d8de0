//! Stories and random lives of a launch.

use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules { ready_timeout: Duration::from_secs(10), restart: Restart::OnFailure };

fn crash() -> Input {
    Input::Ended { exit_code: None, signal: Some(9) }
}

fn serving(now: Instant) -> State {
    let (state, _) = State::begin(now);
    let (state, _) = step(&RULES, state, Input::Said(ToLauncher::Ready), now);
    step(&RULES, state, Input::Proved, now).0
}

#[test]
fn the_four_failures_to_become_ready_are_told_apart() {
    let now = Instant::now();
    for (input, reason) in [
        (Input::Ended { exit_code: Some(1), signal: None }, NotReady::Exited(Some(1))),
        (crash(), NotReady::Signalled(9)),
        (Input::TimeIsUp, NotReady::TimedOut { after: RULES.ready_timeout, said_ready: false }),
        (Input::Garbage("hello".into()), NotReady::WrongAnswer("hello".into())),
    ] {
        let (state, effects) = step(&RULES, State::begin(now).0, input, now);
        assert_eq!(effects.last(), Some(&Effect::End(Outcome::NotReady(reason))));
        assert_eq!(state.phase, Phase::Ended);
    }
}

#[test]
fn a_crash_is_followed_by_a_new_start_and_the_fifth_by_none() {
    let now = Instant::now();
    let mut state = serving(now);
    for attempt in 2..6 {
        let (waiting, effects) = step(&RULES, state, crash(), now);
        assert!(matches!(
            effects[..],
            [Effect::Record(_), Effect::Record(Event::ServerRestarting(_))]
        ));
        let (starting, effects) = step(&RULES, waiting, Input::TimeIsUp, now);
        assert_eq!((effects, starting.attempt), (vec![Effect::Spawn], attempt));
        let (proving, _) = step(&RULES, starting, Input::Said(ToLauncher::Ready), now);
        state = step(&RULES, proving, Input::Proved, now).0;
    }
    let (_, effects) = step(&RULES, state, crash(), now);
    assert!(matches!(effects.last(), Some(Effect::End(Outcome::GaveUp { .. }))));
}

#[test]
fn an_exit_code_about_port_or_settings_is_never_tried_again() {
    let now = Instant::now();
    for code in [69, 78] {
        let ended = Input::Ended { exit_code: Some(code), signal: None };
        let (_, effects) = step(&RULES, serving(now), ended.clone(), now);
        assert_eq!(effects.last(), Some(&Effect::End(Outcome::Final(code))));
        let (_, effects) = step(&RULES, State::begin(now).0, ended, now);
        assert_eq!(effects.last(), Some(&Effect::End(Outcome::Final(code))));
    }
}

#[test]
fn asked_once_it_drains_and_asked_twice_it_is_killed() {
    let now = Instant::now();
    let (state, effects) = step(&RULES, serving(now), Input::StopAsked, now);
    assert_eq!(effects, [Effect::Tell(ToServer::Drain)]);
    let (state, effects) = step(&RULES, state, Input::StopAsked, now);
    assert_eq!(effects, [Effect::Kill]);
    let (_, effects) = step(&RULES, state, crash(), now);
    assert_eq!(effects.last(), Some(&Effect::End(Outcome::Stopped)));
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Said(ToLauncher::Ready)),
        Just(Input::Said(ToLauncher::Stop)),
        Just(Input::Garbage("?".into())),
        Just(Input::Proved),
        Just(Input::Disproved("?".into())),
        Just(Input::StopAsked),
        Just(Input::TimeIsUp),
        Just(crash()),
        (0..128_i32).prop_map(|code| Input::Ended { exit_code: Some(code), signal: None }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_one_server_at_most_is_started_for_each_that_ended_and_the_end_comes_once(
        inputs in proptest::collection::vec((any_input(), 0..20_000_u64), 0..60),
    ) {
        let mut now = Instant::now();
        let (mut state, effects) = State::begin(now);
        let (mut alive, mut ends) = (effects.len(), 0);
        for (input, pause) in inputs {
            now += Duration::from_millis(pause);
            // A process ends only if there is one.
            if matches!(input, Input::Ended { .. }) {
                if alive == 0 { continue }
                alive -= 1;
            }
            let (next, effects) = step(&RULES, state, input, now);
            for effect in &effects {
                match effect {
                    Effect::Spawn => alive += 1,
                    Effect::Kill if !matches!(next.phase, Phase::Draining { .. }) => alive = 0,
                    Effect::End(_) => ends += 1,
                    _ => {}
                }
            }
            prop_assert!(alive <= 1 && ends <= 1);
            prop_assert_eq!(ends == 1, next.phase == Phase::Ended);
            state = next;
        }
    }
}
