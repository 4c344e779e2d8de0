//! Sequences of inputs, and the effects of each.

mod arrows;
mod program;
mod random;

use std::{
    io,
    time::{Duration, Instant},
};

use shared::{
    event::{Event, RequestedBy, RestartReason, ServerEnd, ServerRestarting},
    handover::{ToLauncher, ToServer},
    port::Port,
    settings::Restart,
};

use super::{
    draining::{DrainingServer, MAX_REDIRECTING},
    server_end::KILL_INTERVAL,
    *,
};
use crate::{program::ServerKind, readiness::NotReady, supervisor::settings::SupervisorSettings};

const SETTINGS: SupervisorSettings = SupervisorSettings {
    ready_timeout: Duration::from_secs(10),
    restart: Restart::OnFailure,
    redirect_for: Duration::from_secs(60),
    stop_timeout: Duration::from_secs(3),
    kind: ServerKind::Own,
};

/// A launch with a clock of its own: it takes inputs and returns the effects.
struct TestLaunch {
    state: State,
    settings: SupervisorSettings,
    now: Instant,
}

impl TestLaunch {
    fn begin() -> Self {
        let now = Instant::now();
        Self { state: State::begin(now).0, settings: SETTINGS, now }
    }

    /// The launch of a program.
    fn of_program() -> Self {
        let settings = SupervisorSettings { kind: ServerKind::Program, ..SETTINGS };
        Self { settings, ..Self::begin() }
    }

    fn serving() -> Self {
        Self::begin().and_serving()
    }

    fn and_serving(mut self) -> Self {
        self.event(1, ready());
        assert_eq!(self.event(1, ServerEvent::Proved), [Effect::Announce(1)]);
        self
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let (state, effects) = step(&self.settings, self.state.clone(), input, self.now);
        self.state = state;
        effects
    }

    fn event(&mut self, attempt: u32, event: ServerEvent) -> Vec<Effect> {
        self.input(Input::Server { attempt, event })
    }

    /// Waits for the next deadline.
    fn wait(&mut self) -> Vec<Effect> {
        self.now = self.state.deadline(&self.settings).expect("something is due");
        self.input(Input::DeadlineReached)
    }
}

fn ready() -> ServerEvent {
    ServerEvent::Message(ToLauncher::Ready)
}

fn crash() -> ServerEvent {
    ServerEvent::Ended { exit_code: None, signal: Some(9) }
}

fn exit(code: i32) -> ServerEvent {
    ServerEvent::Ended { exit_code: Some(code), signal: None }
}

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

/// A command that waits for the answer of this ticket.
fn cli(ticket: u64) -> Requester {
    Requester { by: Some(RequestedBy::Cli), ticket: Some(ticket) }
}

fn signal() -> Requester {
    Requester::unanswered(Some(RequestedBy::Signal))
}

/// What a server sends for a request that came by the API.
fn by_api(said: fn(Option<RequestedBy>) -> ToLauncher) -> ServerEvent {
    ServerEvent::Message(said(Some(RequestedBy::Api)))
}

/// The record of a restart that was asked for, of the server of this attempt, which goes on.
fn restarting(attempt: u32, uptime: Duration, by: Option<RequestedBy>) -> Effect {
    let end = ServerEnd { attempt, uptime: Some(uptime), ..ServerEnd::default() };
    let why = RestartReason::Asked;
    Effect::Record(Event::ServerRestarting(ServerRestarting { end, why, by }))
}

fn refused(ticket: u64, effects: &[Effect]) -> &str {
    let reason = effects.iter().find_map(|effect| match effect {
        Effect::Reply(Some(to), Reply::Refused(reason)) if *to == ticket => Some(reason.as_str()),
        _ => None,
    });
    reason.unwrap_or_else(|| panic!("{ticket} was not refused: {effects:?}"))
}

