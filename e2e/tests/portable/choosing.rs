//! What a launch does when another program holds its port.

use e2e::{Stranger, quiet_port};

use crate::{ADDRESS_IN_USE, home};

#[test]
fn the_next_launch_goes_home_when_home_is_free_again() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut running = home.launcher().home_port(port).start();
    let away = running.ready();
    assert_ne!(away.port, port);
    running.stop();
    drop(stranger);

    let back = home.launcher().start().ready();
    assert_eq!((back.port, back.origin.as_str()), (port, "home"));
    assert_eq!(home.assignment().expect("remembered").earlier[0].port.get(), away.port);
}

#[test]
fn a_person_who_wants_no_other_port_gets_none() {
    let Some(home) = home() else { return };
    let stranger = Stranger::listening("127.0.0.1:0");
    let refused = home.launcher().home_port(stranger.port).setting("on_conflict = \"fail\"").run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("launch_failed")["reason"], "must_not_move");
    assert_eq!(home.conflict_over(stranger.port)["os_error"]["code"], ADDRESS_IN_USE);
}
