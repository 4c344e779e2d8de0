//! What real programs and strangers do, from the start on.

use std::collections::BTreeSet;

use super::*;

fn exposed(text: &str) -> Effect {
    Effect::Exposed(vec![address(text)])
}

fn may_delegate() -> Rules {
    Rules { may_delegate: true, ..rules() }
}

#[test]
fn a_program_on_ipv6_alone_is_probed_there() {
    let effects = TestProgram::starting().sees(&[tree(V6)]);
    assert_eq!(effects, [Effect::Probe { number: 1, address: address(V6) }]);
}

#[test]
fn a_stranger_in_front_of_a_wildcard_or_on_a_shared_address_wins_the_race() {
    for listeners in [
        [stranger(V4), tree(WILDCARD)],
        [stranger(V4), tree("0.0.0.0:3000")],
        [stranger(V4), tree(V6)],
        [stranger(V4), tree(V4)],
        [stranger("0.0.0.0:3000"), tree(V6)],
        [stranger("0.0.0.0:3000"), tree(WILDCARD)],
        [stranger(WILDCARD), tree(V6)],
    ] {
        for mut program in [TestProgram::starting(), TestProgram::confirming()] {
            let last = program.sees(&listeners).pop();
            assert_eq!(last, Some(lost_race(listeners[0], false)), "{listeners:?}");
        }
    }
}

#[test]
fn a_delegate_is_new_on_a_reserved_port_of_a_program_that_may_delegate() {
    let delegated = verified(may_delegate(), &[new_stranger(V4)]);
    assert_eq!((delegated.ownership, delegated.pid), (ListenerOwnership::Delegated, None));
    for (rules, listener) in [
        (may_delegate(), stranger(V4)),
        (rules(), new_stranger(V4)),
        (Rules { is_reserved: false, ..may_delegate() }, new_stranger(V4)),
    ] {
        let effects = TestProgram::with(rules).sees(&[listener]);
        assert_eq!(effects, [lost_race(listener, false)]);
    }
    // What listens elsewhere is not the program's, however new.
    let (_, effects) = verify(may_delegate(), &[new_stranger("0.0.0.0:9000"), new_stranger(V4)]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Exposed(_))), "{effects:?}");
}

#[test]
fn the_proof_of_a_listener_is_published() {
    for proof in [OwnershipProof::Descriptor, OwnershipProof::User] {
        let listener = listener(V4, ListenerOwner::Tree { pid: WORKER, proof });
        let verified = verified(rules(), &[listener]);
        assert_eq!(
            (verified.ownership, verified.pid),
            (ListenerOwnership::Tree(proof), Some(WORKER))
        );
    }
}

#[test]
fn of_several_workers_the_published_one_stays_as_long_as_it_listens() {
    let mut program = TestProgram::serving();
    assert_eq!(program.sees(&[tree_of(50, V4), tree(V4)]).len(), 1, "another socket is bound");
    assert_eq!(program.state.phase.served().expect("it serves").verified.pid, Some(MAIN));
    let changed = program.sees(&[tree_of(50, V4)]);
    assert!(
        matches!(&changed[..], [Effect::Changed(verified)] if verified.pid == Some(50)),
        "{changed:?}"
    );
}

/// A program that restarts itself may close its listeners one after the other.
#[test]
fn what_listens_beyond_loopback_is_named_once() {
    let mut program = TestProgram::starting();
    let effects = program.sees(&[tree(WILDCARD), tree("0.0.0.0:9229")]);
    let both = vec![address(WILDCARD), address("0.0.0.0:9229")];
    assert_eq!(effects[0], Effect::Exposed(both));
    program.input(passed(1));
    let ready = program.sees(&[tree(WILDCARD)]);
    assert!(matches!(ready[..], [Effect::Ready(_)]), "{ready:?}");
    assert_eq!(program.sees(&[]), [Effect::Waiting]);
    let again = program.sees(&[tree(WILDCARD)]);
    assert!(matches!(again[..], [Effect::ServingAgain { .. }]), "{again:?}");
    let more = program.sees(&[tree(WILDCARD), tree("192.168.1.5:8080")]);
    assert_eq!(more, [exposed("192.168.1.5:8080")]);
    let delegated = TestProgram::with(may_delegate()).sees(&[new_stranger("0.0.0.0:3000")]);
    assert_eq!(delegated[0], exposed("0.0.0.0:3000"));
}

