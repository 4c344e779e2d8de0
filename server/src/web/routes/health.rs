//! `healthz`: the process answers. `readyz`: it also accepts new requests.

use actix_web::{HttpResponse, web::Data};
use serde_json::{Value, json};

use crate::{json_body::Json, problem::Problem, web::app_state::AppState};

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
