//! Running a command of the launcher.

use e2e::{Ended, Home, Launch};

/// A command that is no start, and answers people unless told otherwise.
pub(crate) fn command(home: &Home, name: &str) -> Launch {
    home.launcher().without("--no-open").without("--json").arg(name)
}

/// What it answers programs.
pub(crate) fn ask(home: &Home, name: &str) -> Ended {
    command(home, name).arg("--json").run()
}
