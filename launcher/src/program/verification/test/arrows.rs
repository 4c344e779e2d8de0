//! The drawing of the phases, held to what the phases do: a test for each arrow.

use std::collections::BTreeSet;

use super::*;

/// What happens to a program in a phase.
enum Happening {
    Seen(&'static [(Whose, &'static str)]),
    Comes(Input),
    /// The time has come, so many milliseconds later.
    TimePasses(u64),
}

use Happening::{Comes, Seen, TimePasses};

/// Who listens.
#[derive(Clone, Copy)]
enum Whose {
    Main,
    Worker,
    Strange,
}

use Whose::{Main, Strange, Worker};

/// An arrow of the drawing.
struct Arrow {
    from: TestProgram,
    happening: Happening,
    to: &'static str,
    effects: Vec<Effect>,
}

impl Arrow {
    /// Goes along it, and returns the words of its ends.
    fn take(self) -> (&'static str, &'static str) {
        let mut program = self.from;
        let from = program.word();
        let effects = match self.happening {
            Seen(listeners) => {
                let listeners: Vec<_> = listeners
                    .iter()
                    .map(|(whose, address)| match whose {
                        Main => tree(address),
                        Worker => tree_of(WORKER, address),
                        Strange => stranger(address),
                    })
                    .collect();
                program.sees(&listeners)
            }
            Comes(input) => program.input(input),
            TimePasses(milliseconds) => {
                program.now += Duration::from_millis(milliseconds);
                program.input(Input::DeadlineReached)
            }
        };
        assert_eq!((program.word(), effects), (self.to, self.effects), "from {from}");
        (from, self.to)
    }
}

/// A test for each arrow, and the arrows together.
macro_rules! arrows {
    ($($name:ident: $from:expr, $happening:expr => $to:literal, $effects:expr;)*) => {
        $(
            #[test]
            fn $name() {
                Arrow { from: $from, happening: $happening, to: $to, effects: $effects.into() }.take();
            }
        )*

        fn every_arrow() -> BTreeSet<(&'static str, &'static str)> {
            let arrows = [$(
                Arrow { from: $from, happening: $happening, to: $to, effects: $effects.into() },
            )*];
            arrows.into_iter().map(Arrow::take).filter(|(from, to)| from != to).collect()
        }
    };
}

fn probe(number: u32) -> Effect {
    Effect::Probe { number, address: address("127.0.0.1:3000") }
}

fn ready() -> [Effect; 2] {
    [Effect::Ready(on_v4()), Effect::OpenCover(Loopback::V6)]
}

fn on_v4_by_worker() -> VerifiedListeners {
    VerifiedListeners { pid: Some(WORKER), ..on_v4() }
}

fn timed_out(listening: &[&str]) -> Effect {
    let listening = listening.iter().map(|text| address(text)).collect();
    failed(ProgramFailure::TimedOut { after: Duration::from_secs(30), listening })
}

fn elsewhere() -> Effect {
    Effect::End(End::Elsewhere {
        asked: port(3000),
        took: port(3001),
        addresses: vec![address("127.0.0.1:3001")],
        pid: MAIN,
        rule: OnElsewhere::Front,
    })
}

const CLOSE: Effect = Effect::CloseCover(Loopback::V6);

fn main_ended(end: ProcessEnd) -> Effect {
    Effect::End(End::MainEnded(end))
}

fn has_said() -> TestProgram {
    let rules = Rules { probe: ReadinessProbe::Notify, ..rules() };
    TestProgram::with(rules).after(Input::Notified)
}

fn has_moved() -> TestProgram {
    TestProgram::starting().after_seeing(&[tree("127.0.0.1:3001")]).later(1500)
}

fn gone() -> TestProgram {
    TestProgram::starting().after(detached())
}

fn gone_in_use() -> TestProgram {
    TestProgram::starting().after(says_in_use())
}

fn without_covers() -> TestProgram {
    let rules = Rules { can_cover: false, ..rules() };
    TestProgram::with(rules).after_seeing(&[tree(V4)]).after(passed(1)).after_seeing(&[tree(V4)])
}