#[test]
fn what_listens_beyond_loopback_where_that_is_refused_ends_it_before_and_after_it_is_ready() {
    let refuse = Rules { on_exposed: Expose::Refuse, ..rules() };
    let expected = |text| [exposed(text), failed(ProgramFailure::Exposed(vec![address(text)]))];
    assert_eq!(TestProgram::with(refuse).sees(&[tree(WILDCARD)]), expected(WILDCARD));
    let (mut program, _) = verify(refuse, &[tree(V4)]);
    let effects = program.sees(&[tree(V4), tree("0.0.0.0:9229")]);
    assert_eq!(
        effects[..2],
        expected("0.0.0.0:9229")[..1]
            .iter()
            .cloned()
            .chain([Effect::CloseCover(Loopback::V6)])
            .collect::<Vec<_>>()[..]
    );
    assert_eq!(effects[2], expected("0.0.0.0:9229")[1]);
    let allow = Rules { on_exposed: Expose::Allow, ..rules() };
    assert_eq!(TestProgram::with(allow).sees(&[tree(WILDCARD)])[0], exposed(WILDCARD));
}

#[test]
fn a_program_on_a_further_port_is_not_elsewhere() {
    let listeners = vec![tree("127.0.0.1:3001")];
    for (further, wanted) in [(3001, "starting"), (3002, "ended")] {
        let mut program = TestProgram::starting();
        for _ in 0..3 {
            let further = BTreeSet::from([port(further)]);
            let observation = Observation { listeners: listeners.clone(), further };
            program.input(Input::Observed { at: program.now, observation });
            program.now += Duration::from_secs(1);
        }
        assert_eq!(program.word(), wanted);
    }
}

#[test]
fn a_program_is_elsewhere_after_a_while_without_its_own_port() {
    let took = [tree_of(WORKER, "127.0.0.1:3001"), tree("127.0.0.1:9229")];
    for rule in [OnElsewhere::Front, OnElsewhere::Fail] {
        let mut program = TestProgram::with(Rules { on_elsewhere: rule, ..rules() });
        program.sees(&took);
        assert_eq!(program.sees_for(1499, &took), []);
        let elsewhere = End::Elsewhere {
            asked: port(3000),
            took: port(3001),
            addresses: vec![address("127.0.0.1:3001"), address("127.0.0.1:9229")],
            pid: WORKER,
            rule,
        };
        assert_eq!(program.sees_for(20, &took), [Effect::End(elsewhere)]);
    }
    // Nor is one whose first listener is that of a debugger.
    let mut program = TestProgram::starting();
    program.sees(&[tree("127.0.0.1:9229")]);
    program.sees_for(1400, &[tree("127.0.0.1:9229")]);
    program.sees(&[tree("127.0.0.1:9229"), tree(V4)]);
    program.sees(&[tree("127.0.0.1:9229")]);
    assert_eq!(program.sees_for(1400, &[tree("127.0.0.1:9229")]), []);
    assert_eq!(program.word(), "starting");
}

#[test]
fn a_daemon_on_another_port_is_elsewhere() {
    let took = [tree_of(WORKER, "127.0.0.1:3001")];
    let mut program = TestProgram::starting().after(detached()).after_seeing(&took);
    let effects = program.sees_for(1600, &took);
    assert!(
        matches!(effects[..], [Effect::End(End::Elsewhere { pid: WORKER, .. })]),
        "{effects:?}"
    );
}

#[test]
fn a_program_that_was_ready_and_now_listens_elsewhere_is_waited_for() {
    let took = [tree("127.0.0.1:3001")];
    let mut program = TestProgram::serving();
    assert_eq!(program.sees(&took), [Effect::CloseCover(Loopback::V6), Effect::Waiting]);
    assert_eq!(program.sees_for(20_000, &took), [Effect::PrintWaiting]);
    let again = Effect::ServingAgain { verified: on_v4(), was_printed: true };
    assert_eq!(program.sees(&[tree(V4)]), [again]);
}

#[test]
fn a_stranger_who_takes_any_address_that_the_program_had_wins_the_race() {
    for (had, taken) in [(V6, V6), (WILDCARD, V6)] {
        let (mut program, _) = verify(rules(), &[tree(had)]);
        let effects = program.sees(&[stranger(taken)]);
        assert_eq!(effects.last(), Some(&lost_race(stranger(taken), true)));
        let (mut program, _) = verify(rules(), &[tree(had)]);
        program.sees(&[]);
        assert_eq!(program.sees(&[stranger(taken)]), [lost_race(stranger(taken), true)]);
    }
    // One that it never had is no loss.
    assert_eq!(TestProgram::waiting().sees(&[stranger(V6)]), []);
}

