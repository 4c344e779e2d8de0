//! Makes a port the last good one, in the assignment of `HOMEPORT_HOME`: `assignment_writer PORT`.

use std::{env, path::Path};

use jiff::Timestamp;
use shared::{
    app::AppName,
    app_lock::{AppLock, LockOutcome},
    assignment::Assignment,
    conflict::Origin,
    paths::{Folders, HOME_VARIABLE},
};

fn main() {
    let port = env::args().nth(1).and_then(|port| port.parse().ok()).expect("a port");
    let home = env::var_os(HOME_VARIABLE).expect("a test's home");
    let folders = Folders::locate(Some(Path::new(&home)), None).expect("given");
    let app = AppName::default();
    let LockOutcome::Held(held) = AppLock::try_hold(&folders, &app).expect("lockable") else {
        panic!("another process holds the lock");
    };
    let file = folders.assignment(&app);
    let mut assignment = Assignment::load(&file).unwrap_or_default();
    assignment.assign(port, Origin::Range, Timestamp::now());
    assignment.commit(&file, &held).expect("written");
}
