//! `conflicts`: the programs that held our ports, how often, and when.

use actix_web::web::Data;
use serde::Deserialize;
use shared::{
    history::{Conflicts, Filter, Reader, SinceTime, moment},
    messages,
};
use utoipa::IntoParams;

use super::{blocking::run_blocking, query::Query};
use crate::{
    json_body::Json,
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized},
};

/// The default of `since`.
const SINCE: &str = "30d";

/// The conflicts to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConflictsQuery {
    /// No conflict from before this time: a moment, or how long ago that is, such as `7d`; `30d` unless given.
    #[param(inline, example = "30d")]
    since: Option<SinceTime>,
    /// Of every app of this user, and not of this one alone.
    #[serde(default)]
    all_apps: bool,
}

/// `GET /_homeport/api/v1/conflicts`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/conflicts",
    tag = "reading",
    summary = "Who takes our ports, how often, and when",
    params(ConflictsQuery),
    responses((status = 200, description = "By who held the port, the most frequent first", body = Conflicts)),
)]
pub(super) async fn conflicts(
    _: Authorized,
    Query(asked): Query<ConflictsQuery>,
    state: Data<AppState>,
) -> Result<Json<Conflicts>, Problem> {
    let since = asked.since.map(|SinceTime(since)| since);
    let filter = Filter {
        app: (!asked.all_apps).then(|| state.launch.app.clone()),
        since: since.or_else(|| moment(SINCE, &messages::now_here()).ok()),
        ..Filter::default()
    };
    let file = state.storage.history_file();
    let found = run_blocking(move || match file {
        Some(file) => Ok(Reader::of_history(&file).conflicts(&filter)?),
        None => Ok(Conflicts::default()),
    });
    Ok(Json(found.await?))
}
