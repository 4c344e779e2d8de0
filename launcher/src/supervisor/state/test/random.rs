//! Random inputs in a random order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What may happen next; which server it happens to is a number to be taken modulo those there are.
fn any_input() -> impl Strategy<Value = Input> {
    let event = prop_oneof![
        Just(ready()),
        Just(ServerEvent::Message(ToLauncher::Stop { by: None })),
        Just(ServerEvent::Message(ToLauncher::Restart { by: None })),
        Just(ServerEvent::InvalidLine("?".into())),
        Just(ServerEvent::Proved),
        Just(ServerEvent::Disproved(NotReady::NoLoopback)),
        Just(crash()),
        (0..80_i32).prop_map(exit),
    ];
    prop_oneof![
        6 => (0..6_u32, event).prop_map(|(attempt, event)| Input::Server { attempt, event }),
        1 => Just(Input::DeadlineReached),
        1 => Just(Input::StopRequested(cli(1))),
        1 => Just(Input::ForceStopRequested(RequestedBy::Signal)),
        2 => Just(Input::RestartRequested(cli(2))),
        2 => Just(Input::MoveRequested(None, cli(3))),
        2 => Just(Input::Claimed { from: port(17000), to: port(18000) }),
        1 => Just(Input::RequesterLeft(3)),
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
        let mut launch = TestLaunch::begin();
        let (mut alive, mut ends) = (BTreeSet::from([1_u32]), 0);
        for (input, pause) in inputs {
            launch.now += Duration::from_millis(pause);
            let input = match input {
                // Events come from servers that are there, and their end comes once.
                Input::Server { attempt, event } => {
                    let servers: Vec<_> = alive.iter().copied().collect();
                    let Some(&attempt) = servers.get(attempt as usize % servers.len().max(1)) else { continue };
                    if matches!(event, ServerEvent::Ended { .. }) {
                        alive.remove(&attempt);
                    }
                    Input::Server { attempt, event }
                }
                other => other,
            };
            let effects = launch.input(input);
            for effect in &effects {
                match effect {
                    Effect::Spawn { attempt, .. } => prop_assert!(alive.insert(*attempt), "started twice"),
                    Effect::Kill(attempt) => { alive.remove(attempt); }
                    Effect::End(_) => ends += 1,
                    _ => {}
                }
            }
            // A server that is killed while the launch drains reports its end afterwards.
            if matches!(launch.state.phase, Phase::Draining { .. }) {
                alive.extend(effects.iter().filter_map(|effect| match effect {
                    Effect::Kill(attempt) if *attempt == launch.state.current => Some(*attempt),
                    _ => None,
                }));
            }
            let draining: BTreeSet<_> = launch.state.draining.iter().map(DrainingServer::attempt).collect();
            alive.extend(effects.iter().filter_map(|effect| match effect {
                Effect::Kill(attempt) if draining.contains(attempt) => Some(*attempt),
                _ => None,
            }));
            let redirecting = launch.state.draining.iter().filter(|server| server.is_redirecting());
            prop_assert!(redirecting.count() <= MAX_REDIRECTING);
            prop_assert!(alive.difference(&draining).count() <= 2, "{alive:?} {draining:?}");
            prop_assert_eq!(ends, usize::from(launch.state.phase == Phase::Ended));
            prop_assert!(ends == 0 || alive.is_empty(), "{:?} outlives the launch", alive);
        }
    }
}
