//! `history`: the records of the port history, newest first, in pages.

use std::borrow::Cow;

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    app::AppName,
    history::{Cursor, Entry, Filter, Page, Reader, Record, moment},
};
use utoipa::ToSchema;

use super::{
    aside,
    query::{Parameters, word, yes_or_no},
    refusal::Refusal,
};
use crate::{app_state::AppState, error::Problem, token::Authorized};

/// How many records a page has unless more or fewer are asked for.
const LIMIT: usize = 100;

/// The most that it may have.
const MOST: usize = 1000;

const PARAMETERS: [&str; 8] =
    ["limit", "cursor", "since", "until", "event", "port", "launch_id", "all_apps"];

/// A page.
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

/// What is asked for.
#[derive(Debug)]
struct Wanted {
    filter: Filter,
    limit: usize,
    cursor: Option<Cursor>,
}

impl Wanted {
    fn of(request: &HttpRequest, app: &AppName) -> Result<Self, Refusal> {
        let given = Parameters::of(request, &PARAMETERS)?;
        let all_apps = given.take("all_apps", yes_or_no)?.unwrap_or(false);
        let now = Timestamp::now();
        Ok(Self {
            filter: Filter {
                app: (!all_apps).then(|| app.clone()),
                since: given.take("since", |text| moment(text, now))?,
                until: given.take("until", |text| moment(text, now))?,
                events: given.take("event", word)?.into_iter().map(Cow::Owned).collect(),
                port: given.parsed("port")?,
                launch_id: given.parsed("launch_id")?,
                ..Filter::default()
            },
            limit: given.take("limit", limit)?.unwrap_or(LIMIT),
            cursor: given.parsed("cursor")?,
        })
    }
}

fn limit(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| format!("write a number from 1 to {MOST}"))
}

/// `GET /_homeport/api/v1/history`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/history",
    tag = "reading",
    summary = "Records of the port history, newest first",
    params(
        ("limit" = Option<u16>, Query, description = "How many records at most", minimum = 1, maximum = 1000, example = 100),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-9a-f]{16}(0|[1-9a-f][0-9a-f]{0,15})$"),
        ("since" = Option<String>, Query, description = "Not from before this time, or this long ago", example = "7d"),
        ("until" = Option<String>, Query, description = "Not from after this time, or this long ago", example = "2026-11-22T12:00:00Z"),
        ("event" = Option<String>, Query, description = "This event alone", pattern = "^[a-z_]{1,64}$", example = "port_conflict"),
        ("port" = Option<u16>, Query, description = "Records about this port, or about leaving or reaching it", minimum = 1, maximum = 65535),
        ("launch_id" = Option<String>, Query, description = "This launch alone", format = "uuid", example = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77"),
        ("all_apps" = Option<bool>, Query, description = "Of every app of this user, and not of this one alone"),
    ),
    responses(
        (status = 200, description = "A page", body = Records),
        (status = 410, response = Problem),
    ),
)]
pub(super) async fn history(
    _: Authorized,
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<Records>, Refusal> {
    let Wanted { filter, limit, cursor } = Wanted::of(&request, &state.launch.app)?;
    let file = state.storage.history_file();
    let page = aside(move || match file {
        Some(file) => Ok(Reader::of_history(&file).page(&filter, limit, cursor)?),
        None => Ok(Page::default()),
    })
    .await?;
    let Page { records, next, broken_lines } = page;
    let raw = |entry: Entry| RawValue::from_string(entry.text).ok();
    let records = records.into_iter().filter_map(raw).collect();
    Ok(Json(Records { records, next, broken_lines }))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_page_has_at_least_one_record_and_at_most_a_thousand() {
        for wrong in ["", "0", "-1", "1001", "1e3", "ten", "99999999999999999999"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
        assert_eq!((limit("1"), limit("1000")), (Ok(1), Ok(1000)));
    }
}