#[test]
fn the_four_failures_to_become_ready_are_told_apart() {
    for (event, reason) in [
        (exit(1), NotReady::Exited(Some(1))),
        (crash(), NotReady::Signalled(9)),
        (ServerEvent::InvalidLine("hello".into()), NotReady::WrongAnswer("hello".into())),
    ] {
        let effects = TestLaunch::begin().event(1, event);
        assert_eq!(effects.last(), Some(&Effect::End(LaunchOutcome::NotReady(reason))));
    }
    let timed_out = NotReady::TimedOut { after: SETTINGS.ready_timeout, said_ready: false };
    assert_eq!(
        TestLaunch::begin().wait().last(),
        Some(&Effect::End(LaunchOutcome::NotReady(timed_out)))
    );
}

#[test]
fn a_crash_is_followed_by_a_new_start_and_the_fifth_by_none() {
    let mut launch = TestLaunch::serving();
    for attempt in 2..6 {
        let effects = launch.event(attempt - 1, crash());
        assert!(matches!(
            effects[..],
            [Effect::Record(_), Effect::Record(Event::ServerRestarting(_))]
        ));
        assert_eq!(launch.wait(), [Effect::Spawn { attempt, on_new_port: false }]);
        launch.event(attempt, ready());
        assert_eq!(launch.event(attempt, ServerEvent::Proved), [Effect::Announce(attempt)]);
    }
    let effects = launch.event(5, crash());
    assert!(matches!(effects.last(), Some(Effect::End(LaunchOutcome::GaveUp { .. }))));
}

#[test]
fn an_exit_code_about_port_or_settings_is_never_tried_again() {
    for code in [69, 78] {
        for mut launch in [TestLaunch::begin(), TestLaunch::serving()] {
            let effects = launch.event(1, exit(code));
            assert_eq!(effects.last(), Some(&Effect::End(LaunchOutcome::Final(code))));
        }
    }
}

#[test]
fn asked_once_it_drains_and_asked_twice_it_is_killed() {
    let mut launch = TestLaunch::serving();
    let effects = launch.input(Input::StopRequested(cli(1)));
    let stopping = Effect::Reply(Some(1), Reply::Stopping);
    assert_eq!(effects, [stopping, Effect::Send(1, ToServer::Drain)]);
    assert_eq!(launch.input(Input::ForceStopRequested(RequestedBy::Signal)), [Effect::Kill(1)]);
    let stopped = LaunchOutcome::Stopped { by: Some(RequestedBy::Cli) };
    assert_eq!(launch.event(1, crash()).last(), Some(&Effect::End(stopped)), "the first who asked");
}

#[test]
fn a_server_that_does_not_drain_is_killed_when_its_time_is_up() {
    let mut launch = TestLaunch::serving();
    let asked = launch.now;
    launch.input(Input::StopRequested(signal()));
    assert_eq!(launch.wait(), [Effect::Kill(1)]);
    assert_eq!(launch.now, asked + SETTINGS.stop_timeout);
}

/// Or the launcher would do nothing but kill it.
#[test]
fn a_server_that_dies_late_is_killed_at_intervals_even_where_it_gets_no_time_to_drain() {
    let mut launch = TestLaunch::serving();
    let settings = SupervisorSettings { stop_timeout: Duration::ZERO, ..SETTINGS };
    let (state, _) = step(&settings, launch.state, Input::StopRequested(signal()), launch.now);
    let (state, effects) = step(&settings, state, Input::DeadlineReached, launch.now);
    assert_eq!(effects, [Effect::Kill(1)]);
    assert_eq!(state.deadline(&settings), Some(launch.now + KILL_INTERVAL));
    launch.state = state;
    assert_eq!(launch.wait(), [Effect::Kill(1)]);
}

