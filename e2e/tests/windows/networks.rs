//! Networks that are set up otherwise than this machine's, with a Windows of their own inside.

use e2e::{Home, Netns, quiet_port};

/// Row 5 of the test matrix: the port is free, and listening on it is forbidden (error 10013).
#[test]
fn a_port_that_no_program_may_listen_on_is_10013_and_is_not_blamed_on_missing_rights() {
    let Some(netns) = Netns::new(&["ipv4/ip_unprivileged_port_start=20000"]) else { return };
    let plain = netns.context().without_low_ports();
    if let Err(refusal) = plain.try_out() {
        return e2e::skip(&format!("setpriv: {refusal}"));
    }
    let Some(home) = Home::in_own_wine() else { return };
    let mut running = home.launcher().at(&plain).arg("--range").arg("19900-20100").start();
    assert!(running.ready().port >= 20_000);
    assert_eq!(running.stop().code, Some(0));

    let refused = home.server().at(&plain).port(19_950).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let conflict = refused.line("port_conflict");
    assert_eq!(conflict["os_error"]["code"], 10_013);
    assert_eq!(conflict["os_error"]["kind"], "PermissionDenied");
    assert!(conflict["holder"].is_null());
    let told = home.server().without("--json").at(&plain).port(19_950).run();
    assert!(!told.stderr.contains("administrator"), "{told:?}");
}

/// A computer that is on no network.
#[test]
fn a_windows_with_nothing_but_loopback_is_enough() {
    let Some(netns) = Netns::new(&[]) else { return };
    let Some(home) = Home::in_own_wine() else { return };
    let mut running = home.launcher().at(&netns.context()).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
}

/// Row 4: a program holds the port on every address, exclusively. The error is 10013 too.
#[test]
fn a_port_with_an_exclusive_holder_is_left_to_it() {
    // A listener on every address listens in this namespace alone.
    let Some(netns) = Netns::new(&[]) else { return };
    let Some(home) = Home::in_own_wine() else { return };
    let (context, port, owner) = (netns.context(), quiet_port(), home.another("owner"));
    let mut owner = owner.server().at(&context).port(port).arg("--bind").arg("0.0.0.0").start();
    owner.ready();

    let mut running = home.launcher().at(&context).home_port(port).start();
    assert_ne!(running.ready().port, port);
    assert_eq!(home.conflict_over(port)["os_error"]["code"], 10_013);
    assert_eq!(running.stop().code, Some(0));
    let refused = home.server().without("--json").at(&context).port(port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert!(!owner.has_ended());
}
