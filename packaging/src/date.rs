//! The one time in a package: `SOURCE_DATE_EPOCH`, which is when the last commit was made.

use crate::problem::PackagingError;
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use std::env;

/// The variable, as reproducible-builds.org has specified it.
const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// When the source of a package was last changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Date(Timestamp);

impl Date {
    /// Reads the variable.
    pub(crate) fn of_source() -> Result<Self, PackagingError> {
        let told = env::var(VARIABLE).map_err(PackagingError::of(VARIABLE))?;
        Self::parse(&told)
    }

    fn parse(told: &str) -> Result<Self, PackagingError> {
        let seconds = told.trim().parse::<i64>().map_err(PackagingError::of(VARIABLE))?;
        Timestamp::from_second(seconds).map(Self).map_err(PackagingError::of(VARIABLE))
    }

    /// Seconds since 1970; nothing here is older.
    pub(crate) fn seconds(self) -> u64 {
        u64::try_from(self.0.as_second()).unwrap_or_default()
    }

    /// `Sun, 22 Nov 2026 12:00:00 +0000`
    pub(crate) fn rfc2822(self) -> Result<String, PackagingError> {
        let zoned = self.0.to_zoned(TimeZone::UTC);
        rfc2822::to_string(&zoned).map_err(PackagingError::of("a date"))
    }

    /// As a zip keeps it: without a zone, in steps of two seconds, from 1980 on.
    pub(crate) fn in_zip(self) -> zip::DateTime {
        let utc = self.0.to_zoned(TimeZone::UTC);
        let field = |value: i8| u8::try_from(value).unwrap_or_default();
        let year = u16::try_from(utc.year()).unwrap_or_default();
        let (month, day) = (field(utc.month()), field(utc.day()));
        let (hour, minute, second) =
            (field(utc.hour()), field(utc.minute()), field(utc.second()) & !1);
        zip::DateTime::from_date_and_time(year, month, day, hour, minute, second)
            .unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod test {
    use super::*;

    pub(crate) fn some() -> Date {
        Date::parse("1795348801").unwrap()
    }

    #[test]
    fn it_is_told_in_universal_time_whatever_the_zone_of_the_machine() {
        assert_eq!(some().rfc2822().unwrap(), "Sun, 22 Nov 2026 12:00:01 +0000");
        assert_eq!(some().in_zip().to_string(), "2026-11-22 12:00:00");
    }

    #[test]
    fn a_zip_has_no_time_before_its_own() {
        assert_eq!(Date::parse("0").unwrap().in_zip(), zip::DateTime::default());
        assert!(Date::parse("yesterday").is_err());
    }
}
