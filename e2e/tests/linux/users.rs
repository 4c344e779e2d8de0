//! Two users on one machine. These tests need root, to run programs as another user.

use e2e::{Home, RunContext, Stranger, program};

/// Row 22 of the test matrix: the files of another user's process are closed, his name is not.
#[test]
fn a_port_that_another_user_holds_is_said_to_be_his() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    home.give_to_plain_user();
    for launch in [home.launcher(), home.server()] {
        let refused = launch.at(&nobody).port(stranger.port).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        let conflict = refused.line("port_conflict");
        assert_eq!(conflict["class"], "hidden_owner");
        assert_eq!(conflict["holder"]["user"], "root");
        assert!(conflict["holder"]["pid"].is_null(), "{conflict}");
        let error = refused.line("launch_failed")["error"].to_string();
        assert!(error.contains("a process of user root"), "{error}");
    }
}

/// Row 12.
#[test]
fn a_port_is_never_shared_with_another_user_who_offers_to_share_it() {
    let Some(nobody) = RunContext::as_nobody(&program("stranger")) else { return };
    let stranger = Stranger::start(&nobody, &["reuseport", "127.0.0.1:0"]);
    let home = Home::new();
    let refused = home.launcher().port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    // Root sees everything.
    assert_eq!(refused.line("port_conflict")["holder"]["pid"], stranger.pid);
}

#[test]
fn a_plain_user_needs_no_rights_to_launch() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&plain).start();
    let ready = running.ready();
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(home.last_good(), Some(ready.port));
}
