//! Stories of a launch.

mod arrows;
mod random;

use shared::port::Port;

use super::*;

const RULES: Rules = Rules {
    ready_timeout: Duration::from_secs(10),
    restart: Restart::OnFailure,
    redirect_for: Duration::from_secs(60),
    stop_timeout: Duration::from_secs(3),
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

/// A command that waits for the answer of this ticket.
fn cli(ticket: u64) -> Requester {
    Requester { by: Some(RequestedBy::Cli), ticket: Some(ticket) }
}

fn signal() -> Requester {
    Requester::unanswered(Some(RequestedBy::Signal))
}

/// What a server says for a request that came by the API.
fn by_api(said: fn(Option<RequestedBy>) -> ToLauncher) -> News {
    News::Said(said(Some(RequestedBy::Api)))
}

/// The record of a restart that was asked for, of the server of this attempt, which goes on.
fn restarting(attempt: u32, uptime: Duration, by: Option<RequestedBy>) -> Effect {
    let end = ServerEnd { attempt, uptime: Some(uptime), ..ServerEnd::default() };
    let why = RestartReason::Asked;
    Effect::Record(Event::ServerRestarting(ServerRestarting { end, why, by }))
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
    let effects = life.tell(Input::StopAsked(cli(1)));
    let stopping = Effect::Answer(Some(1), Answer::Stopping);
    assert_eq!(effects, [stopping, Effect::Tell(1, ToServer::Drain)]);
    assert_eq!(life.tell(Input::StopDemanded(RequestedBy::Signal)), [Effect::Kill(1)]);
    let stopped = Outcome::Stopped { by: Some(RequestedBy::Cli) };
    assert_eq!(life.news(1, crash()).last(), Some(&Effect::End(stopped)), "the first who asked");
}

#[test]
fn a_server_that_does_not_drain_is_killed_when_its_time_is_up() {
    let mut life = Life::serving();
    let asked = life.now;
    life.tell(Input::StopAsked(signal()));
    assert_eq!(life.wait(), [Effect::Kill(1)]);
    assert_eq!(life.now, asked + RULES.stop_timeout);
}

/// Or the launcher would do nothing but kill it.
#[test]
fn a_server_that_dies_late_is_killed_at_intervals_even_where_it_gets_no_time_to_drain() {
    let mut life = Life::serving();
    let rules = Rules { stop_timeout: Duration::ZERO, ..RULES };
    let (state, _) = step(&rules, life.state, Input::StopAsked(signal()), life.now);
    let (state, effects) = step(&rules, state, Input::TimeIsUp, life.now);
    assert_eq!(effects, [Effect::Kill(1)]);
    assert_eq!(state.deadline(&rules), Some(life.now + KILL_INTERVAL));
    life.state = state;
    assert_eq!(life.wait(), [Effect::Kill(1)]);
}

#[test]
fn a_restart_drains_the_old_server_only_after_the_new_one_has_proved_itself() {
    let mut life = Life::serving();
    let spawn = Effect::Spawn { attempt: 2, on_next: false };
    life.now += Duration::from_secs(5);
    let restarting = restarting(1, Duration::from_secs(5), Some(RequestedBy::Cli));
    assert_eq!(life.tell(Input::RestartAsked(cli(7))), [restarting, spawn]);
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
        life.tell(Input::RestartAsked(cli(7)));
        let effects = life.news(2, news);
        assert!(refused(7, &effects).starts_with("the new server did not start"));
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Tell(1, _) | Effect::Kill(1)))
        );
        assert!(matches!(life.state.phase, Phase::Serving { .. }));
    }
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(cli(7)));
    let effects = life.wait();
    assert!(refused(7, &effects).contains("within") && effects.contains(&Effect::Kill(2)));
}

#[test]
fn a_crash_during_a_restart_makes_the_new_server_the_current_one() {
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(cli(7)));
    refused(7, &life.news(1, crash()));
    life.news(2, ready());
    assert_eq!(life.news(2, News::Proved), [Effect::Announce(2)]);
}

#[test]
fn a_move_leads_from_the_old_port_to_the_new_one_and_then_lets_go_of_it() {
    let (from, to) = (port(17000), port(18000));
    let mut life = Life::serving();
    assert_eq!(life.tell(Input::MoveAsked(Some(to), cli(7))), [Effect::Claim(Some(to))]);
    let spawn = Effect::Spawn { attempt: 2, on_next: true };
    assert_eq!(life.tell(Input::Claimed { from, to }), [spawn]);
    life.news(2, ready());
    let redirect = Effect::Tell(1, ToServer::Redirect { to });
    let done = Effect::Answer(Some(7), Answer::Done);
    let effects = life.news(2, News::Proved);
    assert_eq!(effects, [Effect::Move { from, to }, Effect::Announce(2), redirect, done]);
    assert_eq!(life.wait(), [Effect::Tell(1, ToServer::Drain)]);
    let by = Some(RequestedBy::Cli);
    assert_eq!(life.news(1, exit(0)).last(), Some(&Effect::Release { port: from, by }));
}

