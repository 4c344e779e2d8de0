//! How long requests take.

use std::time::Instant;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::Next,
};
use prometheus::{HistogramOpts, HistogramVec};

/// From what a page of ours takes to what somebody notices, in seconds.
const BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// The durations of all requests of one server. Clones are the same.
#[derive(Clone)]
pub struct Requests(pub(super) HistogramVec);

impl Requests {
    /// None yet.
    ///
    /// # Errors
    ///
    /// If the library refuses the name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let name = "homeport_http_request_duration_seconds";
        let about = HistogramOpts::new(name, "How long it took until the response began.");
        let labels = ["method", "status"];
        HistogramVec::new(about.buckets(BUCKETS.to_vec()), &labels).map(Self)
    }
}

/// The middleware.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn measured<B: MessageBody + 'static>(
    requests: Requests,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let (began, method) = (Instant::now(), method(request.method()));
    let response = next.call(request).await?;
    let labels = [method, class(response.status())];
    requests.0.with_label_values(&labels).observe(began.elapsed().as_secs_f64());
    Ok(response)
}

/// A method as a label. A client may send any word, and only the known ones are kept apart.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The class of a status as a label.
fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
