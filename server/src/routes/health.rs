//! `healthz`: the process answers. `readyz`: it also wants to be asked.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use serde_json::{Value, json};

use crate::{error::ApiError, facts::Facts};

/// `GET /_homeport/healthz`
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /_homeport/readyz`
pub(super) async fn readyz(facts: Data<Facts>) -> Result<HttpResponse, ApiError> {
    if facts.moved.to().is_some() {
        Err(ApiError::Moved)
    } else if facts.is_ready() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(ApiError::Stopping)
    }
}
