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

use crate::{problem::Problem, web::app_state::AppState};

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
    let request = response.request();
    let logged = request.app_data::<Data<Logger>>().zip(request.app_data::<Data<AppState>>());
    if let (Some(cause), Some((logger, state))) = (problem.and_then(Error::source), logged) {
        let chain: Vec<_> =
            successors(Some(cause), |error| (*error).source()).map(ToString::to_string).collect();
        warn!(logger, "request failed";
            keys::ERROR => chain.join(": "),
            keys::PATH => state.access.masked_path(request.path()));
    }
    Ok(response)
}
