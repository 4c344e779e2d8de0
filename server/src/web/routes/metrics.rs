//! `metrics`: numbers for Prometheus, which sends the token as its `authorization`.

use actix_web::{
    HttpResponse,
    web::{Data, block},
};
use slog::{Logger, warn};

use crate::{
    auth::access::Authorized,
    web::{
        app_state::AppState,
        error::ApiError,
        metrics::{MEDIA_TYPE, Metrics},
    },
};

/// `GET /_homeport/metrics`
pub(super) async fn metrics(
    _: Authorized,
    state: Data<AppState>,
    metrics: Data<Metrics>,
    logger: Data<Logger>,
) -> Result<HttpResponse, ApiError> {
    match block(move || metrics.text(&state.launch, state.serving.started_at)).await {
        Ok(Ok(text)) => Ok(HttpResponse::Ok().content_type(MEDIA_TYPE).body(text)),
        Ok(Err(error)) => {
            warn!(logger, "no metrics"; shared::keys::ERROR => %error);
            Err(ApiError::NoMetrics)
        }
        Err(_) => Err(ApiError::Stopping),
    }
}
