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
    rows::{effective, optional, settings},
    setting::Setting,
    sourced::{SettingSource, Sourced},
    values::{Avoided, LogLevel, OnConflict, ReadyTimeout, Restart, ServerCommand, Span},
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

    /// How long a server may take from its start to its readiness.
    ready_timeout: Option<ReadyTimeout> = ReadyTimeout(READY_TIMEOUT),
        flag "--ready-timeout", variable "HOMEPORT_READY_TIMEOUT", example "\"30s\"";

    /// Whether a server that was ready and then failed is started again.
    restart: Option<Restart> = Restart::default(),
        variable "HOMEPORT_RESTART", example "\"never\"";

    /// How long the old port redirects to the new one after a move.
    redirect_for: Option<Span> = Span(REDIRECT_FOR),
        variable "HOMEPORT_REDIRECT_FOR", example "\"1h\"";

    /// How long a server may take to end after it was asked to; then it is killed. The `server` beside
    /// the launcher takes 10 s at most.
    stop_timeout: Option<Span> = Span(STOP_TIMEOUT),
        variable "HOMEPORT_STOP_TIMEOUT", example "\"1m\"";

    /// How much the launcher's diagnostics contain. The port history is always complete.
    log: Option<LogLevel> = LogLevel::default(),
        variable "HOMEPORT_LOG", example "\"debug\"";

    /// The server's program and its first arguments, instead of the `server` beside the launcher.
    /// `--port P --app A --hand-over` are added. Only the file can set it.
    command: Option<ServerCommand>,
        example "[\"/usr/local/bin/my-server\", \"--root\", \"/srv/site\"]";
}
