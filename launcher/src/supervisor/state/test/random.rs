//! Random lives: whatever happens, in whatever order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What may happen next; which server it happens to is a number to be taken modulo those there are.
fn any_input() -> impl Strategy<Value = Input> {
    let news = prop_oneof![
        Just(ready()),
        Just(News::Said(ToLauncher::Stop { by: None })),
        Just(News::Said(ToLauncher::Restart { by: None })),
        Just(News::Garbage("?".into())),
        Just(News::Proved),
        Just(News::Disproved("?".into())),
        Just(crash()),
        (0..80_i32).prop_map(exit),
    ];
    prop_oneof![
        6 => (0..6_u32, news).prop_map(|(attempt, news)| Input::Server { attempt, news }),
        1 => Just(Input::TimeIsUp),
        1 => Just(Input::StopAsked(cli(1))),
        1 => Just(Input::StopDemanded(RequestedBy::Signal)),
        2 => Just(Input::RestartAsked(cli(2))),
        2 => Just(Input::MoveAsked(None, cli(3))),
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
