//! The cause of a problem, as a line of diagnostics.

use std::{error::Error, iter::successors};

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use shared::keys;
use slog::{Logger, warn};

use crate::{auth::masked_path::masked_path, problem::Problem};

/// The middleware. It writes the cause of a problem that has one, with the causes behind it.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub(crate) async fn log_causes<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let response = next.call(request).await?;
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
    let logger = response.request().app_data::<Data<Logger>>();
    if let (Some(cause), Some(logger)) = (problem.and_then(Error::source), logger) {
        let chain: Vec<_> =
            successors(Some(cause), |error| (*error).source()).map(ToString::to_string).collect();
        warn!(logger, "request failed";
            keys::ERROR => chain.join(": "),
            keys::PATH => masked_path(response.request().path()));
    }
    Ok(response)
}