#[test]
fn a_restart_drains_the_old_server_only_after_the_new_one_has_proved_itself() {
    let mut launch = TestLaunch::serving();
    let spawn = Effect::Spawn { attempt: 2, on_new_port: false };
    launch.now += Duration::from_secs(5);
    let restarting = restarting(1, Duration::from_secs(5), Some(RequestedBy::Cli));
    assert_eq!(launch.input(Input::RestartRequested(cli(7))), [restarting, spawn]);
    assert_eq!(launch.event(2, ready()), [Effect::Prove(2)]);
    let effects = launch.event(2, ServerEvent::Proved);
    let done = Effect::Reply(Some(7), Reply::Done);
    assert_eq!(effects, [Effect::Announce(2), Effect::Send(1, ToServer::Drain), done]);
    assert!(matches!(launch.event(1, exit(0))[..], [Effect::Record(Event::ServerExited(_))]));
    assert!(matches!(launch.state.phase, Phase::Serving { .. }));
}

#[test]
fn a_restart_whose_new_server_fails_leaves_the_old_one_serving() {
    for event in [
        exit(1),
        crash(),
        ServerEvent::InvalidLine("?".into()),
        ServerEvent::NotStarted(io::Error::other("gone").into()),
    ] {
        let mut launch = TestLaunch::serving();
        launch.input(Input::RestartRequested(cli(7)));
        let effects = launch.event(2, event);
        assert!(refused(7, &effects).starts_with("the new server did not start"));
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Send(1, _) | Effect::Kill(1)))
        );
        assert!(matches!(launch.state.phase, Phase::Serving { .. }));
    }
    let mut launch = TestLaunch::serving();
    launch.input(Input::RestartRequested(cli(7)));
    let effects = launch.wait();
    assert!(refused(7, &effects).contains("within") && effects.contains(&Effect::Kill(2)));
}

#[test]
fn a_crash_during_a_restart_makes_the_new_server_the_current_one() {
    let mut launch = TestLaunch::serving();
    launch.input(Input::RestartRequested(cli(7)));
    refused(7, &launch.event(1, crash()));
    launch.event(2, ready());
    assert_eq!(launch.event(2, ServerEvent::Proved), [Effect::Announce(2)]);
}

#[test]
fn a_move_leads_from_the_old_port_to_the_new_one_and_then_lets_go_of_it() {
    let (from, to) = (port(17000), port(18000));
    let mut launch = TestLaunch::serving();
    assert_eq!(launch.input(Input::MoveRequested(Some(to), cli(7))), [Effect::Claim(Some(to))]);
    let spawn = Effect::Spawn { attempt: 2, on_new_port: true };
    assert_eq!(launch.input(Input::Claimed { from, to }), [spawn]);
    launch.event(2, ready());
    let redirect = Effect::Send(1, ToServer::Redirect { to });
    let done = Effect::Reply(Some(7), Reply::Done);
    let effects = launch.event(2, ServerEvent::Proved);
    assert_eq!(effects, [Effect::Move { from, to }, Effect::Announce(2), redirect, done]);
    assert_eq!(launch.wait(), [Effect::Send(1, ToServer::Drain)]);
    let by = Some(RequestedBy::Cli);
    assert_eq!(launch.event(1, exit(0)).last(), Some(&Effect::Release { port: from, by }));
}

#[test]
fn three_old_servers_redirect_at_a_time_and_a_further_move_drains_the_oldest() {
    let mut launch = TestLaunch::serving();
    for moves in 1..=8_u32 {
        let number = |moves: u32| port(17000 + u16::try_from(moves).expect("small"));
        let (from, to) = (number(moves - 1), number(moves));
        launch.input(Input::MoveRequested(Some(to), cli(7)));
        launch.input(Input::Claimed { from, to });
        launch.event(moves + 1, ready());
        let effects = launch.event(moves + 1, ServerEvent::Proved);
        let drained: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Send(attempt, ToServer::Drain) => Some(*attempt),
                _ => None,
            })
            .collect();
        let oldest = moves.checked_sub(3).filter(|oldest| *oldest > 0);
        assert_eq!(drained, Vec::from_iter(oldest), "{moves} moves");
        // Servers end in any order: the third after the fourth.
        if let Some(attempt) = [(6, 1), (7, 2), (8, 4)].into_iter().find(|(at, _)| *at == moves) {
            launch.event(attempt.1, exit(0));
        }
    }
    let redirecting = launch.state.draining.iter().filter(|server| server.is_redirecting());
    let mut redirecting: Vec<_> = redirecting.map(DrainingServer::attempt).collect();
    redirecting.sort_unstable();
    assert_eq!(redirecting, [6, 7, 8]);
}

