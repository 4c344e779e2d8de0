//! The table of settings: one row for each. What is made of the rows is in [`rows`](super::rows).
//!
//! A row has the documentation, the key, the type of the field, the default if there is one, the
//! option of the command line and the variable of the environment if there are any, and an example as
//! it stands in a settings file. The type determines the rest: how a value is written and which control of a
//! form it needs (see [`Kind`]).

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    kind::{Field, from_variable},
    program::{PortName, ProgramCommand, ProgramFolder, ProgramVariables, ReadyProbe, StopSignal},
    rows::{effective, optional, settings},
    setting::Setting,
    sourced::{SettingSource, Sourced},
    values::{
        Avoided, Expose, LogLevel, OnConflict, OnElsewhere, OutputFormat, OwnerRule, ReadyTimeout,
        Restart, ServerCommand, Span,
    },
};
use crate::{
    environment::{Environment, VariableError},
    policy::DEFAULT_RANGE,
    port::{Port, PortRange},
};

/// How long a server may take to become ready by default: a slow disk on a cold start
/// takes two seconds, and a person gives up after ten.
const READY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the old port redirects to the new one after a move, by default: a page may
/// stand open that long before a person clicks in it again.
const REDIRECT_FOR: Duration = Duration::from_secs(5 * 60);

/// How long a server may take to end by default: the 10 s that ours gives to requests in
/// flight, and some to close up.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// How long a program may take to become ready by default: it may compile itself first.
const READY_TIMEOUT_OF_PROGRAM: Duration = Duration::from_secs(30);

/// How long a program may take to end by default. Most have no requests to wait for, and a person who stops one waits.
const STOP_TIMEOUT_OF_PROGRAM: Duration = Duration::from_millis(2500);

impl Effective {
    /// The settings of an app that is a program: other times hold for it where none are set.
    #[must_use]
    pub fn for_program(mut self) -> Self {
        if !self.ready_timeout.is_set() {
            self.ready_timeout.value = ReadyTimeout(READY_TIMEOUT_OF_PROGRAM);
        }
        if !self.stop_timeout.is_set() {
            self.stop_timeout.value = Span(STOP_TIMEOUT_OF_PROGRAM);
        }
        self
    }
}

settings! {
    /// The home port: tried first at every start. `--port` and `HOMEPORT_PORT` ask for an explicit
    /// port instead, which is never replaced by another.
    port: Option<Port>,
        flag "--port", variable "HOMEPORT_PORT", example "3030";

    /// The ports to choose from. If it is set, remembered ports outside it are left out, but for the
    /// home port.
    range: Option<PortRange> = DEFAULT_RANGE,
        flag "--range", variable "HOMEPORT_RANGE", example "\"20000-20999\"";

    /// Ports not to choose, each a port or a range. One that is asked for or remembered is tried all
    /// the same.
    #[cfg_attr(feature = "schema", schema(nullable))]
    avoid: Vec<Avoided> = Vec::new(),
        example "[20005, \"20010-20020\"]";

    /// When the first remembered port cannot be claimed: take the next candidate and say so, or fail
    /// with exit code 69.
    on_conflict: Option<OnConflict> = OnConflict::default(),
        flag "--on-conflict", variable "HOMEPORT_ON_CONFLICT", example "\"fail\"";

    /// Whether to open the browser when the server is ready.
    open_browser: Option<bool> = true,
        flag "--no-open", variable "HOMEPORT_OPEN_BROWSER", example "false";

    /// Whether the system starts the app when the person logs in, without its browser.
    start_at_login: Option<bool> = false,
        example "true";

    /// How long a server may take from its start to its readiness. For a program the default is 30 s.
    ready_timeout: Option<ReadyTimeout> = ReadyTimeout(READY_TIMEOUT),
        flag "--ready-timeout", variable "HOMEPORT_READY_TIMEOUT", example "\"30s\"";

    /// Whether a server that was ready and then failed is started again.
    restart: Option<Restart> = Restart::default(),
        variable "HOMEPORT_RESTART", example "\"never\"";

    /// How long the old port redirects to the new one after a move.
    redirect_for: Option<Span> = Span(REDIRECT_FOR),
        variable "HOMEPORT_REDIRECT_FOR", example "\"1h\"";

    /// How long a server may take to end after it was asked to; then it is killed. The `server` beside
    /// the launcher takes 10 s at most. For a program the default is 2.5 s.
    stop_timeout: Option<Span> = Span(STOP_TIMEOUT),
        variable "HOMEPORT_STOP_TIMEOUT", example "\"1m\"";

    /// How much the launcher's diagnostics contain. The port history is always complete.
    log: Option<LogLevel> = LogLevel::default(),
        variable "HOMEPORT_LOG", example "\"debug\"";

    /// The server's program and its first arguments, instead of the `server` beside the launcher.
    /// `--port P --app A --hand-over` are added. Only the file can set it.
    command: Option<ServerCommand>,
        example "[\"/usr/local/bin/my-server\", \"--root\", \"/srv/site\"]";

    /// A program that binds its port by itself, and its arguments, in place of a server of ours; `{port}` in them is
    /// the port. It excludes `command`. Only the file can set it.
    program: Option<ProgramCommand>,
        of program, example "[\"npm\", \"run\", \"dev\", \"--\", \"--port\", \"{port}\"]";

    /// The folder that the program is started in, by its whole path. Only the file can set it.
    cwd: Option<ProgramFolder>,
        of program, example "\"/srv/shop\"";

    /// Where the program and what it starts are looked up, in place of the `PATH` of the launcher. Only the file can set
    /// it.
    path: Option<String>,
        of program, example "\"/usr/local/bin:/usr/bin:/bin\"";

    /// Variables for the program. Their values are shown nowhere. Only the file can set them.
    env: Option<ProgramVariables>,
        of program, example "{ NODE_ENV = \"development\", API_KEY = \"a1b2\" }";

    /// What shows that the program is ready, besides its listener: `tcp` (a connection), `http:PATH` (an answer with a
    /// status below 500), `log:REGEX` (a line of its output) or `notify` (its word on `NOTIFY_SOCKET`).
    ready: Option<ReadyProbe> = ReadyProbe::default(),
        of program, example "\"http:/health\"";

    /// When the program listens on another port than it was given: forward to it, or end it and fail with exit code 75.
    on_elsewhere: Option<OnElsewhere> = OnElsewhere::default(),
        of program, example "\"fail\"";

    /// When other computers can reach the program: say so, end it and fail with exit code 75, or allow it.
    expose: Option<Expose> = Expose::default(),
        of program, example "\"refuse\"";

    /// Whose listener on the port is the program's: that of a process which descends from it, or of any process that
    /// began to listen after its start.
    owner: Option<OwnerRule> = OwnerRule::default(),
        of program, example "\"any\"";

    /// Whether `program` is one line for the shell, `sh -c`. Only the file can set it.
    shell: Option<bool> = false,
        of program, example "true";

    /// The signal that asks the program to end; not set, `SIGTERM` or what the program is known to want.
    stop_signal: Option<StopSignal>,
        of program, example "\"SIGINT\"";

    /// The names of further ports that the program is given, each as `{port:NAME}`.
    #[cfg_attr(feature = "schema", schema(nullable))]
    ports: Vec<PortName> = Vec::new(),
        of program, example "[\"metrics\"]";

    /// How the lines of the program's output are kept: as records, as they came, or not at all.
    output: Option<OutputFormat> = OutputFormat::default(),
        of program, example "\"plain\"";
}