#[test]
fn the_reservation_is_dropped_only_where_that_may_help() {
    let gone = |rules| TestProgram::with(rules).after(says_in_use());
    let end = [failed(ProgramFailure::Exited(ProcessEnd::Exited(1)))];
    for rules in [
        Rules { is_explicit: true, ..rules() },
        Rules { is_reserved: false, ..rules() },
        Rules { may_drop_reservation: false, ..rules() },
    ] {
        assert_eq!(gone(rules).sees(&[]), end, "{rules:?}");
    }
    assert_eq!(gone(rules()).sees(&[tree_of(WORKER, V4)]), end, "its child has the port");
    let silent = TestProgram::starting().after(Input::MainExited(exited(1))).sees(&[]);
    assert_eq!(silent, end);
    assert_eq!(
        gone(rules()).sees(&[stranger("127.0.0.1:3001")]),
        [Effect::End(End::DropReservation)]
    );
}

#[test]
fn the_exit_of_a_daemon_is_the_exit_of_the_program() {
    let mut program = TestProgram::starting().after(detached());
    program.sees(&[tree_of(WORKER, V4)]);
    assert_eq!(program.input(detached()), [], "main exits once");
    program.input(passed(1));
    program.sees(&[tree_of(WORKER, V4)]);
    let exit = MainExit { pid: WORKER, ..exited(3) };
    let ended = Effect::End(End::MainEnded(ProcessEnd::Exited(3)));
    assert_eq!(program.input(Input::MainExited(exit)), [Effect::CloseCover(Loopback::V6), ended]);
}

#[test]
fn a_delegate_is_no_daemon() {
    let mut program = TestProgram::with(may_delegate()).after(detached());
    assert_eq!(program.sees(&[new_stranger(V4)]), []);
    program.input(Input::TreeEmpty);
    let end = failed(ProgramFailure::Exited(ProcessEnd::Exited(0)));
    assert_eq!(program.sees(&[new_stranger(V4)]), [end]);
}

#[test]
fn what_comes_late_or_twice_changes_nothing() {
    let unchanged = |mut program: TestProgram, input: Input| {
        let before = program.state.clone();
        assert_eq!(program.input(input.clone()), [], "{input:?}");
        assert_eq!(program.state, before, "{input:?}");
    };
    let early = |program: &TestProgram| program.now - Duration::from_millis(1);
    let serving = || TestProgram::serving().later(5);
    unchanged(serving(), seen(&[], early(&TestProgram::serving())));
    for input in [
        passed(1),
        Input::Probed { number: 1, has_passed: false },
        Input::LineMatched,
        Input::Notified,
        Input::CoverFailed(Loopback::V4),
        Input::MainExited(MainExit { pid: WORKER, ..exited(1) }),
    ] {
        unchanged(serving(), input);
    }
    unchanged(TestProgram::probing(), passed(2));
    unchanged(TestProgram::retrying(), passed(1));
    unchanged(TestProgram::awaiting(), Input::Notified);
    unchanged(TestProgram::starting().after(detached()), Input::MainExited(exited(1)));
    let ended = || serving().after(Input::MainExited(exited(1)));
    for input in [
        seen(&[stranger(V4)], ended().now),
        Input::MainExited(exited(0)),
        Input::TreeEmpty,
        Input::DeadlineReached,
    ] {
        unchanged(ended(), input);
    }
}

#[test]
fn a_look_that_began_before_the_event_does_not_explain_it() {
    let mut program = TestProgram::probing().later(10);
    let before = program.now;
    program = program.later(10).after(passed(1));
    assert_eq!(program.input(seen(&[tree(V4)], before)), []);
    assert_eq!(program.word(), "confirming");
    let mut program = TestProgram::starting().later(10);
    let before = program.now;
    program = program.later(10).after(says_in_use());
    assert_eq!(program.input(seen(&[], before)), []);
    assert_eq!(program.word(), "exited");
}

#[test]
fn looks_are_frequent_while_a_program_starts_and_none_are_needed_when_it_serves() {
    let interval = |program: &TestProgram| {
        let due = program.state.deadline(&program.rules)?;
        Some(due.duration_since(program.now).as_millis())
    };
    let mut program = TestProgram::starting();
    assert_eq!(interval(&program), Some(20));
    program.sees_for(2000, &[]);
    assert_eq!(program.sees(&[]), []);
    assert_eq!(interval(&program), Some(100));
    assert_eq!(interval(&TestProgram::serving()), None);
    let polled = Rules { must_look_while_serving: true, ..rules() };
    assert_eq!(interval(&verify(polled, &[tree(V4)]).0), Some(2000));
    let mut program = TestProgram::waiting();
    program.sees_for(10_100, &[]);
    program.sees(&[]);
    assert_eq!(interval(&program), Some(1000));
}
