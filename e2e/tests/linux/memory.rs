//! What is not remembered.

use e2e::{Home, quiet_port};

/// I5: written after readiness and not before.
#[test]
fn a_port_on_which_no_server_became_ready_is_not_remembered() {
    let home = Home::new();
    let failed = home.launcher().home_port(quiet_port()).fake(&["exit=1"]).run();
    assert_eq!(failed.code, Some(75), "{failed:?}");
    assert!(home.assignment().is_none() && home.events("port_assigned").is_empty());
}
