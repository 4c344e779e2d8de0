//! `move`, `restart`, `stop`: what a person asks for, checked and passed on.
//!
//! The answer says that it was passed on; what comes of it is told by the events, and by the history.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use serde_json::{Map, Value, json};
use shared::{launch::LaunchInfo, port::Port, settings::Settings};

use super::{body, ports, query::Parameters, refusal::Refusal, schemas};
use crate::{app_state::AppState, token::Authorized, wishes::Wish};

/// `POST /_homeport/api/v1/move`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/move",
    tag = "orders",
    summary = "Change the port, without losing a request",
    request_body = Option<schemas::MoveOrder>,
    responses(
        (status = 202, description = "The launcher was told; the event `moved` says when it is done", body = schemas::MoveOrder),
        (status = 404, response = schemas::Problem),
        (status = 409, response = schemas::Problem),
        (status = 429, response = schemas::Problem),
    ),
)]
pub(super) async fn relocate(
    authorized: Authorized,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, Refusal> {
    Parameters::of(&request, &[])?;
    let body = body::object(&request, payload).await?;
    body::only(&body, &["port"])?;
    let port = wanted(&body)?;
    let detail = "moving needs the launcher: stop this server and start the app with it";
    needs_launcher(&state.launch, detail, port)?;
    if let Some(port) = port {
        if port == state.launch.port {
            return Err(Refusal::SamePort(port.get()));
        }
        ports::look(&state, move |state, files| {
            let settings =
                Settings::load(&files.folders.settings(&state.launch.app)).unwrap_or_default();
            match ports::conflict(state, files, port, &settings)? {
                Some(conflict) => Err(Refusal::Taken(Box::new(conflict))),
                None => Ok(()),
            }
        })
        .await?;
    }
    state.requests.send(Wish::Move { port, by: authorized.by });
    Ok(HttpResponse::Accepted().json(json!({ "port": port })))
}

fn wanted(body: &Map<String, Value>) -> Result<Option<Port>, Refusal> {
    match body.get("port") {
        None | Some(Value::Null) => Ok(None),
        Some(port) => match serde_json::from_value(port.clone()) {
            Ok(port) => Ok(Some(port)),
            Err(error) => Err(Refusal::value("port", &error)),
        },
    }
}

/// `POST /_homeport/api/v1/restart`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/restart",
    tag = "orders",
    summary = "Start a new server on the same port",
    request_body = Option<schemas::Nothing>,
    responses(
        (status = 202, description = "The launcher was told", body = schemas::Nothing),
        (status = 409, response = schemas::Problem),
    ),
)]
pub(super) async fn restart(
    authorized: Authorized,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, Refusal> {
    nothing(&request, payload).await?;
    let detail = "restarting needs the launcher: stop this server and start the app with it";
    needs_launcher(&state.launch, detail, None)?;
    state.requests.send(Wish::Restart { by: authorized.by });
    Ok(HttpResponse::Accepted().json(json!({})))
}

/// `POST /_homeport/api/v1/stop`
#[utoipa::path(
    post,
    path = "/_homeport/api/v1/stop",
    tag = "orders",
    summary = "End the server, and its launcher with it",
    request_body = Option<schemas::Nothing>,
    responses((status = 202, description = "It ends", body = schemas::Nothing)),
)]
pub(super) async fn stop(
    authorized: Authorized,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, Refusal> {
    nothing(&request, payload).await?;
    state.requests.send(Wish::Stop { by: authorized.by });
    Ok(HttpResponse::Accepted().json(json!({})))
}

/// Refuses what a launcher alone can do where there is none, with the command that starts one.
fn needs_launcher(
    launch: &LaunchInfo,
    detail: &'static str,
    port: Option<Port>,
) -> Result<(), Refusal> {
    if launch.is_supervised() {
        return Ok(());
    }
    let port = port.map(|port| format!(" --port {port}")).unwrap_or_default();
    Err(Refusal::Unsupervised { detail, command: format!("launcher --app {}{port}", launch.app) })
}

/// Checks that nothing else was said.
async fn nothing(request: &HttpRequest, payload: Payload) -> Result<(), Refusal> {
    Parameters::of(request, &[])?;
    body::only(&body::object(request, payload).await?, &[])
}