#[test]
fn a_move_that_fails_leaves_everything_as_it_was_and_says_why() {
    let (from, to) = (port(17000), port(18000));
    let mut launch = TestLaunch::serving();
    launch.input(Input::MoveRequested(Some(to), cli(7)));
    let effects = launch.input(Input::NotClaimed("it is taken".into()));
    assert_eq!(effects, [Effect::Reply(Some(7), Reply::NoPort("it is taken".into()))]);
    launch.input(Input::MoveRequested(Some(to), cli(8)));
    launch.input(Input::Claimed { from, to });
    let effects = launch.event(2, exit(1));
    refused(8, &effects);
    assert!(effects.contains(&Effect::AbandonClaim(Some(RequestedBy::Cli))));
    assert!(matches!(launch.state.phase, Phase::Serving { .. }));
}

#[test]
fn who_asks_at_the_wrong_moment_is_told_why_not() {
    let mut launch = TestLaunch::begin();
    assert!(refused(1, &launch.input(Input::RestartRequested(cli(1)))).contains("still starting"));
    let mut launch = TestLaunch::serving();
    launch.input(Input::RestartRequested(cli(1)));
    assert!(refused(2, &launch.input(Input::MoveRequested(None, cli(2)))).contains("under way"));
    let effects = launch.input(Input::StopRequested(cli(3)));
    assert!(refused(1, &effects).contains("ending") && effects.contains(&Effect::Kill(2)));
    assert!(refused(4, &launch.input(Input::RestartRequested(cli(4)))).contains("ending"));
    assert_eq!(
        launch.input(Input::StopRequested(cli(5))),
        [Effect::Reply(Some(5), Reply::Stopping)]
    );
}

#[test]
fn the_end_tells_from_where_it_was_asked_for() {
    let outcome = |launch: &mut TestLaunch, end: ServerEvent| match launch.event(1, end).pop() {
        Some(Effect::End(outcome)) => outcome,
        other => panic!("no end: {other:?}"),
    };
    let console = ServerEvent::Message(ToLauncher::Stop { by: Some(RequestedBy::Console) });
    let nameless = ServerEvent::Message(ToLauncher::Stop { by: None });
    for (said, by) in [
        (by_api(|by| ToLauncher::Stop { by }), Some(RequestedBy::Api)),
        (console, Some(RequestedBy::Console)),
        (nameless, None),
    ] {
        let mut launch = TestLaunch::serving();
        assert_eq!(launch.event(1, said)[1], Effect::Send(1, ToServer::Drain));
        // Later requests change nothing.
        launch.input(Input::StopRequested(cli(1)));
        assert_eq!(outcome(&mut launch, exit(0)), LaunchOutcome::Stopped { by });
    }
    // The same from every other phase.
    let stopped = LaunchOutcome::Stopped { by: Some(RequestedBy::Signal) };
    let mut starting = TestLaunch::begin();
    starting.input(Input::StopRequested(signal()));
    assert_eq!(outcome(&mut starting, crash()), stopped);
    let mut waiting = TestLaunch::serving();
    waiting.event(1, crash());
    assert_eq!(
        waiting.input(Input::StopRequested(signal())).pop(),
        Some(Effect::End(stopped.clone()))
    );
    let mut demanded = TestLaunch::serving();
    demanded.input(Input::ForceStopRequested(RequestedBy::Signal));
    assert_eq!(outcome(&mut demanded, exit(0)), stopped);
}

