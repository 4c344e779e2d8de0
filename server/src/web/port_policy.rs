//! The policy for an explicit port, and the conflict of a port that it refuses.

use std::time::Duration;

use shared::{
    app::AppName,
    assignment::Assignment,
    conflict::{Class, Conflict, Origin},
    os::LiveRanges,
    paths::Folders,
    policy::{DEFAULT_RANGE, Policy},
    port::Port,
};

/// The policy for a server with an explicit port.
pub fn policy(folders: &Folders, app: &AppName) -> Policy {
    let others = Assignment::of_other_apps(folders, app);
    Policy::new(DEFAULT_RANGE, LiveRanges::default(), Vec::new(), others)
}

/// The conflict of a port that the policy refuses, before the system is asked.
pub fn refused(port: Port, class: Class, last_good: Option<Port>) -> Conflict {
    Conflict {
        port,
        origin: Origin::Explicit,
        class,
        os_error: None,
        holder: None,
        last_good: last_good == Some(port),
        elapsed: Duration::ZERO,
    }
}
