//! The drawings of the phases, held to what the phases do.

use std::collections::BTreeSet;

use super::*;

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
    let succession =
        [Input::RestartAsked(signal()), server((2, ready())), server((2, News::Proved))];
    let stories: Vec<Vec<Input>> = vec![
        vec![server((1, exit(1)))],
        vec![Input::StopAsked(signal()), server((1, crash()))],
        vec![server((1, ready())), Input::StopAsked(signal())],
        [begun.clone(), vec![Input::StopAsked(signal()), server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, crash())), Input::StopAsked(signal())]].concat(),
        [begun.clone(), vec![Input::RestartAsked(signal()), server((1, crash()))]].concat(),
        [begun.clone(), crash_again.map(server).to_vec()].concat(),
        [
            begun,
            succession.to_vec(),
            vec![Input::StopAsked(signal()), server((2, exit(0))), server((1, exit(0)))],
        ]
        .concat(),
    ];
    let mut taken = BTreeSet::new();
    for story in stories {
        let mut life = Life::begin();
        for input in story {
            // A launch that waits for its next start goes on when the time has come.
            if matches!(life.state.phase, Phase::Waiting { .. })
                && input != Input::StopAsked(signal())
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
