//! What is said on a control socket: a request, and the response to it.

use std::{collections::BTreeMap, net::SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::{
    history::LostRecords,
    launch::LaunchInfo,
    port::Port,
    settings::Span,
    words::{LaunchPhase, ProgramMode},
};

/// A request of a command, and until when it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    #[serde(flatten)]
    pub(super) request: Request,
    /// How long the client waits for the request to be begun, in milliseconds; version 0.1 waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deadline_ms: Option<u64>,
}

/// A request of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Answered with [`Response::Status`]; it changes nothing.
    Status,
    /// End the launch.
    Stop,
    /// Start a new server on the same port.
    Restart,
    /// Change the port.
    Move {
        /// The new port; any free one if absent.
        port: Option<Port>,
    },
}

/// What the running launcher answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// The state of the launch at this moment.
    Status(Box<LaunchStatus>),
    /// The launch is ending; the connection is closed when it has ended.
    Stopping {
        /// The port that the launch had.
        port: Port,
    },
    /// The restart or the move is done.
    Done {
        /// The address of the server for a browser.
        url: String,
        /// The port before the last move.
        from: Port,
        /// The port of the server.
        port: Port,
        /// The process id of the server.
        server_pid: u32,
        /// What a person must know besides; absent if there is nothing, or in an answer of version 0.1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warning: Option<String>,
        /// How long the old port of a move redirects; absent in an answer of an earlier version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        redirect_for: Option<Span>,
    },
    /// The request cannot be met; nothing has changed.
    Refused {
        /// A sentence for the person who asked.
        reason: String,
        /// Whether the reason is the requested port.
        about_port: bool,
    },
}

/// The status of a running launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchStatus {
    /// The launch, on its current port. It is sent with its `url` and without its `last_good`.
    #[serde(flatten, serialize_with = "LaunchInfo::serialize_with_url")]
    pub launch: LaunchInfo,
    /// What the launch is doing.
    pub state: LaunchPhase,
    /// The process id of the current server; `None` while there is none.
    pub server_pid: Option<u32>,
    /// The launcher's version.
    pub version: String,
    /// The start of the launch, whichever server runs now.
    pub started_at: Timestamp,
    /// How long ago that was, in milliseconds.
    pub uptime_ms: f64,
    /// How often a server took the place of another on its port, after a failure or because it was asked.
    pub restarts: u32,
    /// `port` of the settings that hold now; `None` if it is not set.
    pub home_port: Option<Port>,
    /// How its program is given the port; `None` for our own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ProgramMode>,
    /// The command of its program with its templates, secrets masked; absent for our own server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The folder that its program runs in; absent for our own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The process that its command was started as, while `server_pid` is the one that listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_pid: Option<u32>,
    /// Every address that the server or the program listens on; absent while there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<SocketAddr>,
    /// Those among them that other computers can reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<SocketAddr>,
    /// The further ports of its program by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, Port>,
    /// The records that the launcher could not write; one of an earlier version does not say.
    #[serde(default)]
    pub lost_records: Option<LostRecords>,
}
