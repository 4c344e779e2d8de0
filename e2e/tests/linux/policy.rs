//! Requested ports that no program can use.

use e2e::{Home, RunContext, program, quiet_port, wait_until};
use shared::policy::BROWSER_BLOCKED;

/// Row 16 of the test matrix: before anything is bound.
#[test]
fn every_port_that_browsers_block_is_refused_before_it_is_bound() {
    // The list begins with 0, which is no port.
    let (zero, ports) = BROWSER_BLOCKED.split_first().expect("a list");
    assert_eq!((*zero, ports.len()), (0, 82));
    for ports in ports.chunks(12) {
        let home = Home::new();
        let servers: Vec<_> = ports.iter().map(|port| home.server().port(*port).start()).collect();
        for server in servers {
            let refused = server.exit();
            assert_eq!(refused.code, Some(69), "{refused:?}");
            let conflict = refused.line("port_conflict");
            assert_eq!(conflict["class"], "browser_blocked", "{refused:?}");
            assert!(conflict["os_error"].is_null() && conflict["holder"].is_null(), "{refused:?}");
        }
        assert_eq!(home.events("port_conflict").len(), ports.len());
    }
}

/// Row 16, in the launcher.
#[test]
fn a_launch_on_a_port_that_browsers_block_fails_if_asked_for_and_moves_if_at_home() {
    let home = Home::new();
    let refused = home.launcher().port(6000).run();
    assert_eq!(
        (refused.code, &refused.line("port_conflict")["class"]),
        (Some(69), &"browser_blocked".into())
    );
    let told = home.launcher().without("--json").port(6000).run().stderr;
    assert!(told.contains("browsers block port 6000"), "{told}");

    let mut running = home.launcher().home_port(10080).start();
    let ready = running.ready();
    assert_ne!(ready.port, 10080);
    assert_eq!(running.stop().code, Some(0));
    let mut running = home.launcher().home_port(10080).start();
    assert_eq!(running.ready().port, ready.port);
    wait_until("the conflict with the home port is printed as well", || {
        running.stdout().contains("browser_blocked")
    });
    assert_eq!(running.stop().code, Some(0));
    let again = home.launcher().without("--json").home_port(10080);
    let running = again.start();
    wait_until("it is ready", || running.stdout().contains("Ctrl-C"));
    assert!(running.stdout().contains("Instead: choose another port"), "{}", running.stdout());
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(home.conflict_over(10080)["class"], "browser_blocked");
}

/// Row 15.
#[test]
fn a_low_port_is_refused_to_a_plain_user_with_the_reason_and_not_replaced() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    for launch in [home.launcher(), home.server()] {
        let refused = launch.at(&plain).port(80).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        let conflict = refused.line("port_conflict");
        assert_eq!(conflict["class"], "privileged", "{refused:?}");
        assert_eq!(conflict["os_error"]["code"], 13, "{refused:?}");
    }
    assert!(home.events("port_claimed").is_empty());
}

#[test]
fn a_crowded_port_may_be_asked_for_by_name() {
    let (home, port) = (Home::new(), quiet_port());
    // What a person avoids is never chosen, and may still be named.
    let mut running = home.launcher().setting(format!("avoid = [{port}]")).port(port).start();
    assert_eq!(running.ready().port, port);
}
