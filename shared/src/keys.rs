//! Every key of a record, once.
//!
//! A key is part of the format: programs and `jq` recipes depend on it. It is never renamed, and a
//! new one is added here, in `docs/formats.md` and in the JSON Schema together. Times are RFC 3339
//! in UTC; a key that ends in `_ms` is a duration in milliseconds with a resolution of 1 µs.

macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)*

        /// Every key, in no particular order of meaning.
        pub const ALL: &[&str] = &[$($text),*];

        /// What a key means, as sentences; empty for an unknown one.
        pub fn meaning(key: &str) -> String {
            let lines: &[&str] = match key {
                $($text => &[$($doc),+],)*
                _ => &[],
            };
            lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
        }
    };
}

/// The keys that every record begins with, in their order.
pub const COMMON: [&str; 12] =
    [TS, LEVEL, EVENT, MSG, SCHEMA, APP, PROCESS, PID, LAUNCH_ID, SEQ, VERSION, MACHINE];

keys! {
    /// When it happened: RFC 3339, UTC, always six decimals, so that stamps sort as text.
    TS = "ts";
    /// How grave it is: `INFO`, `WARNING` or `ERROR` in the port history, every level in diagnostics.
    LEVEL = "level";
    /// What happened, in one word. It decides which further keys the record has.
    EVENT = "event";
    /// The same for a person: a constant text for each event, so that it can be counted.
    MSG = "msg";
    /// The version of the record format.
    SCHEMA = "schema";
    /// The app it is about.
    APP = "app";
    /// Which program writes.
    PROCESS = "process";
    /// The writer's process id.
    PID = "pid";
    /// Joins the records of one launch, whichever process wrote them: a UUID, version 7.
    LAUNCH_ID = "launch_id";
    /// Counts the records of one process from 0 without gaps: a gap is a lost record.
    SEQ = "seq";
    /// The version of the program that writes.
    VERSION = "version";
    /// The name of the computer.
    MACHINE = "machine";

    /// The command line. The value of an option whose name speaks of a token, secret, password or key
    /// is `***`.
    ARGV = "argv";
    /// `launch_started`: the remembered port. `port_conflict`: whether the refused port was it.
    LAST_GOOD = "last_good";
    /// The port of the settings; null if they name none, could not be read, or were not asked.
    HOME_PORT = "home_port";
    /// The port it is about. In `port_released`, `launch_stopped` and `launch_failed` null if there was
    /// none.
    PORT = "port";
    /// Why the port was a candidate: see [below](#origins).
    ORIGIN = "origin";
    /// What keeps the port from us: see [below](#classes).
    CLASS = "class";
    /// `code` (`errno` or the WinSock code, such as 98 or 10048; null if there is none) and `kind`
    /// (Rust's name for it). Null if the policy refused the port before the system was asked.
    OS_ERROR = "os_error";
    /// The process found on the port: `pid`, `name`, `exe`, `user`, `started_at` (UTC), each null where
    /// it could not be found out.
    HOLDER = "holder";
    /// `port_conflict`: how long the attempt and its diagnosis took. `port_claimed`, `port_reserved`: since
    /// the first candidate. `server_spawned`: since the attempt to start it. `server_listening`, `server_ready`:
    /// since the writer's own start.
    ELAPSED_MS = "elapsed_ms";
    /// The addresses that listen, or that are reserved, in the order in which they were claimed, such as
    /// `127.0.0.1:17342` and `[::1]:17342`. `program_exposed`: those that other computers can reach.
    ADDRESSES = "addresses";
    /// How many candidates were tried, this one included.
    TRIED = "tried";
    /// The port that a program was given.
    ASKED = "asked";
    /// The port that the program listens on in its place.
    TOOK = "took";
    /// `port_moved`: the port of last time. `settings_changed`: the value as it was written in the file.
    FROM = "from";
    /// `port_moved`: the port now. `settings_changed`: the value as it is written in the file now.
    TO = "to";
    /// `port_moved`: why the port is another: `conflict` (the old one could not be claimed), `asked` (a
    /// person asked for it), `home_port_free` (the home port is free again) or `outside_range` (the
    /// settings have another range). `server_restarting`: why there is a new server: `failed` (the one
    /// before it failed) or `asked`. `launch_gave_up`: why there is none: `failed_too_often` or
    /// `never_restarted` (`restart` is `never`).
    WHY = "why";
    /// From where a stop, a restart or a move was asked for: `cli`, `console`, `api`, `signal`, `logout`
    /// or `shutdown`; null if it was not asked for, or the server passed the request on without it.
    BY = "by";
    /// The server's process id; null if it could not be started. Of a program: that of the process which
    /// listens, which need not be the one that was started.
    SERVER_PID = "server_pid";
    /// How long after the start of its process the server was ready; null where no launcher started it.
    SINCE_SPAWN_MS = "since_spawn_ms";
    /// Counts the assignments of the app, from 1.
    GENERATION = "generation";
    /// The port that was remembered before.
    PREVIOUS = "previous";
    /// Of the server in `server_exited`, `server_restarting` and `launch_gave_up`; otherwise the
    /// writer's own. Null if the process did not exit by itself, or goes on. A server that crashed on
    /// Windows has the number of the exception, which is negative: `0xC0000005` is -1073741819.
    EXIT_CODE = "exit_code";
    /// The signal that ended the server.
    SIGNAL = "signal";
    /// How long the server lived.
    UPTIME_MS = "uptime_ms";
    /// Which start of the server it was in this launch, from 1.
    ATTEMPT = "attempt";
    /// How long the next start is put off.
    DELAY_MS = "delay_ms";
    /// Where the running instance answers.
    URL = "url";
    /// How the version of the running instance relates to the one that found it: `same`, `older` or
    /// `newer`.
    RELATION = "relation";
    /// The setting that changed.
    KEY = "key";
    /// The file that was recovered.
    FILE = "file";
    /// What was wrong with it.
    PROBLEM = "problem";
    /// Where its content was taken from: `port_history` or `defaults`.
    SOURCE = "source";
    /// Why it ended, one word: see [below](#reasons).
    REASON = "reason";
    /// The error message; null if nothing went wrong. Of a server: why it could not be started.
    ERROR = "error";

    /// How many lines of diagnostics this process could not write so far: they found no room in the
    /// queue or on the disk. In the output of a program: how many lines are missing in this place.
    DROPPED = "dropped";
    /// How many files of diagnostics this process has deleted so far, to keep within their limits.
    FILES = "files";
    /// How many lines were in those files.
    LINES = "lines";
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
    /// A line that the server wrote where a hand-over message was expected.
    LINE = "line";

    /// Where the program wrote it: `stdout` or `stderr`; `log` for a line of the log itself.
    STREAM = "stream";
    /// The line without colours and secrets. Control characters but for tabs, and what turns the order of a text around, are
    /// escaped: `\u{7}`. Bytes that are no UTF-8 are U+FFFD.
    TEXT = "text";
    /// How many bytes at the end of the line were not kept, because it is longer than 16 KiB.
    CUT = "cut";
    /// `true` if the program had not ended the line after a second, such as a prompt; its rest is the next line.
    UNFINISHED = "unfinished";
    /// The line itself if it is a JSON object, character for character: a number may be of any size, and a name may be
    /// there twice. Secrets are masked, and an object that is nested more than 127 times is left out.
    JSON = "json";
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
