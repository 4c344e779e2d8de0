//! Settings that may not be read.

use std::{fs, os::unix::fs::PermissionsExt};

use e2e::{Home, Place, program};
use shared::app::AppName;

/// Another user's file, or one without the right to read it.
#[test]
fn a_file_that_may_not_be_read_is_named() {
    let Some(plain) = Place::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.set("server", "port = 3030\n");
    home.give_to_plain_user();
    let file = home.folders().settings(&AppName::default());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("ours to change");
    let refused = home.launcher().at(&plain).run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let error = refused.line("launch_failed")["error"].to_string();
    assert!(error.contains("server.toml") && error.contains("cannot be read"), "{error}");
}
