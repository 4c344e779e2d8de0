//! A moment as a person names it, everywhere in the same words: a time, a day, or how long ago it was.

use std::{borrow::Cow, str::FromStr};

use jiff::{
    Span, Timestamp, ToSpan, Zoned,
    civil::{DateTime, Time},
};
use serde::{Deserialize, Deserializer, de};

use crate::{message, messages};

/// A text that names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", message!("time_error.no_moment", text = .0))]
pub struct SinceError(String);

/// A time, or how long ago it was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, example = "7d"))]
pub struct SinceTime(pub Timestamp);

impl FromStr for SinceTime {
    type Err = SinceError;

    fn from_str(text: &str) -> Result<Self, SinceError> {
        moment(text, &messages::now_here()).map(Self)
    }
}

impl<'de> Deserialize<'de> for SinceTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// The moment that `text` names, if it is `now`: so long ago (`10m`, `2h`, `7d`), a time of the last
/// 24 hours (`14:00`), `yesterday 14:00`, `today`, a date, a date with a time, or a time of RFC 3339. Where no
/// zone is written it is that of `now`, and where no time is, the day begins.
///
/// # Errors
///
/// [`SinceError`] if it names none.
///
/// # Examples
///
/// ```
/// use shared::history::moment;
///
/// let now = "2026-11-22T12:00:00+01:00[+01:00]".parse().expect("a time");
/// for (text, at) in [
///     ("10m", "2026-11-22T10:50:00Z"),
///     ("yesterday 14:00", "2026-11-21T13:00:00Z"),
///     ("2026-11-20", "2026-11-19T23:00:00Z"),
///     ("2026-11-20T11:00:00Z", "2026-11-20T11:00:00Z"),
///     ("2026-11-20 16:30:00 +05:30", "2026-11-20T11:00:00Z"),
///     ("2026-11-20 11:00:00 UTC", "2026-11-20T11:00:00Z"),
/// ] {
///     assert_eq!(moment(text, &now).expect(text).to_string(), at);
/// }
/// assert!(moment("soon", &now).is_err());
/// ```
pub fn moment(text: &str, now: &Zoned) -> Result<Timestamp, SinceError> {
    let no_moment = || SinceError(text.chars().take(40).flat_map(char::escape_debug).collect());
    let text = text.trim();
    if let Some(at) = text.parse().ok().or_else(|| as_printed(text)) {
        return Ok(at);
    }
    match civil(text, now) {
        Some(at) => {
            at.to_zoned(now.time_zone().clone()).map(|at| at.timestamp()).map_err(|_| no_moment())
        }
        None => ago(text, now).ok_or_else(no_moment),
    }
}

/// A time as [`local_time`](messages::local_time) writes it: `2026-11-22 13:01:59 +01:00`, or with `UTC`.
fn as_printed(text: &str) -> Option<Timestamp> {
    let (time, zone) = text.rsplit_once(' ')?;
    let zone = match zone {
        "UTC" => "Z",
        offset if offset.starts_with(['+', '-']) => offset,
        _ => return None,
    };
    date_time(time)?;
    format!("{time}{zone}").parse().ok()
}

/// What a clock and a calendar on the wall show.
fn civil(text: &str, now: &Zoned) -> Option<DateTime> {
    if let Some(time) = time_of_day(text) {
        let at = now.date().to_datetime(time);
        // The last time that it was so late.
        let is_past = at <= now.datetime();
        return if is_past { Some(at) } else { at.checked_sub(1.day()).ok() };
    }
    let (day, time) = text.split_once(' ').unwrap_or((text, "0:00"));
    let date = match day {
        "now" if day == text => return Some(now.datetime()),
        "today" => now.date(),
        "yesterday" => now.date().yesterday().ok()?,
        _ => return date_time(text),
    };
    Some(date.to_datetime(time_of_day(time.trim())?))
}

/// A date, which digits alone are none, with or without a time.
fn date_time(text: &str) -> Option<DateTime> {
    let has_hyphens = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-');
    text.parse().ok().filter(|_| has_hyphens)
}

/// `9:00`, `14:00` or `14:00:05`.
fn time_of_day(text: &str) -> Option<Time> {
    let (hour, _) = text.split_once(':')?;
    let is_hour = matches!(hour.len(), 1 | 2) && hour.bytes().all(|byte| byte.is_ascii_digit());
    format!("{text:0>width$}", width = text.len() + 2 - hour.len().min(2))
        .parse()
        .ok()
        .filter(|_| is_hour)
}

/// `7d`, `12h` or `30m`, with or without `ago`.
fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    let span: Span = text.strip_suffix(" ago").unwrap_or(text).parse().ok()?;
    // Longer ago than there is time: everything is since then.
    let at = || now.checked_sub(span).map_or(Timestamp::MIN, |at| at.timestamp());
    (!span.is_negative()).then(at)
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use jiff::tz::TimeZone;

    use super::*;

    fn at(text: &str) -> Zoned {
        text.parse().expect("a time")
    }

    #[test]
    fn what_names_no_moment_is_refused_with_examples() {
        let now = at("2026-11-22T12:00:00Z[UTC]");
        for text in [
            "",
            "7",
            "d",
            "-7d",
            "-7d ago",
            "20261122",
            "\u{1b}[2J",
            "1e9d",
            "tomorrow",
            "25:00",
            "14:",
            "2026-13-01",
            "yesterday noon",
            "now 14:00",
            "soon",
            "1414:00",
            ":30",
        ] {
            let said = moment(text, &now).expect_err(text).to_string();
            for example in ["10m", "7d", "yesterday 14:00", "2026-11-22"] {
                assert!(said.contains(example), "{said}");
            }
            assert!(!said.contains('\u{1b}'), "{said}");
        }
    }

    #[test]
    fn moments_are_named_in_the_words_of_a_person() {
        // One hour before the clocks of Berlin were set back.
        let now = at("2026-10-25T02:30:00+02:00[Europe/Berlin]");
        for (text, wanted) in [
            ("10m", "2026-10-25T00:20:00Z"),
            ("10m ago", "2026-10-25T00:20:00Z"),
            ("10 minutes", "2026-10-25T00:20:00Z"),
            ("2h", "2026-10-24T22:30:00Z"),
            ("2w", "2026-10-11T00:30:00Z"),
            ("1d 12h", "2026-10-23T12:30:00Z"),
            ("19000y", "-009999-01-02T01:59:59Z"),
            ("now", "2026-10-25T00:30:00Z"),
            ("1:00", "2026-10-24T23:00:00Z"),
            ("14:00", "2026-10-24T12:00:00Z"),
            ("14:00:05", "2026-10-24T12:00:05Z"),
            ("today", "2026-10-24T22:00:00Z"),
            ("today 14:00", "2026-10-25T13:00:00Z"),
            ("yesterday", "2026-10-23T22:00:00Z"),
            ("yesterday 9:15", "2026-10-24T07:15:00Z"),
            ("2026-10-24", "2026-10-23T22:00:00Z"),
            ("2026-10-24 14:00", "2026-10-24T12:00:00Z"),
            ("2026-10-24T14:00", "2026-10-24T12:00:00Z"),
            ("2026-10-24T14:00:00Z", "2026-10-24T14:00:00Z"),
            (" 2026-10-24T14:00:00+05:00 ", "2026-10-24T09:00:00Z"),
        ] {
            assert_eq!(moment(text, &now).expect(text).to_string(), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = moment(&text, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
        }
    }
}
