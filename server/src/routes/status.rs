//! `status`: what a script wants to know of the running server.

use std::{net::SocketAddr, process};

use actix_web::web::{Data, Json};
use jiff::Timestamp;
use serde::Serialize;
use shared::{app::AppName, conflict::Origin, port::Port};
use uuid::Uuid;

use crate::{
    facts::{Facts, VERSION},
    token::Authorized,
};

/// The answer. Its keys are those of the port history.
#[derive(Serialize)]
pub(super) struct Status {
    app: AppName,
    url: String,
    port: Port,
    addresses: Vec<SocketAddr>,
    origin: Origin,
    launch_id: Uuid,
    launcher_pid: Option<u32>,
    server_pid: u32,
    version: &'static str,
    started_at: Timestamp,
    uptime_ms: i64,
    last_good: Option<Port>,
    same_as_last_time: Option<bool>,
}

/// `GET /_homeport/api/v1/status`
pub(super) async fn status(_: Authorized, facts: Data<Facts>) -> Json<Status> {
    let uptime = Timestamp::now().duration_since(facts.started_at);
    Json(Status {
        app: facts.app.clone(),
        url: facts.url(),
        port: facts.port,
        addresses: facts.addresses.clone(),
        origin: facts.origin,
        launch_id: facts.launch_id,
        launcher_pid: facts.launcher_pid,
        server_pid: process::id(),
        version: VERSION,
        started_at: facts.started_at,
        uptime_ms: i64::try_from(uptime.as_millis()).unwrap_or(i64::MAX),
        last_good: facts.last_good,
        same_as_last_time: facts.same_as_last_time(),
    })
}