#[test]
fn a_move_that_fails_leaves_everything_as_it_was_and_says_why() {
    let (from, to) = (port(17000), port(18000));
    let mut life = Life::serving();
    life.tell(Input::MoveAsked(Some(to), cli(7)));
    let effects = life.tell(Input::NotClaimed("it is taken".into()));
    assert_eq!(effects, [Effect::Answer(Some(7), Answer::NoPort("it is taken".into()))]);
    life.tell(Input::MoveAsked(Some(to), cli(8)));
    life.tell(Input::Claimed { from, to });
    let effects = life.news(2, exit(1));
    refused(8, &effects);
    assert!(effects.contains(&Effect::Forsake(Some(RequestedBy::Cli))));
    assert!(matches!(life.state.phase, Phase::Serving { .. }));
}

#[test]
fn who_asks_at_the_wrong_moment_is_told_why_not() {
    let mut life = Life::begin();
    assert!(refused(1, &life.tell(Input::RestartAsked(cli(1)))).contains("still starting"));
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(cli(1)));
    assert!(refused(2, &life.tell(Input::MoveAsked(None, cli(2)))).contains("under way"));
    let effects = life.tell(Input::StopAsked(cli(3)));
    assert!(refused(1, &effects).contains("ending") && effects.contains(&Effect::Kill(2)));
    assert!(refused(4, &life.tell(Input::RestartAsked(cli(4)))).contains("ending"));
    assert_eq!(life.tell(Input::StopAsked(cli(5))), [Effect::Answer(Some(5), Answer::Stopping)]);
}

#[test]
fn the_end_tells_from_where_it_was_asked_for() {
    let outcome = |life: &mut Life, end: News| match life.news(1, end).pop() {
        Some(Effect::End(outcome)) => outcome,
        other => panic!("no end: {other:?}"),
    };
    let console = News::Said(ToLauncher::Stop { by: Some(RequestedBy::Console) });
    let nameless = News::Said(ToLauncher::Stop { by: None });
    for (said, by) in [
        (by_api(|by| ToLauncher::Stop { by }), Some(RequestedBy::Api)),
        (console, Some(RequestedBy::Console)),
        (nameless, None),
    ] {
        let mut life = Life::serving();
        assert_eq!(life.news(1, said)[1], Effect::Tell(1, ToServer::Drain));
        // Later requests change nothing.
        life.tell(Input::StopAsked(cli(1)));
        assert_eq!(outcome(&mut life, exit(0)), Outcome::Stopped { by });
    }
    // The same from every other phase.
    let stopped = Outcome::Stopped { by: Some(RequestedBy::Signal) };
    let mut starting = Life::begin();
    starting.tell(Input::StopAsked(signal()));
    assert_eq!(outcome(&mut starting, crash()), stopped);
    let mut waiting = Life::serving();
    waiting.news(1, crash());
    assert_eq!(waiting.tell(Input::StopAsked(signal())).pop(), Some(Effect::End(stopped.clone())));
    let mut demanded = Life::serving();
    demanded.tell(Input::StopDemanded(RequestedBy::Signal));
    assert_eq!(outcome(&mut demanded, exit(0)), stopped);
}

#[test]
fn a_move_that_the_server_passes_on_is_one_of_the_api() {
    let (from, to, by) = (port(17000), port(18000), Some(RequestedBy::Api));
    let mut life = Life::serving();
    life.news(1, by_api(|by| ToLauncher::Move { port: None, by }));
    life.tell(Input::Claimed { from, to });
    assert!(life.news(2, exit(1)).contains(&Effect::Forsake(by)));
    life.news(1, by_api(|by| ToLauncher::Move { port: None, by }));
    life.tell(Input::Claimed { from, to });
    life.news(3, ready());
    life.news(3, News::Proved);
    // The end of the launch lets go of both ports; the old one because of the move.
    life.tell(Input::StopAsked(signal()));
    assert!(life.news(1, exit(0)).contains(&Effect::Release { port: from, by }));
}

#[test]
fn a_restart_is_recorded_when_it_begins_with_from_where_it_was_asked_for_and_a_refused_one_is_not()
{
    let is_record = |effect: &Effect| matches!(effect, Effect::Record(_));
    for by in [Some(RequestedBy::Api), Some(RequestedBy::Console), None] {
        let mut life = Life::serving();
        let effects = life.news(1, News::Said(ToLauncher::Restart { by }));
        let spawn = Effect::Spawn { attempt: 2, on_next: false };
        assert_eq!(effects, [restarting(1, Duration::ZERO, by), spawn]);
        let again = life.tell(Input::RestartAsked(cli(1)));
        assert!(!again.iter().any(is_record), "{again:?}");
    }
    let starting = Life::begin().tell(Input::RestartAsked(cli(1)));
    assert!(!starting.iter().any(is_record), "{starting:?}");
    // A failure after it is one of its own.
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(cli(1)));
    life.news(2, ready());
    life.news(2, News::Proved);
    let failed = life.news(2, crash());
    let Some(Effect::Record(Event::ServerRestarting(record))) = failed.get(1) else {
        panic!("{failed:?}")
    };
    assert_eq!((record.why, record.by, record.end.attempt), (RestartReason::Failed, None, 2));
}

#[test]
fn a_stop_that_reaches_the_old_server_of_a_restart_ends_the_launch() {
    let mut life = Life::serving();
    life.tell(Input::RestartAsked(cli(7)));
    life.news(2, ready());
    life.news(2, News::Proved);
    let effects = life.news(1, by_api(|by| ToLauncher::Stop { by }));
    assert!(effects.contains(&Effect::Tell(2, ToServer::Drain)), "{effects:?}");
    assert!(matches!(life.state.phase, Phase::Draining { .. }));
}
