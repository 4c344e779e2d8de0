//! The access log: one line of diagnostics for each response.

use std::{rc::Rc, time::Instant};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use shared::keys;
use slog::{Drain, Level, Logger, info};

use crate::auth::masked_path::masked_path;

/// Whether `logger` would keep such lines. If not, the middleware is left out altogether.
pub fn is_wanted(logger: &Logger) -> bool {
    logger.is_enabled(Level::Info)
}

/// The middleware. The time is that until the response began; its body may take longer.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn access_log<B: MessageBody + 'static>(
    logger: Rc<Logger>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let response = next.call(request).await?;
    let request = response.request();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::None => Some(0),
        BodySize::Stream => None,
    };
    // slog writes them last to first.
    info!(logger, "request";
        keys::REMOTE_ADDR => request.peer_addr().map(|address| address.to_string()),
        keys::ELAPSED_MS => began.elapsed().as_micros() as f64 / 1000.0,
        keys::BYTES => bytes,
        keys::STATUS => response.status().as_u16(),
        keys::PATH => masked_path(request.path()),
        keys::METHOD => masked_path(request.method().as_str()),
    );
    Ok(response)
}
