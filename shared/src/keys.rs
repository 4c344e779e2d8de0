//! Every key of a record, once.
//!
//! A key is part of the format: programs and `jq` recipes depend on it. It is never renamed, and a
//! new one is added here, in `docs/formats.md` and in the JSON Schema together. Times are RFC 3339
//! in UTC; a key that ends in `_ms` is a duration in milliseconds with a resolution of 1 µs.

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*

        /// Every key, in no particular order of meaning.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

keys! {
    /// When it happened, to the microsecond.
    TS = "ts";
    /// `INFO`, `WARNING` or `ERROR` in the port history; every level in diagnostics.
    LEVEL = "level";
    /// What happened, one word of [`Event::name`](crate::event::Event::name).
    EVENT = "event";
    /// The same for a person: a constant text, so that it can be counted.
    MSG = "msg";
    /// The version of the format.
    SCHEMA = "schema";
    /// The app it is about.
    APP = "app";
    /// Who writes: `launcher` or `server`.
    PROCESS = "process";
    /// The writer's process id.
    PID = "pid";
    /// Joins the records of one launch, whichever process wrote them (a UUIDv7).
    LAUNCH_ID = "launch_id";
    /// Counts a process's records from 0 without gaps, so that a lost one shows.
    SEQ = "seq";
    /// The version of the program that writes.
    VERSION = "version";
    /// The name of the computer.
    MACHINE = "machine";

    /// The command line, with secrets masked.
    ARGV = "argv";
    /// The last good port (`launch_started`), or whether the refused port was it (`port_conflict`).
    LAST_GOOD = "last_good";
    /// The home port of the settings.
    HOME_PORT = "home_port";
    /// The port it is about.
    PORT = "port";
    /// Why the port was on the list of candidates.
    ORIGIN = "origin";
    /// Why the port could not be claimed.
    CLASS = "class";
    /// The operating system's words: `{code, kind}`.
    OS_ERROR = "os_error";
    /// The process found on the port: `{pid, name, exe, user, started_at}`.
    HOLDER = "holder";
    /// How long it took.
    ELAPSED_MS = "elapsed_ms";
    /// The addresses that listen.
    ADDRESSES = "addresses";
    /// How many candidates were tried, the claimed one included.
    TRIED = "tried";
    /// The old value, or the old port.
    FROM = "from";
    /// The new value, or the new port.
    TO = "to";
    /// Why the port changed: `conflict` or `asked`.
    WHY = "why";
    /// The server's process id.
    SERVER_PID = "server_pid";
    /// Counts the assignments of an app.
    GENERATION = "generation";
    /// The port that was last good before.
    PREVIOUS = "previous";
    /// The server's exit code, or the program's own.
    EXIT_CODE = "exit_code";
    /// The signal that ended the server.
    SIGNAL = "signal";
    /// How long the server lived.
    UPTIME_MS = "uptime_ms";
    /// Which start of the server this is, from 1.
    ATTEMPT = "attempt";
    /// How long the next start is put off.
    DELAY_MS = "delay_ms";
    /// Where the running server answers.
    URL = "url";
    /// How the running version relates to this one: `same`, `older` or `newer`.
    RELATION = "relation";
    /// The setting that changed.
    KEY = "key";
    /// The file that was recovered.
    FILE = "file";
    /// What was wrong with it.
    PROBLEM = "problem";
    /// Where its content was taken from.
    SOURCE = "source";
    /// Why something ended, one word.
    REASON = "reason";
    /// What went wrong, as the person was told it.
    ERROR = "error";

    /// How many lines of diagnostics found no room in the queue.
    DROPPED = "dropped";
    /// The part of a program that writes a line of diagnostics.
    TARGET = "target";
    /// An HTTP request's method.
    METHOD = "method";
    /// An HTTP request's path, without its query, which may hold secrets.
    PATH = "path";
    /// An HTTP response's status.
    STATUS = "status";
    /// The length of an HTTP response's body, where it is known.
    BYTES = "bytes";
    /// The address of an HTTP client.
    REMOTE_ADDR = "remote_addr";
    /// A line that the server wrote where a control message was expected.
    LINE = "line";
}

#[cfg(test)]
mod test {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_key_stands_for_two_things() {
        assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
    }
}
