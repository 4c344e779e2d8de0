//! What is covered of the two loopback addresses, and when.

use super::*;

#[test]
fn every_loopback_address_that_is_open_is_covered_and_one_of_a_stranger_is_not() {
    use Loopback::{V4 as Four, V6 as Six};
    use UrlHost::{Ipv4, Localhost};
    let is_ipv6_only = ObservedListener { is_ipv6_only: true, ..tree(WILDCARD) };
    for (listeners, loopbacks, cover, host) in [
        (vec![tree(V4)], vec![Four], Some(Six), Localhost),
        (vec![tree(V6)], vec![Six], Some(Four), Localhost),
        (vec![is_ipv6_only], vec![Six], Some(Four), Localhost),
        (vec![tree(WILDCARD)], vec![Four, Six], None, Localhost),
        (vec![tree("0.0.0.0:3000")], vec![Four], Some(Six), Localhost),
        (vec![tree("[::ffff:127.0.0.1]:3000")], vec![Four], Some(Six), Localhost),
        (vec![tree(V4), tree(V6)], vec![Four, Six], None, Localhost),
        (vec![tree(V4), stranger(V6)], vec![Four], None, Ipv4),
        (vec![tree(V4), stranger(WILDCARD)], vec![Four], None, Ipv4),
        (vec![tree(V4), stranger("0.0.0.0:3000")], vec![Four], Some(Six), Localhost),
        (vec![tree(V4), stranger("192.168.1.5:3000")], vec![Four], Some(Six), Localhost),
        (vec![tree(V4), tree("127.0.0.1:9229")], vec![Four], Some(Six), Localhost),
    ] {
        let seen = verified(rules(), &listeners);
        assert_eq!(
            (seen.loopbacks, seen.cover, seen.host),
            (loopbacks, cover, host),
            "{listeners:?}"
        );
    }
    let uncovered = Rules { can_cover: false, ..rules() };
    let on_one = verified(uncovered, &[tree(V4)]);
    assert_eq!((on_one.cover, on_one.host), (None, Ipv4));
    assert_eq!(verified(uncovered, &[tree(V6)]).host, Localhost, "127.0.0.1 leads nowhere");
}

#[test]
fn a_cover_is_no_stranger_and_stays_open() {
    let mut program = TestProgram::serving();
    assert_eq!(program.sees(&[tree(V4), our_own(V6)]), []);
    let mut program = TestProgram::with(rules());
    assert_eq!(program.sees(&[our_own(V4)]), [], "nor is one that is being closed");
}

#[test]
fn a_cover_closes_with_the_listener_and_returns_half_a_second_after_it() {
    let mut program = TestProgram::serving();
    assert_eq!(program.sees(&[our_own(V6)]), [Effect::CloseCover(Loopback::V6), Effect::Waiting]);
    let again = Effect::ServingAgain { verified: on_v4(), was_printed: false };
    assert_eq!(program.sees(&[tree(V4)]), [again]);
    assert_eq!(program.sees_for(499, &[tree(V4)]), []);
    assert_eq!(program.sees_for(50, &[tree(V4)]), [Effect::OpenCover(Loopback::V6)]);
    // Whatever it binds by then is its own.
    let mut program = TestProgram::waiting();
    program.sees(&[tree(V4)]);
    let effects = program.sees_for(2000, &[tree(V4), tree(V6)]);
    assert!(matches!(effects[..], [Effect::Changed(_)]), "{effects:?}");
}

#[test]
fn an_address_that_a_program_leaves_is_not_covered_at_once() {
    let (mut program, _) = verify(rules(), &[tree(V4), tree(V6)]);
    let effects = program.sees(&[tree(V4)]);
    assert!(matches!(effects[..], [Effect::Changed(_)]), "{effects:?}");
    assert_eq!(program.sees_for(499, &[tree(V4)]), []);
    assert_eq!(program.sees_for(50, &[tree(V4)]), [Effect::OpenCover(Loopback::V6)]);
}

#[test]
fn a_cover_that_fails_is_done_without_until_the_program_listens_anew() {
    let mut program = TestProgram::serving();
    let uncovered = VerifiedListeners { cover: None, host: UrlHost::Ipv4, ..on_v4() };
    let failed = Input::CoverFailed(Loopback::V6);
    assert_eq!(program.input(failed.clone()), [Effect::Changed(uncovered)]);
    assert_eq!(program.input(failed), [], "twice");
    assert_eq!(program.sees_for(10_000, &[tree(V4)]), []);
    assert_eq!(program.sees(&[tree(V4)]), []);
    program.sees(&[]);
    program.sees(&[tree(V4)]);
    assert_eq!(program.sees_for(600, &[tree(V4)]), [Effect::OpenCover(Loopback::V6)]);
}
