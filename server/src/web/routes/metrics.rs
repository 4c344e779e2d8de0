//! `metrics`: numbers for Prometheus, which sends the token as its `authorization`.

use actix_web::{
    HttpResponse,
    web::{Data, block},
};

use crate::{
    problem::Problem,
    web::{
        app_state::AppState,
        authorized::Authorized,
        metrics::{MEDIA_TYPE, Metrics},
    },
};

/// `GET /_homeport/metrics`
pub(super) async fn metrics(
    _: Authorized,
    state: Data<AppState>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, Problem> {
    match block(move || metrics.text(&state.launch, state.serving.started_at)).await {
        Ok(Ok(text)) => Ok(HttpResponse::Ok().content_type(MEDIA_TYPE).body(text)),
        Ok(Err(error)) => Err(Problem::no_metrics(error)),
        Err(_) => Err(Problem::unavailable()),
    }
}