arrows! {
    // What listens is probed, seen again, and then ready.
    a_program_that_listens_is_probed:
        TestProgram::starting(), Seen(&[(Main, V4)]) => "probing", [probe(1)];
    a_probe_that_passes_asks_for_a_look:
        TestProgram::probing(), Comes(passed(1)) => "confirming", [Effect::Look];
    a_probe_that_fails_is_made_again_later:
        TestProgram::probing(), Comes(Input::Probed { number: 1, has_passed: false }) => "retrying", [];
    a_program_is_probed_again_after_a_pause:
        TestProgram::retrying().later(100), Seen(&[(Main, V4)]) => "probing", [probe(2)];
    a_program_is_not_probed_again_before:
        TestProgram::retrying().later(99), Seen(&[(Main, V4)]) => "retrying", [];
    a_program_that_passed_and_is_seen_again_is_ready:
        TestProgram::confirming(), Seen(&[(Main, V4)]) => "serving", ready();
    a_program_whose_word_is_awaited_is_not_probed:
        TestProgram::with(Rules { probe: ReadinessProbe::Log, ..rules() }), Seen(&[(Main, V4)])
            => "awaiting", [];
    a_word_that_comes_asks_for_a_look:
        TestProgram::awaiting(), Comes(Input::LineMatched) => "awaiting", [Effect::Look];
    a_program_that_said_so_and_is_seen_again_is_ready:
        TestProgram::awaiting().after(Input::LineMatched), Seen(&[(Main, V4)]) => "serving", ready();
    a_program_that_said_so_before_it_listened_is_ready:
        has_said(), Seen(&[(Main, V4)]) => "serving", ready();
    // What listens no longer starts anew.
    a_listener_that_goes_while_it_is_probed_is_awaited_again:
        TestProgram::probing(), Seen(&[]) => "starting", [];
    a_listener_that_goes_between_two_probes_is_awaited_again:
        TestProgram::retrying(), Seen(&[]) => "starting", [];
    a_listener_that_goes_before_its_word_is_awaited_again:
        TestProgram::awaiting(), Seen(&[]) => "starting", [];
    a_listener_that_goes_after_it_passed_is_awaited_again:
        TestProgram::confirming(), Seen(&[]) => "starting", [];
    // What was ready.
    a_listener_that_goes_after_it_was_ready_is_waited_for:
        TestProgram::serving(), Seen(&[]) => "waiting", [CLOSE, Effect::Waiting];
    a_program_that_listens_again_serves_again:
        TestProgram::waiting(), Seen(&[(Main, V4)])
            => "serving", [Effect::ServingAgain { verified: on_v4(), was_printed: false }];
    a_long_wait_is_printed:
        TestProgram::waiting(), TimePasses(10_000) => "waiting", [Effect::PrintWaiting, Effect::Look];
    another_process_that_listens_is_published:
        TestProgram::serving(), Seen(&[(Worker, V4)]) => "serving", [Effect::Changed(on_v4_by_worker())];
    // A stranger in its place.
    a_stranger_before_it_listens_wins_the_race:
        TestProgram::starting(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), false)];
    a_stranger_while_it_is_probed_wins_the_race:
        TestProgram::probing(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), false)];
    a_stranger_between_two_probes_wins_the_race:
        TestProgram::retrying(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), false)];
    a_stranger_before_its_word_wins_the_race:
        TestProgram::awaiting(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), false)];
    a_stranger_after_it_passed_wins_the_race:
        TestProgram::confirming(), Seen(&[(Strange, V4), (Main, "[::1]:3000")])
            => "ended", [lost_race(stranger(V4), false)];
    a_stranger_after_it_exited_wins_the_race:
        gone_in_use(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), false)];
    a_stranger_beside_a_program_that_serves_wins_the_race:
        without_covers(), Seen(&[(Strange, V4), (Main, "[::]:3000")])
            => "ended", [Effect::Exposed(vec![address("[::]:3000")]), lost_race(stranger(V4), true)];
    a_stranger_who_comes_while_it_is_waited_for_wins_the_race:
        TestProgram::waiting(), Seen(&[(Strange, V4)]) => "ended", [lost_race(stranger(V4), true)];
    // Another port.
    a_program_that_has_moved_is_elsewhere:
        has_moved(), Seen(&[(Main, "127.0.0.1:3001")]) => "ended", [elsewhere()];
    a_program_that_moved_from_a_stranger_has_lost_the_race:
        has_moved(), Seen(&[(Strange, "[::1]:3000"), (Main, "127.0.0.1:3001")])
            => "ended", [lost_race(stranger("[::1]:3000"), false)];
    // The time of a start.
    a_program_that_does_not_listen_in_time_has_failed:
        TestProgram::starting(), TimePasses(30_000) => "ended", [timed_out(&[])];
    a_probe_that_takes_too_long_has_failed:
        TestProgram::probing(), TimePasses(30_000) => "ended", [timed_out(&[V4])];
    probes_that_never_pass_have_failed:
        TestProgram::retrying(), TimePasses(30_000) => "ended", [timed_out(&[V4])];
    a_word_that_does_not_come_has_failed:
        TestProgram::awaiting(), TimePasses(30_000) => "ended", [timed_out(&[V4])];
    a_program_that_is_not_seen_again_has_failed:
        TestProgram::confirming(), TimePasses(30_000) => "ended", [timed_out(&[V4])];
    a_daemon_that_does_not_listen_in_time_has_failed:
        gone(), TimePasses(30_000) => "ended", [failed(ProgramFailure::Exited(ProcessEnd::Exited(0)))];
    // The end of main.
    an_exit_before_it_listens_asks_for_a_look:
        TestProgram::starting(), Comes(Input::MainExited(exited(1))) => "exited", [Effect::Look];
    an_exit_while_it_is_probed_asks_for_a_look:
        TestProgram::probing(), Comes(Input::MainExited(exited(0))) => "exited", [Effect::Look];
    an_exit_between_two_probes_asks_for_a_look:
        TestProgram::retrying(), Comes(Input::MainExited(exited(1))) => "exited", [Effect::Look];
    an_exit_before_its_word_asks_for_a_look:
        TestProgram::awaiting(), Comes(Input::MainExited(exited(1))) => "exited", [Effect::Look];
    an_exit_after_it_passed_asks_for_a_look:
        TestProgram::confirming(), Comes(Input::TreeEmpty) => "exited", [Effect::Look];
    an_exit_before_ready_is_a_failure:
        TestProgram::starting().after(Input::MainExited(exited(0))), Seen(&[])
            => "ended", [failed(ProgramFailure::Exited(ProcessEnd::Exited(0)))];
    an_exit_because_of_the_reservation_is_tried_again:
        gone_in_use(), Seen(&[]) => "ended", [Effect::End(End::DropReservation)];
    an_exit_because_of_a_stranger_on_another_address_is_a_lost_race:
        gone_in_use(), Seen(&[(Strange, "192.168.1.5:3000")])
            => "ended", [lost_race(stranger("192.168.1.5:3000"), false)];
    an_exit_that_no_look_explains_is_a_failure:
        gone_in_use(), TimePasses(1000)
            => "ended", [failed(ProgramFailure::Exited(ProcessEnd::Exited(1)))];
    an_exit_at_the_last_moment_is_a_failure_when_the_time_of_the_start_is_over:
        TestProgram::starting().later(29_900).after(says_in_use()), TimePasses(100)
            => "ended", [failed(ProgramFailure::Exited(ProcessEnd::Exited(1)))];
    a_daemon_that_listens_becomes_main_and_is_probed:
        gone(), Seen(&[(Worker, V4)]) => "probing", [Effect::Daemonised { main: WORKER }, probe(1)];
    a_daemon_whose_word_is_awaited_becomes_main:
        TestProgram::awaiting().after(detached()), Seen(&[(Worker, V4)])
            => "awaiting", [Effect::Daemonised { main: WORKER }];
    a_daemon_may_listen_late:
        gone(), Seen(&[]) => "exited", [];
    a_tree_that_becomes_empty_leaves_no_daemon:
        gone(), Comes(Input::TreeEmpty) => "exited", [Effect::Look];
    a_program_that_was_ready_and_leaves_a_process_is_looked_at:
        TestProgram::serving(), Comes(detached()) => "exited", [Effect::Look];
    a_program_that_was_ready_and_becomes_a_daemon_serves_on:
        TestProgram::serving().after(detached()), Seen(&[(Worker, V4)])
            => "serving", [Effect::Daemonised { main: WORKER }, Effect::Changed(on_v4_by_worker())];
    a_program_that_was_ready_and_leaves_no_listener_has_ended:
        TestProgram::serving().after(detached()), Seen(&[])
            => "ended", [CLOSE, main_ended(ProcessEnd::Exited(0))];
    a_crash_after_it_was_ready_ends_it_at_once:
        TestProgram::serving(),
        Comes(Input::MainExited(MainExit { end: ProcessEnd::Signalled(9), others_live: true, ..exited(0) }))
            => "ended", [CLOSE, main_ended(ProcessEnd::Signalled(9))];
    a_program_that_is_waited_for_and_leaves_a_process_is_looked_at:
        TestProgram::waiting(), Comes(detached()) => "exited", [Effect::Look];
    a_crash_while_it_is_waited_for_ends_it:
        TestProgram::waiting(), Comes(Input::MainExited(exited(1)))
            => "ended", [main_ended(ProcessEnd::Exited(1))];
}

