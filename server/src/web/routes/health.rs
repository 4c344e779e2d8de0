//! `healthz`: the process answers. `readyz`: it also wants to be asked.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use serde_json::{Value, json};

use crate::{problem::Problem, web::app_state::AppState};

/// `GET /_homeport/healthz`
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /_homeport/readyz`
pub(super) async fn readyz(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    if state.redirect_target.port().is_some() {
        Err(Problem::unavailable_after_move())
    } else if state.serving.is_ready() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(Problem::unavailable())
    }
}