#[test]
fn what_its_requester_no_longer_waits_for_is_abandoned_and_nothing_else() {
    let mut launch = TestLaunch::serving();
    launch.input(Input::MoveRequested(None, cli(1)));
    launch.input(Input::Claimed { from: port(17000), to: port(18000) });
    assert_eq!(launch.input(Input::RequesterLeft(2)), []);
    let effects = launch.input(Input::RequesterLeft(1));
    assert!(effects.contains(&Effect::Kill(2)), "{effects:?}");
    assert!(effects.contains(&Effect::AbandonClaim(Some(RequestedBy::Cli))), "{effects:?}");
    assert_eq!(launch.state.operation, None);
    assert_eq!(launch.state.restarts, 0, "a move is none");
    launch.input(Input::RestartRequested(cli(3)));
    launch.input(Input::RequesterLeft(3));
    assert_eq!(launch.state.restarts, 0, "nor is one that was given up");
    launch.input(Input::RestartRequested(cli(4)));
    launch.event(4, ready());
    launch.event(4, ServerEvent::Proved);
    assert_eq!(launch.state.restarts, 1);
}

#[test]
fn a_move_that_the_server_passes_on_is_one_of_the_api() {
    let (from, to, by) = (port(17000), port(18000), Some(RequestedBy::Api));
    let mut launch = TestLaunch::serving();
    launch.event(1, by_api(|by| ToLauncher::Move { port: None, by }));
    launch.input(Input::Claimed { from, to });
    assert!(launch.event(2, exit(1)).contains(&Effect::AbandonClaim(by)));
    launch.event(1, by_api(|by| ToLauncher::Move { port: None, by }));
    launch.input(Input::Claimed { from, to });
    launch.event(3, ready());
    launch.event(3, ServerEvent::Proved);
    // The end of the launch lets go of both ports; the old one because of the move.
    launch.input(Input::StopRequested(signal()));
    assert!(launch.event(1, exit(0)).contains(&Effect::Release { port: from, by }));
}

#[test]
fn a_restart_is_recorded_when_it_begins_with_from_where_it_was_asked_for_and_a_refused_one_is_not()
{
    let is_record = |effect: &Effect| matches!(effect, Effect::Record(_));
    for by in [Some(RequestedBy::Api), Some(RequestedBy::Console), None] {
        let mut launch = TestLaunch::serving();
        let effects = launch.event(1, ServerEvent::Message(ToLauncher::Restart { by }));
        let spawn = Effect::Spawn { attempt: 2, on_new_port: false };
        assert_eq!(effects, [restarting(1, Duration::ZERO, by), spawn]);
        let again = launch.input(Input::RestartRequested(cli(1)));
        assert!(!again.iter().any(is_record), "{again:?}");
    }
    let starting = TestLaunch::begin().input(Input::RestartRequested(cli(1)));
    assert!(!starting.iter().any(is_record), "{starting:?}");
    // A failure after it is one of its own.
    let mut launch = TestLaunch::serving();
    launch.input(Input::RestartRequested(cli(1)));
    launch.event(2, ready());
    launch.event(2, ServerEvent::Proved);
    let failed = launch.event(2, crash());
    let Some(Effect::Record(Event::ServerRestarting(record))) = failed.get(1) else {
        panic!("{failed:?}")
    };
    assert_eq!((record.why, record.by, record.end.attempt), (RestartReason::Failed, None, 2));
}

#[test]
fn a_stop_that_reaches_the_old_server_of_a_restart_ends_the_launch() {
    let mut launch = TestLaunch::serving();
    launch.input(Input::RestartRequested(cli(7)));
    launch.event(2, ready());
    launch.event(2, ServerEvent::Proved);
    let effects = launch.event(1, by_api(|by| ToLauncher::Stop { by }));
    assert!(effects.contains(&Effect::Send(2, ToServer::Drain)), "{effects:?}");
    assert!(matches!(launch.state.phase, Phase::Draining { .. }));
}
