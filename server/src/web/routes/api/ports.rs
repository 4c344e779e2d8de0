//! `ports/{port}`: whether a port is free and who uses it, in the words of `launcher explain`.
//!
//! The console sends a request for every key that is typed, so one port is checked at a time, and
//! further requests are refused after a time. Our own port is not probed.

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    app::AppName,
    conflict::{Class, Conflict, Holder, OsError},
    explain::{ExplainContext, remarks::Remark, timeline::PortTimeline},
    history::{Reader, Record},
    message,
    policy::DEFAULT_RANGE,
    port::Port,
    settings::Settings,
};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::{
    blocking::{app_files, run_blocking},
    fields::Empty,
    query::{Path, Query},
};
use crate::{
    json_body::Json,
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized, storage::AppFiles},
};

/// How long a request waits for the one before it, whose diagnosis may take a second.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How many records of the port are sent.
const RECORDS: usize = 5;

/// Whether the app could have a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Verdict)]
pub(super) enum PortVerdict {
    /// It could be claimed.
    Free,
    /// This server uses it.
    Ours,
    /// Another program uses it, or another app reserves it.
    Taken,
    /// Browsers or the system refuse it.
    Refused,
}

/// Whether the app could have the port, and what keeps it from that.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explained {
    /// The port that was asked about.
    port: Port,
    /// What it is to us at this moment; it may be another when this is read.
    verdict: PortVerdict,
    /// The same for a person, in English.
    #[schema(example = "port 3030 is held by docker-proxy (pid 812, user root)")]
    sentence: String,
    /// What keeps it from us.
    class: Option<Class>,
    /// Who holds it, as far as known.
    holder: Option<Holder>,
    /// What the system said.
    os_error: Option<OsError>,
    /// How to get it, in English.
    advice: Option<String>,
    /// Remarks on the number itself: what it is to the app first, then its faults, the gravest first.
    remarks: Vec<Remark>,
    /// The other app of this user that remembers it.
    reserved_by: Option<AppName>,
    /// How many launches became ready on it.
    launches: usize,
    /// Its last records, the newest first.
    #[schema(value_type = Vec<Record>, max_items = 5)]
    history: Vec<Value>,
}

/// Which port is asked about.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct PortPath {
    /// Any port, whether Homeport would choose it or not.
    #[param(inline, example = 3030)]
    port: Port,
}

/// `GET /_homeport/api/v1/ports/{port}`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/ports/{port}",
    tag = "reading",
    summary = "Who holds a port, and whether it can be used",
    params(PortPath),
    responses(
        (status = 200, description = "What could be found out in a second", body = Explained),
        (status = 404, response = Problem),
        (status = 429, response = Problem),
    ),
)]
pub(super) async fn port(
    _: Authorized,
    _: Query<Empty>,
    Path(PortPath { port }): Path<PortPath>,
    state: Data<AppState>,
) -> Result<Json<Explained>, Problem> {
    Ok(Json(check_port(&state, move |state, files| explain(state, files, port)).await?))
}

/// Runs `check` on a thread that may block, one at a time.
pub(super) async fn check_port<T: Send + 'static>(
    state: &Data<AppState>,
    check: impl FnOnce(&AppState, &AppFiles) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    app_files(&state.storage)?;
    let turn = timeout(PATIENCE, Arc::clone(&state.port_checks).acquire_owned()).await;
    let turn = turn.map_err(|_| Problem::busy())?;
    let state = state.clone();
    run_blocking(move || {
        // The check goes on, and holds its turn, even if the client has gone.
        let _turn = turn;
        check(&state, app_files(&state.storage)?)
    })
    .await
}

/// Tries to claim `port`, lets go of it at once, and diagnoses a refusal.
pub(super) fn conflict(
    state: &AppState,
    files: &AppFiles,
    port: Port,
    settings: &Settings,
) -> Result<Option<Conflict>, Problem> {
    let avoid: Vec<_> = settings.avoid.iter().map(|avoided| avoided.0).collect();
    let found = asker(state, files, settings, &avoid).conflict(port, state.secret.clone());
    found.map_err(|error| Problem::system(format!("{error}: {}", error.source), error))
}

fn asker<'a>(
    state: &'a AppState,
    files: &'a AppFiles,
    settings: &Settings,
    avoid: &'a [shared::port::PortRange],
) -> ExplainContext<'a> {
    ExplainContext {
        app: &state.launch.app,
        folders: &files.folders,
        range: settings.range.unwrap_or(DEFAULT_RANGE),
        avoid,
        home: settings.port,
    }
}

fn explain(state: &AppState, files: &AppFiles, port: Port) -> Result<Explained, Problem> {
    // Wrong settings are reported by the route of the settings.
    let settings = Settings::load(&files.folders.settings(&state.launch.app)).unwrap_or_default();
    let avoid: Vec<_> = settings.avoid.iter().map(|avoided| avoided.0).collect();
    let is_ours = port == state.launch.port;
    let conflict = if is_ours { None } else { conflict(state, files, port, &settings)? };
    let remarks = asker(state, files, &settings, &avoid).remarks(port);
    let history = Reader::of_history(&files.folders.history()).until(state.long_reads.clone());
    let past = PortTimeline::read(&history, port, None)?;
    let (verdict, sentence) = match &conflict {
        None if is_ours => (PortVerdict::Ours, message!("port_verdict.ours", port)),
        None => (PortVerdict::Free, message!("port_verdict.free", port)),
        Some(conflict) => (verdict(conflict.class), conflict.sentence()),
    };
    Ok(Explained {
        port,
        verdict,
        sentence,
        class: conflict.as_ref().map(|conflict| conflict.class),
        advice: conflict.as_ref().and_then(Conflict::advice),
        reserved_by: remarks.iter().find_map(|remark| remark.app.clone()),
        remarks,
        launches: past.launches(),
        history: past.latest().iter().rev().take(RECORDS).cloned().collect(),
        os_error: conflict.as_ref().and_then(|conflict| conflict.os_error.clone()),
        holder: conflict.and_then(|conflict| conflict.holder),
    })
}

/// Whether a conflict of this class means that the port is taken, or that it is refused.
fn verdict(class: Class) -> PortVerdict {
    match class {
        Class::Unknown | Class::Other => PortVerdict::Refused,
        Class::ReservedByApp => PortVerdict::Taken,
        class if class.is_of_program() => PortVerdict::Taken,
        _ => PortVerdict::Refused,
    }
}

#[cfg(test)]
mod test {
    use super::{super::query, *};

    fn number(text: &str) -> Option<u16> {
        query::read([("port", text)].into_iter()).ok().map(|PortPath { port }| port.get())
    }

    #[test]
    fn only_a_port_is_a_port() {
        for wrong in
            ["", "0", "65536", "99999", "123456", "+80", "-1", " 80", "8 0", "0x50", "٣", "80\u{0}"]
        {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!((number("65535"), number("00080")), (Some(65535), Some(80)));
    }
}
