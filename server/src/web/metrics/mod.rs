//! Metrics: numbers for Prometheus, about the port first and the requests second.
//!
//! Names and units follow its conventions. No label holds a value that a client chooses, so that the
//! number of series is bounded.

mod history_counters;
mod requests;

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use prometheus::{
    Encoder, Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
    core::Collector,
};
use shared::{app::AppName, launch::LaunchInfo};

use self::history_counters::HistoryCounters;
pub use self::requests::{Requests, measured};
use crate::web::app_state::VERSION;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Everything that one server counts.
pub struct Metrics {
    requests: Requests,
    /// `None` for an application without a port history.
    counters: Option<Mutex<HistoryCounters>>,
}

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The port history cannot be read.
    #[error("cannot count the port history")]
    History(#[from] io::Error),
    /// A number has no name that Prometheus takes.
    #[error("cannot make the text")]
    Text(#[from] prometheus::Error),
}

impl Metrics {
    /// Of an app whose port history is `history`, if it is known.
    ///
    /// # Errors
    ///
    /// If the library refuses a name.
    pub fn new(app: &AppName, history: Option<PathBuf>) -> Result<Self, MetricsError> {
        let counters = history.map(|file| Mutex::new(HistoryCounters::new(&file, app.clone())));
        Ok(Self { requests: Requests::new()?, counters })
    }

    /// What is counted for each request.
    pub fn requests(&self) -> Requests {
        self.requests.clone()
    }

    /// All metrics as text, for the server of `launch`, which was made at `started_at`. It reads what was
    /// appended to the history, so it may wait for the disk.
    ///
    /// # Errors
    ///
    /// [`MetricsError`] if the history cannot be read.
    pub fn text(
        &self,
        launch: &LaunchInfo,
        started_at: Timestamp,
    ) -> Result<Vec<u8>, MetricsError> {
        let registry = Registry::new();
        let add = |collector: Box<dyn Collector>| registry.register(collector);
        let about = Opts::new("homeport_build_info", "The app and the version of its server.");
        let build = IntGaugeVec::new(about, &["app", "version"])?;
        build.with_label_values(&[launch.app.as_str(), VERSION]).set(1);
        add(Box::new(build))?;
        let port = IntGauge::new("homeport_port", "The port that the app is served on.")?;
        port.set(launch.port.get().into());
        add(Box::new(port))?;
        let name = "process_start_time_seconds";
        let start = Gauge::new(name, "When the server started, in seconds since 1970.")?;
        start.set(started_at.as_microsecond() as f64 / 1e6);
        add(Box::new(start))?;
        if let Some(counters) = &self.counters {
            let mut counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
            counters.update()?;
            counters_of(&counters)?.into_iter().try_for_each(add)?;
        }
        add(Box::new(self.requests.all.clone()))?;
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// The counters of the history. The numbers are of all its launches, as it is kept across them.
fn counters_of(counters: &HistoryCounters) -> Result<Vec<Box<dyn Collector>>, prometheus::Error> {
    let launches = IntCounter::new("homeport_launches_total", "Launches of the app on record.")?;
    launches.inc_by(counters.launches);
    let help = "Servers of the app on record that were started again after a failure.";
    let restarts = IntCounter::new("homeport_restarts_total", help)?;
    restarts.inc_by(counters.restarts);
    let help = "Ports on record that the app could not have, by the kind of obstacle.";
    let conflicts = IntCounterVec::new(Opts::new("homeport_conflicts_total", help), &["class"])?;
    for (class, count) in &counters.conflicts {
        conflicts.with_label_values(&[class.word()]).inc_by(*count);
    }
    Ok(vec![Box::new(launches), Box::new(restarts), Box::new(conflicts)])
}
