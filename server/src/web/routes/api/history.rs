//! `history`: the records of the port history, newest first, in pages.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::{
    event::EventName,
    history::{Cursor, Entry, Filter, HistoryPage, Reader, Record, SinceTime},
    message,
    port::Port,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{blocking::run_blocking, query::Query};
use crate::{
    json_body::Json,
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized},
};

/// One page of the history.
#[derive(Serialize, ToSchema)]
pub(super) struct Records {
    /// The records as they were written, the newest first.
    #[schema(value_type = Vec<Record>)]
    records: Vec<Box<RawValue>>,
    /// The `cursor` of the next page; null if there is nothing older. A page may have fewer records
    /// than asked for, or none, and still have a next one.
    next: Option<Cursor>,
    /// How many of the lines read for this page are no records.
    broken_lines: u64,
}

/// The records to return.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// How many records at most.
    #[serde(default)]
    #[param(inline, example = 100)]
    limit: PageLimit,
    /// The `next` of the page before.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// No record from before this time: a moment, or how long ago that is, such as `7d`.
    #[param(inline, example = "7d")]
    since: Option<SinceTime>,
    /// No record from after this time, written in the same way.
    #[param(inline, example = "2026-11-22T12:00:00Z")]
    until: Option<SinceTime>,
    /// This event alone.
    #[param(inline, example = json!(EventName::PortConflict))]
    event: Option<EventWord>,
    /// Records about this port, or about leaving or reaching it.
    #[param(inline)]
    port: Option<Port>,
    /// This launch alone.
    #[param(example = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77")]
    launch_id: Option<Uuid>,
    /// Of every app of this user, and not of this one alone.
    #[serde(default)]
    all_apps: bool,
}

/// How many records a page has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "i64")]
#[schema(value_type = u16, minimum = 1, maximum = 1000)]
struct PageLimit(usize);

impl PageLimit {
    const MAX: usize = 1000;
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<i64> for PageLimit {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        let number = usize::try_from(number).ok().filter(|n| (1..=Self::MAX).contains(n));
        number.map(Self).ok_or_else(|| message!("problem.page_limit", most = Self::MAX))
    }
}

/// The name of an event, which may be one of another version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[a-z_]{1,64}$")]
struct EventWord(String);

impl TryFrom<String> for EventWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_word = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_word { Ok(Self(text)) } else { Err(message!("problem.not_an_event")) }
    }
}

/// `GET /_homeport/api/v1/history`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/history",
    tag = "reading",
    summary = "Records of the port history, newest first",
    params(HistoryQuery),
    responses(
        (status = 200, description = "A page", body = Records),
        (status = 410, response = Problem),
    ),
)]
pub(super) async fn history(
    _: Authorized,
    Query(asked): Query<HistoryQuery>,
    state: Data<AppState>,
) -> Result<Json<Records>, Problem> {
    let HistoryQuery { limit: PageLimit(limit), cursor, .. } = asked;
    let filter = Filter {
        app: (!asked.all_apps).then(|| state.launch.app.clone()),
        since: asked.since.map(|SinceTime(since)| since),
        until: asked.until.map(|SinceTime(until)| until),
        events: asked.event.into_iter().map(|EventWord(event)| event.into()).collect(),
        port: asked.port,
        launch_id: asked.launch_id,
    };
    let file = state.storage.history_file();
    let page = run_blocking(move || match file {
        Some(file) => Ok(Reader::of_history(&file).page(&filter, limit, cursor)?),
        None => Ok(HistoryPage::default()),
    })
    .await?;
    let HistoryPage { records, next, broken_lines } = page;
    let raw = |entry: Entry| RawValue::from_string(entry.text).ok();
    let records = records.into_iter().filter_map(raw).collect();
    Ok(Json(Records { records, next, broken_lines }))
}

#[cfg(test)]
mod test {
    use super::{super::query::read_query, *};

    fn limit(text: &str) -> Option<usize> {
        read_query(&format!("limit={text}")).ok().map(|asked: HistoryQuery| asked.limit.0)
    }

    #[test]
    fn a_page_has_at_least_one_record_and_at_most_a_thousand() {
        for wrong in ["", "0", "-1", "1001", "1e3", "ten", "99999999999999999999"] {
            assert_eq!(limit(wrong), None, "{wrong}");
        }
        assert_eq!((limit("1"), limit("1000")), (Some(1), Some(1000)));
    }
}
