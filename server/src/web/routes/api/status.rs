//! `status`: the state of the running server.

use std::{net::SocketAddr, process};

use actix_web::web::Data;
use jiff::Timestamp;
use serde::Serialize;
use shared::{launch::LaunchInfo, port::Port};
use utoipa::ToSchema;

use super::{fields::Empty, query::Query};
use crate::{
    json_body::Json,
    problem::Problem,
    web::{
        app_state::{AppState, VERSION},
        authorized::Authorized,
        launch_history::LastMove,
    },
};

/// The answer. Its keys are those of the port history.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub(super) struct StatusAnswer {
    #[serde(flatten)]
    launch: LaunchInfo,
    /// The address for a browser.
    #[schema(example = "http://127.0.0.1:17342/")]
    url: String,
    /// Every address that listens.
    #[schema(value_type = Vec<String>, example = json!(["127.0.0.1:17342", "[::1]:17342"]))]
    addresses: Vec<SocketAddr>,
    /// The server's process id.
    server_pid: u32,
    /// Of the server; a launcher may be older or newer.
    version: &'static str,
    /// When it was started.
    started_at: Timestamp,
    /// For how long it has been up, in milliseconds.
    #[schema(minimum = 0)]
    uptime_ms: i64,
    /// Whether the port is that of the launch before; null if none is known.
    same_as_last_time: Option<bool>,
    /// The port of the settings, as they are now.
    home_port: Option<Port>,
    /// Whether a launcher is there: without one it can be neither moved nor restarted.
    supervised: bool,
    /// The last move of this launch.
    moved: Option<LastMove>,
}

impl StatusAnswer {
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            launch: LaunchInfo { last_good: state.storage.last_good.now(), ..state.launch.clone() },
            url: state.launch.url(),
            addresses: state.serving.addresses.clone(),
            server_pid: process::id(),
            version: VERSION,
            started_at: state.serving.started_at,
            uptime_ms: i64::try_from(state.serving.uptime().as_millis()).unwrap_or(i64::MAX),
            same_as_last_time: state.launch.same_as_last_time(),
            home_port: state.storage.home_port.now(),
            supervised: state.launch.is_supervised(),
            moved: state.storage.launch_history.moved(),
        }
    }
}

/// `GET /_homeport/api/v1/status`
///
/// It checks the metadata of three files, and reads only what was added to the history.
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/status",
    tag = "reading",
    summary = "How the running server is",
    responses((status = 200, description = "As it is now", body = StatusAnswer)),
)]
pub(super) async fn status(
    _: Authorized,
    _: Query<Empty>,
    state: Data<AppState>,
) -> Result<Json<StatusAnswer>, Problem> {
    Ok(Json(StatusAnswer::of(&state)))
}
