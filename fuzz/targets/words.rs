//! Words of a query or a command line: each is refused, or read as what it is written as again.

#![no_main]

use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use shared::{
    app::AppName,
    history::{Cursor, moment},
    port::{Port, PortRange},
};

fuzz_target!(|text: &str| {
    if let Ok(cursor) = text.parse::<Cursor>() {
        assert_eq!(cursor.to_string(), text);
    }
    if let Ok(app) = text.parse::<AppName>() {
        assert_eq!(app.as_str(), text);
        assert!(!text.contains(['/', '\\', '\0', '\n']) && !text.starts_with('.'));
    }
    if let Ok(port) = text.parse::<Port>() {
        assert_eq!(port.to_string().parse(), Ok(port));
    }
    if let Ok(range) = text.parse::<PortRange>() {
        assert!(range.first() <= range.last());
        assert_eq!(range.to_string().parse(), Ok(range));
    }
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        if let Err(error) = moment(text, &now.to_zoned(TimeZone::UTC)) {
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }
});
