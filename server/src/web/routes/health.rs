//! `healthz`: the process answers. `readyz`: it also wants to be asked.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use serde_json::{Value, json};

use crate::web::{app_state::AppState, error::ApiError};

/// `GET /_homeport/healthz`
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /_homeport/readyz`
pub(super) async fn readyz(state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    if state.serving.moved.to().is_some() {
        Err(ApiError::Moved)
    } else if state.serving.is_ready() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(ApiError::Stopping)
    }
}
