//! `move`, `restart`, `stop`: requests to the launcher, checked and sent on.
//!
//! The answer means that the request was sent; the events and the history show its result.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Number;
use shared::{
    launch::LaunchInfo,
    message, next_command,
    os::is_stopped,
    port::{Port, PortError},
    settings::Settings,
};
use utoipa::ToSchema;

use super::{body::Body, fields::Empty, ports, query::Query};
use crate::{
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized, launcher_requests::LauncherRequest},
};

/// Which port is wanted; null or absent for any.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Move)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveRequest {
    /// The new port.
    #[serde(default, deserialize_with = "port_of_json")]
    port: Option<Port>,
}

/// The description says `integer`, and `3030.0` is one of JSON Schema's.
fn port_of_json<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Port>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(from)? else { return Ok(None) };
    let whole = || number.as_f64().filter(|number| number.fract() == 0.0);
    let port = match number.as_i64().or_else(|| whole().map(|number| number as i64)) {
        Some(number) => Port::try_from(number),
        None => Err(PortError::NotANumber(number.to_string())),
    };
    port.map(Some).map_err(de::Error::custom)
}

/// `POST /_homeport/api/v1/move`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/move",
    tag = "orders",
    summary = "Change the port, without losing a request",
    request_body = Option<MoveRequest>,
    responses(
        (status = 202, description = "The request was sent to the launcher; the event `moved` says when it is done", body = MoveRequest),
        (status = 404, response = Problem),
        (status = 409, response = Problem),
        (status = 429, response = Problem),
        (status = 503, response = Problem),
    ),
)]
pub(super) async fn relocate(
    authorized: Authorized,
    _: Query<Empty>,
    Body(MoveRequest { port }): Body<MoveRequest>,
    state: Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let detail = message!("problem.move_needs_launcher");
    needs_launcher(&state.launch, &detail, port)?;
    if let Some(port) = port {
        if port == state.launch.port {
            return Err(Problem::same_port(port));
        }
        ports::check_port(&state, move |state, files| {
            let settings =
                Settings::load(&files.folders.settings(&state.launch.app)).unwrap_or_default();
            match ports::conflict(state, files, port, &settings)? {
                Some(conflict) => Err(Problem::port_unavailable(conflict)),
                None => Ok(()),
            }
        })
        .await?;
    }
    state.requests.send(LauncherRequest::Move { port, by: authorized.by });
    Ok(HttpResponse::Accepted().json(MoveRequest { port }))
}

/// `POST /_homeport/api/v1/restart`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/restart",
    tag = "orders",
    summary = "Start a new server on the same port",
    request_body = Option<Empty>,
    responses(
        (status = 202, description = "The request was sent to the launcher", body = Empty),
        (status = 409, response = Problem),
        (status = 503, response = Problem),
    ),
)]
pub(super) async fn restart(
    authorized: Authorized,
    _: Query<Empty>,
    _: Body<Empty>,
    state: Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let detail = message!("problem.restart_needs_launcher");
    needs_launcher(&state.launch, &detail, None)?;
    state.requests.send(LauncherRequest::Restart { by: authorized.by });
    Ok(HttpResponse::Accepted().json(Empty {}))
}

/// `POST /_homeport/api/v1/stop`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/stop",
    tag = "orders",
    summary = "End the server, and its launcher with it",
    request_body = Option<Empty>,
    responses(
        (status = 202, description = "It ends", body = Empty),
        (status = 503, response = Problem),
    ),
)]
pub(super) async fn stop(
    authorized: Authorized,
    _: Query<Empty>,
    _: Body<Empty>,
    state: Data<AppState>,
) -> Result<HttpResponse, Problem> {
    needs_awake_launcher(&state.launch)?;
    state.requests.send(LauncherRequest::Stop { by: authorized.by });
    Ok(HttpResponse::Accepted().json(Empty {}))
}

/// Refuses what only a launcher can do if there is none, or one that is stopped, with the command that helps.
fn needs_launcher(launch: &LaunchInfo, detail: &str, port: Option<Port>) -> Result<(), Problem> {
    if launch.is_supervised() {
        return needs_awake_launcher(launch);
    }
    let port = port.map(|port| format!("--port {port}")).unwrap_or_default();
    Err(Problem::no_launcher(detail, next_command::launcher_in_any_shell(&port, &launch.app)))
}

/// Refuses what a stopped launcher would carry out when it continues, which may be days later.
fn needs_awake_launcher(launch: &LaunchInfo) -> Result<(), Problem> {
    match launch.launcher_pid {
        Some(pid) if is_stopped(pid) => Err(Problem::launcher_stopped(pid)),
        _ => Ok(()),
    }
}