/// Every arrow between two phases, as the words of its ends.
pub(super) const ARROWS: [(&str, &str); 32] = [
    ("starting", "probing"),
    ("starting", "awaiting"),
    ("starting", "serving"),
    ("starting", "exited"),
    ("starting", "ended"),
    ("probing", "starting"),
    ("probing", "confirming"),
    ("probing", "retrying"),
    ("probing", "exited"),
    ("probing", "ended"),
    ("retrying", "starting"),
    ("retrying", "probing"),
    ("retrying", "exited"),
    ("retrying", "ended"),
    ("awaiting", "starting"),
    ("awaiting", "serving"),
    ("awaiting", "exited"),
    ("awaiting", "ended"),
    ("confirming", "starting"),
    ("confirming", "serving"),
    ("confirming", "exited"),
    ("confirming", "ended"),
    ("serving", "waiting"),
    ("serving", "exited"),
    ("serving", "ended"),
    ("waiting", "serving"),
    ("waiting", "exited"),
    ("waiting", "ended"),
    ("exited", "probing"),
    ("exited", "awaiting"),
    ("exited", "serving"),
    ("exited", "ended"),
];

#[test]
fn the_drawing_has_every_arrow_and_no_other() {
    assert_eq!(every_arrow(), BTreeSet::from(ARROWS));
}
