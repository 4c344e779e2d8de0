//! The drawings of the phases, held to what the phases do.

use std::collections::BTreeSet;

use super::{program::lost_race, *};

/// Every arrow of the first two drawings, as the words of its ends.
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

/// The arrows that a program has besides.
const ARROWS_OF_PROGRAMS: [(&str, &str); 5] = [
    ("starting", "choosing"),
    ("serving", "choosing"),
    ("choosing", "starting"),
    ("choosing", "ended"),
    ("draining", "starting"),
];

fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Starting { .. } => "starting",
        Phase::Proving { .. } => "proving",
        Phase::Serving { .. } => "serving",
        Phase::Waiting { .. } => "waiting",
        Phase::Choosing => "choosing",
        Phase::Draining { .. } => "draining",
        Phase::Finishing => "finishing",
        Phase::Ended => "ended",
    }
}

#[test]
fn every_arrow_of_the_drawing_is_taken_and_no_other() {
    let crash_again = [
        (1, crash()),
        (2, ready()),
        (2, ServerEvent::Disproved(NotReady::NoLoopback)),
        (3, crash()),
    ];
    let server = |(attempt, event): (u32, ServerEvent)| Input::Server { attempt, event };
    let begun: Vec<Input> = [(1, ready()), (1, ServerEvent::Proved)].map(server).to_vec();
    let replacement =
        [Input::RestartRequested(signal()), server((2, ready())), server((2, ServerEvent::Proved))];
    let sequences: Vec<Vec<Input>> = vec![
        vec![server((1, exit(1)))],
        vec![Input::StopRequested(signal()), server((1, crash()))],
        vec![server((1, ready())), Input::StopRequested(signal())],
        [begun.clone(), vec![Input::StopRequested(signal()), server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, exit(0)))]].concat(),
        [begun.clone(), vec![server((1, crash())), Input::StopRequested(signal())]].concat(),
        [begun.clone(), vec![Input::RestartRequested(signal()), server((1, crash()))]].concat(),
        [begun.clone(), crash_again.map(server).to_vec()].concat(),
        [
            begun,
            replacement.to_vec(),
            vec![Input::StopRequested(signal()), server((2, exit(0))), server((1, exit(0)))],
        ]
        .concat(),
    ];
    let mut taken = BTreeSet::new();
    for sequence in sequences {
        let mut launch = TestLaunch::begin();
        for input in sequence {
            // A launch that waits for its next start goes on when the time has come.
            if matches!(launch.state.phase, Phase::Waiting { .. })
                && input != Input::StopRequested(signal())
            {
                launch.wait();
                taken.insert(("waiting", word(&launch.state.phase)));
            }
            let before = word(&launch.state.phase);
            launch.input(input);
            taken.insert((before, word(&launch.state.phase)));
        }
    }
    taken.retain(|(from, to)| from != to);
    assert_eq!(taken, BTreeSet::from(ARROWS));
}

#[test]
fn every_arrow_of_the_drawing_for_programs_is_taken_and_no_other() {
    let server = |(attempt, event): (u32, ServerEvent)| Input::Server { attempt, event };
    let begun: Vec<Input> = [(1, ready()), (1, ServerEvent::Proved)].map(server).to_vec();
    let lost = |attempt| server((attempt, lost_race()));
    let sequences: Vec<Vec<Input>> = vec![
        vec![lost(1), Input::Chosen],
        [begun.clone(), vec![lost(1), Input::NotChosen(vec![])]].concat(),
        [begun, vec![Input::RestartRequested(signal()), server((1, crash()))]].concat(),
    ];
    let mut taken = BTreeSet::new();
    for sequence in sequences {
        let mut launch = TestLaunch::of_program();
        for input in sequence {
            let before = word(&launch.state.phase);
            launch.input(input);
            taken.insert((before, word(&launch.state.phase)));
        }
    }
    taken.retain(|(from, to)| from != to && !ARROWS.contains(&(*from, *to)));
    assert_eq!(taken, BTreeSet::from(ARROWS_OF_PROGRAMS));
}
