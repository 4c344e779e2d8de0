//! A moment as a person names it: a time, or how long ago it was.

use std::{borrow::Cow, str::FromStr};

use crate::message;

use jiff::{Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Deserializer, de};

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
        moment(text, Timestamp::now()).map(Self)
    }
}

impl<'de> Deserialize<'de> for SinceTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// The moment that `text` names, if it is `now`.
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
/// let now = "2026-11-22T12:00:00Z".parse().expect("a time");
/// assert_eq!(moment("7d", now).expect("a span").to_string(), "2026-11-15T12:00:00Z");
/// assert_eq!(moment("2026-11-22T11:00:00Z", now).expect("a time").to_string(), "2026-11-22T11:00:00Z");
/// assert!(moment("yesterday", now).is_err());
/// ```
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp, SinceError> {
    let no_moment = || SinceError(text.chars().take(40).flat_map(char::escape_debug).collect());
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let span: Span = text.parse().map_err(|_| no_moment())?;
    if span.is_negative() {
        return Err(no_moment());
    }
    // Longer ago than there is time: everything is since then.
    Ok(now.to_zoned(TimeZone::UTC).checked_sub(span).map_or(Timestamp::MIN, |at| at.timestamp()))
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_names_no_moment_is_refused_with_an_example() {
        let now = Timestamp::UNIX_EPOCH;
        for text in ["", "7", "d", "-7d", "7d ago", "2026-11-22", "\u{1b}[2J", "1e9d", "now"] {
            let said = moment(text, now).expect_err(text).to_string();
            assert!(said.contains("7d") && !said.contains('\u{1b}'), "{said}");
        }
    }

    #[test]
    fn weeks_days_and_hours_are_spans() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        for (text, wanted) in [
            ("2w", "2026-11-08T12:00:00Z"),
            ("1d 12h", "2026-11-21T00:00:00Z"),
            ("30m", "2026-11-22T11:30:00Z"),
            ("19000y", "-009999-01-02T01:59:59Z"),
        ] {
            assert_eq!(moment(text, now).expect(text).to_string(), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = moment(&text, Timestamp::UNIX_EPOCH);
        }
    }
}
