//! The line that says where a server is.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use super::{EventName, ServerAt, milliseconds::milliseconds};
use crate::{app::AppName, conflict::Origin, port::Port};

/// What a program prints with `--json` when its server is ready: a contract with scripts, and so
/// wider than the record of the same name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadyLine<'a> {
    event: EventName,
    app: &'a AppName,
    url: &'a str,
    port: Port,
    origin: Origin,
    launch_id: Uuid,
    launcher_pid: Option<u32>,
    server_pid: u32,
    elapsed_ms: f64,
}

impl<'a> ReadyLine<'a> {
    /// The line for a server `at` a port, which answers at `url`.
    #[must_use]
    pub fn new(
        (app, url): (&'a AppName, &'a str),
        (launch_id, launcher_pid): (Uuid, Option<u32>),
        origin: Origin,
        at: &ServerAt,
    ) -> Self {
        Self {
            event: EventName::ServerReady,
            app,
            url,
            port: at.port,
            origin,
            launch_id,
            launcher_pid,
            server_pid: at.server_pid,
            elapsed_ms: milliseconds(at.elapsed),
        }
    }
}

impl fmt::Display for ReadyLine<'_> {
    /// The line itself, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
