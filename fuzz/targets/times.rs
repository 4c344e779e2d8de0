//! Times and spans of time as a person writes them: each is refused in a short line, or read as what it is
//! written as again, also on a day that has an hour less or more.

#![no_main]

use jiff::{Timestamp, Zoned};
use libfuzzer_sys::fuzz_target;
use shared::{history::moment, settings::Span};

const NOWS: [&str; 4] = [
    "2026-11-22T12:00:00+00:00[UTC]",
    "2026-03-29T03:30:00+02:00[Europe/Berlin]",
    "2026-10-25T02:30:00+01:00[Europe/Berlin]",
    "2011-12-31T00:30:00+14:00[Pacific/Apia]",
];

fuzz_target!(|text: &str| {
    for now in NOWS {
        let now: Zoned = now.parse().expect("a time");
        match moment(text, &now) {
            Ok(at) => {
                assert_eq!(moment(&at.to_string(), &now), Ok(at), "{text:?}");
                assert_eq!(moment(&format!(" {text}\t"), &now), Ok(at), "{text:?}");
            }
            Err(error) => {
                let told = error.to_string();
                assert!(told.len() < 1000 && !told.contains(char::is_control), "{told:?}");
            }
        }
    }
    for now in [Timestamp::MIN, Timestamp::MAX] {
        let _ = moment(text, &now.to_zoned(jiff::tz::TimeZone::UTC));
    }
    if let Ok(span) = text.parse::<Span>() {
        assert_eq!(span.to_string().parse::<Span>().map(|again| again.0), Ok(span.0), "{text:?}");
    }
});
