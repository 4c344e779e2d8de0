//! The schemas of what `shared` defines, for the API's description.
//!
//! `shared` knows nothing of OpenAPI, so its types are described here once more. The tests hold real
//! answers against them.
#![expect(dead_code, reason = "only the macros read these types")]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shared::port::Port;
use utoipa::{ToResponse, ToSchema};

/// What kind of obstacle keeps a port from us.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    InUse,
    OwnInstance,
    SourcePort,
    HiddenOwner,
    GhostOwner,
    Excluded,
    Privileged,
    BrowserBlocked,
    Restricted,
    OtherFamily,
    ReservedByApp,
    Ephemeral,
    Crowded,
    LostRace,
    Unknown,
}

/// The process found on a port.
#[derive(Serialize, ToSchema)]
pub(super) struct Holder {
    /// Its process id.
    #[schema(required = true)]
    pid: Option<u32>,
    /// Its short name.
    #[schema(required = true, example = "docker-proxy")]
    name: Option<String>,
    /// The file it runs.
    #[schema(required = true)]
    exe: Option<String>,
    /// The user it belongs to.
    #[schema(required = true)]
    user: Option<String>,
    /// When it was started.
    #[schema(required = true, format = DateTime)]
    started_at: Option<String>,
}

/// The operating system's own words.
#[derive(Serialize, ToSchema)]
pub(super) struct OsError {
    /// `errno` or the WinSock code.
    #[schema(required = true, example = 98)]
    code: Option<i32>,
    /// Rust's name for it.
    #[schema(example = "AddrInUse")]
    kind: String,
}

/// One thing that is to be said of a port.
#[derive(Serialize, ToSchema)]
pub(super) struct Remark {
    /// The word for programs.
    #[schema(example = "crowded")]
    word: String,
    /// The sentence for people, in English.
    text: String,
}

/// The last move of a launch.
#[derive(Serialize, ToSchema)]
pub(super) struct LastMove {
    /// The port it had.
    from: Port,
    /// The port it has.
    to: Port,
    /// Why.
    why: Why,
    /// When.
    #[schema(format = DateTime)]
    ts: String,
    /// Why the old port could not be had, if that is why.
    class: Option<Class>,
    /// Who had it, as far as known.
    holder: Option<Holder>,
}

/// Why the port of an app changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    Conflict,
    Asked,
}

/// A record of the port history, as it was written; `docs/formats.md` tells every key.
#[derive(Serialize, ToSchema)]
pub(super) struct Record {
    /// When.
    #[schema(format = DateTime)]
    ts: String,
    /// What happened.
    #[schema(example = "port_conflict")]
    event: String,
    /// To which app.
    app: String,
    /// What else the event has to tell.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

/// Every conflict of a time, by who held the port.
#[derive(Serialize, ToSchema)]
pub(super) struct Conflicts {
    /// How many there were.
    total: u64,
    /// Who held the ports, the most frequent first.
    holders: Vec<Taker>,
    /// How many lines of the history are no records.
    broken_lines: u64,
}

/// A program that held ports of ours; without a name it could not be seen.
#[derive(Serialize, ToSchema)]
pub(super) struct Taker {
    /// Its short name.
    #[schema(required = true)]
    name: Option<String>,
    /// The file it runs.
    #[schema(required = true)]
    exe: Option<String>,
    /// The user it belongs to.
    #[schema(required = true)]
    user: Option<String>,
    /// How many conflicts it caused.
    count: u64,
    /// The ports that it held.
    ports: Vec<Port>,
    /// How many conflicts there were of each class.
    classes: BTreeMap<String, u64>,
    /// When it held one for the first time.
    #[schema(format = DateTime)]
    first: String,
    /// And for the last time.
    #[schema(format = DateTime)]
    last: String,
}

/// Which port is wanted; null or absent for any.
#[derive(Serialize, ToSchema)]
#[schema(as = Move)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveOrder {
    /// The new port.
    port: Option<Port>,
}

/// An empty object.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Why it was not done (RFC 9457).
#[derive(Serialize, ToSchema, ToResponse)]
#[response(description = "Why it was not done", content_type = "application/problem+json")]
pub(super) struct Problem {
    /// The kind: `about:blank`, or where it is described.
    #[schema(example = "/_homeport/docs#wrong-parameter")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    title: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    status: u16,
    /// What is wrong, for a person.
    detail: String,
    /// The member, parameter or setting that is wrong.
    field: Option<String>,
    /// The line that is wrong, in the body or in the settings file.
    line: Option<u32>,
    /// The column that is wrong, in the body.
    column: Option<u32>,
    /// What keeps the port from us.
    class: Option<Class>,
    /// Who holds the port.
    holder: Option<Holder>,
    /// What else a program can act on.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}
