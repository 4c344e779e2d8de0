//! A program, which has to end before its successor can start, and may lose the race for its port.

use shared::conflict::{Class, Conflict, Origin};

use super::*;

fn conflict() -> Conflict {
    Conflict {
        port: port(17000),
        origin: Origin::LastGood,
        class: Class::LostRace,
        os_error: None,
        holder: None,
        last_good: true,
        elapsed: Duration::ZERO,
    }
}

pub(super) fn lost_race() -> ServerEvent {
    ServerEvent::LostRace(Box::new(conflict()))
}

fn exited(effects: &[Effect]) -> bool {
    matches!(&effects[0], Effect::Record(Event::ServerExited(_)))
}

#[test]
fn a_restart_ends_the_program_before_its_successor_starts() {
    let mut launch = TestLaunch::of_program().and_serving();
    let asked = launch.input(Input::RestartRequested(cli(1)));
    assert_eq!(asked[1..], [Effect::Send(1, ToServer::Drain)]);
    let again = launch.input(Input::RestartRequested(cli(2)));
    refused(2, &again);
    let ended = launch.event(1, exit(0));
    assert!(exited(&ended));
    assert_eq!(ended[1..], [Effect::Spawn { attempt: 2, on_new_port: false }]);
    assert_eq!(launch.event(2, ready()), [Effect::Prove(2)]);
    let done = launch.event(2, ServerEvent::Proved);
    assert_eq!(done, [Effect::Announce(2), Effect::Reply(Some(1), Reply::Done)]);
    assert_eq!(launch.state.restarts, 1);
}

#[test]
fn a_program_that_does_not_end_for_its_successor_is_killed_in_time() {
    let mut launch = TestLaunch::of_program().and_serving();
    launch.input(Input::RestartRequested(cli(1)));
    assert_eq!(launch.wait(), [Effect::Kill(1)]);
    let ended = launch.event(1, crash());
    assert_eq!(ended[1..], [Effect::Spawn { attempt: 2, on_new_port: false }]);
}

#[test]
fn a_program_of_which_a_process_refuses_signals_has_no_successor_and_is_a_failure() {
    let mut launch = TestLaunch::of_program().and_serving();
    launch.input(Input::RestartRequested(cli(1)));
    let ended = launch.event(1, ServerEvent::Refused { pid: 7 });
    refused(1, &ended);
    let outcome = LaunchOutcome::NotEnded { pid: 7 };
    assert_eq!(ended.last(), Some(&Effect::End(outcome.clone())));
    assert!(outcome.is_failure());
}

#[test]
fn a_successor_that_fails_is_started_again_as_after_a_crash() {
    let mut launch = TestLaunch::of_program().and_serving();
    launch.input(Input::RestartRequested(cli(1)));
    launch.event(1, exit(0));
    let failed = launch.event(2, exit(1));
    assert!(exited(&failed));
    refused(1, &failed);
    assert!(matches!(launch.state.phase, Phase::Waiting { .. }));
    assert_eq!(launch.wait(), [Effect::Spawn { attempt: 3, on_new_port: false }]);
}

#[test]
fn a_move_goes_back_to_the_old_port_if_the_program_does_not_become_ready_on_the_new_one() {
    let (from, to) = (port(17000), port(18000));
    let moving = || {
        let mut launch = TestLaunch::of_program().and_serving();
        assert_eq!(launch.input(Input::MoveRequested(Some(to), cli(1))), [Effect::Claim(Some(to))]);
        let claimed = launch.input(Input::Claimed { from, to });
        assert_eq!(claimed, [Effect::Send(1, ToServer::Drain)]);
        let ended = launch.event(1, exit(0));
        assert_eq!(ended[1..], [Effect::Spawn { attempt: 2, on_new_port: true }]);
        launch
    };
    let mut launch = moving();
    launch.event(2, ready());
    let by = Some(RequestedBy::Cli);
    let moved = [
        Effect::Move { from, to },
        Effect::Announce(2),
        Effect::Reply(Some(1), Reply::Done),
        Effect::Release { port: from, by },
    ];
    assert_eq!(launch.event(2, ServerEvent::Proved), moved);

    for failure in [exit(1), lost_race()] {
        let mut launch = moving();
        let failed = launch.event(2, failure);
        refused(1, &failed);
        assert!(failed.contains(&Effect::AbandonClaim(by)), "{failed:?}");
        let back = Effect::Spawn { attempt: 3, on_new_port: false };
        assert_eq!(failed.last(), Some(&back));
        assert_eq!(launch.input(Input::RestartRequested(cli(2))).len(), 1, "it is starting");
    }
}

#[test]
fn a_stop_wins_over_a_restart_under_way() {
    let mut launch = TestLaunch::of_program().and_serving();
    launch.input(Input::RestartRequested(cli(1)));
    let stopping = launch.input(Input::StopRequested(signal()));
    refused(1, &stopping);
    let ended = launch.event(1, exit(0));
    let by = Some(RequestedBy::Signal);
    assert_eq!(ended.last(), Some(&Effect::End(LaunchOutcome::Stopped { by })));
}

#[test]
fn a_program_that_starts_is_asked_to_end_and_not_killed_at_once() {
    let mut launch = TestLaunch::of_program();
    let stopping = launch.input(Input::StopRequested(signal()));
    assert_eq!(stopping[1..], [Effect::Send(1, ToServer::Drain)]);
    assert_eq!(launch.wait(), [Effect::Kill(1)]);
}

/// I18.
#[test]
fn a_lost_race_is_recorded_before_another_port_is_chosen() {
    for mut launch in [TestLaunch::of_program(), TestLaunch::of_program().and_serving()] {
        let lost = launch.event(1, lost_race());
        assert_eq!(lost[0], Effect::Record(Event::PortConflict(conflict())));
        assert_eq!(lost[1], Effect::Kill(1));
        assert_eq!(lost[3..], [Effect::ChooseAgain(Box::new(conflict()))]);
        let chosen = launch.input(Input::Chosen);
        assert_eq!(chosen, [Effect::Spawn { attempt: 2, on_new_port: false }]);
    }
    let mut launch = TestLaunch::of_program();
    launch.event(1, lost_race());
    let none = launch.input(Input::NotChosen(vec![conflict()]));
    assert_eq!(none, [Effect::End(LaunchOutcome::NoPort(vec![conflict()]))]);
}

#[test]
fn a_program_that_cannot_bind_over_a_reservation_is_started_once_more_without_it() {
    let mut launch = TestLaunch::of_program();
    let cannot = ServerEvent::CannotBind { exit_code: Some(1), signal: None };
    let tried = launch.event(1, cannot);
    assert!(exited(&tried));
    let again = [Effect::ReleaseReservation, Effect::Spawn { attempt: 2, on_new_port: false }];
    assert_eq!(tried[1..], again);
}

#[test]
fn to_a_program_no_exit_code_but_0_has_a_meaning() {
    let mut launch = TestLaunch::of_program().and_serving();
    launch.event(1, exit(78));
    assert!(matches!(launch.state.phase, Phase::Waiting { .. }));
    let mut launch = TestLaunch::of_program().and_serving();
    let finished = launch.event(1, exit(0));
    assert_eq!(finished.last(), Some(&Effect::End(LaunchOutcome::Finished)));
}
