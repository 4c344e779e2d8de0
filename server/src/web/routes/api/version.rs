//! `version`: which version runs, and which versions of the files it reads and writes.

use std::env::consts::{ARCH, OS};

use serde::Serialize;
use shared::{assignment, discovery, event};
use utoipa::ToSchema;

use super::{fields::Empty, query::Query};
use crate::{
    json_body::Json,
    web::{app_state::VERSION, authorized::Authorized},
};

/// The version of the running server, and those of what it reads and writes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// Of the server that answers; a launcher may be older or newer.
    version: &'static str,
    /// The version of this API, as it stands in its paths.
    #[schema(example = "v1")]
    api: &'static str,
    /// The operating system that it was built for.
    #[schema(example = "linux")]
    os: &'static str,
    /// The processor that it was built for.
    #[schema(example = "x86_64")]
    arch: &'static str,
    /// The versions of the files.
    schemas: Schemas,
}

/// The versions of the formats of files.
#[derive(Debug, Serialize, ToSchema)]
struct Schemas {
    /// Of a record of the port history.
    history: u32,
    /// Of the file that remembers the port.
    assignment: u32,
    /// Of the file through which other programs find the server.
    discovery: u32,
}

/// `GET /_homeport/api/v1/version`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/version",
    tag = "reading",
    summary = "Which version runs, and which versions of files it reads and writes",
    responses((status = 200, description = "The versions", body = Version)),
)]
pub(super) async fn version(_: Authorized, _: Query<Empty>) -> Json<Version> {
    let schemas = Schemas {
        history: event::SCHEMA,
        assignment: assignment::SCHEMA,
        discovery: discovery::SCHEMA,
    };
    Json(Version { version: VERSION, api: "v1", os: OS, arch: ARCH, schemas })
}
