//! How long requests take.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
    middleware::Next,
};
use prometheus::{Histogram, HistogramOpts, HistogramVec};

/// From the time that a page of ours takes to one that a person notices, in seconds.
const BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];

/// The methods as labels. A client may send any word, and only the known ones are kept apart.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The classes of status as labels.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The series of each method and class, looked up when it is first needed.
type Series = [[OnceLock<Histogram>; CLASSES.len()]; METHODS.len()];

/// The durations of all requests of one server. Clones share them.
#[derive(Clone)]
pub struct Requests {
    pub(super) all: HistogramVec,
    series: Arc<Series>,
}

impl Requests {
    /// None yet.
    ///
    /// # Errors
    ///
    /// If the library refuses the name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let name = "homeport_http_request_duration_seconds";
        let about = HistogramOpts::new(name, "How long it took until the response began.");
        let all = HistogramVec::new(about.buckets(BUCKETS.to_vec()), &["method", "status"])?;
        Ok(Self { all, series: Arc::default() })
    }

    fn of(&self, method: usize, status: StatusCode) -> &Histogram {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let labels = [METHODS[method], CLASSES[class]];
        self.series[method][class].get_or_init(|| self.all.with_label_values(&labels))
    }
}

/// Counts a request, and the time until its response.
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
    requests.of(method, response.status()).observe(began.elapsed().as_secs_f64());
    Ok(response)
}

/// The place of a method among [`METHODS`].
fn method(method: &Method) -> usize {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}
