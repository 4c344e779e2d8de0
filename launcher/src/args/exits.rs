//! The exit codes of commands, for the end of their help.

pub(super) const IF_IT_RUNS: &str =
    "Exit codes: 0 done, 2 usage, 3 not running, 75 it does not answer.";

pub(super) const IF_IT_ANSWERS: &str = "\
Exit codes: 0 done, 2 usage, 3 not running, 75 it could not be done now, or was not answered in time.";

pub(super) const IF_IT_MOVES: &str = "\
Exit codes: 0 done, 2 usage, 3 not running, 69 the port is not available, 75 it could not be done now,
or was not answered in time.";

pub(super) const IF_RIGHT: &str = "\
Exit codes: 0 done, 2 usage, 75 the file cannot be written, 78 the setting or the rest of the file is
wrong; the file is then left as it is.";

pub(super) const IF_READABLE: &str = "Exit codes: 0 done, 2 usage, 75 the history cannot be read.";

pub(super) const IF_LOGGED: &str = "Exit codes: 0 done, 2 usage, 75 a log cannot be read.";

pub(super) const IF_EXPLAINED: &str = "\
Exit codes: 0 done, 2 usage, 69 no socket can be opened, 75 the history cannot be read, 78 the settings
are wrong.";

pub(super) const IF_FORGOTTEN: &str = "\
Exit codes: 0 done, 2 usage, 75 it is running, or what is remembered cannot be written.";

pub(super) const IF_WELL: &str = "\
Exit codes: 0 no problem (there may be warnings), 2 usage or a wrong variable, 75 a problem, 78 the
settings are wrong.";
