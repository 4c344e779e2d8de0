//! `conflicts`: who takes our ports, how often, and when.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use jiff::Timestamp;
use shared::history::{Conflicts, Filter, Reader, moment};

use super::{
    aside,
    query::{Parameters, yes_or_no},
    refusal::Refusal,
};
use crate::{app_state::AppState, token::Authorized};

/// How far back it looks unless told otherwise.
const SINCE: &str = "30d";

/// `GET /_homeport/api/v1/conflicts`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/conflicts",
    tag = "reading",
    summary = "Who takes our ports, how often, and when",
    params(
        ("since" = Option<String>, Query, description = "Not from before this time, or this long ago; 30d unless given", example = "30d"),
        ("all_apps" = Option<bool>, Query, description = "Of every app of this user, and not of this one alone"),
    ),
    responses((status = 200, description = "By who held the port, the most frequent first", body = Conflicts)),
)]
pub(super) async fn conflicts(
    _: Authorized,
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<Conflicts>, Refusal> {
    let given = Parameters::of(&request, &["since", "all_apps"])?;
    let all_apps = given.take("all_apps", yes_or_no)?.unwrap_or(false);
    let now = Timestamp::now();
    let since = given.take("since", |text| moment(text, now))?;
    let filter = Filter {
        app: (!all_apps).then(|| state.launch.app.clone()),
        since: since.or_else(|| moment(SINCE, now).ok()),
        ..Filter::default()
    };
    let file = state.storage.history_file();
    let found = aside(move || match file {
        Some(file) => Ok(Reader::of_history(&file).conflicts(&filter)?),
        None => Ok(Conflicts::default()),
    });
    Ok(Json(found.await?))
}
