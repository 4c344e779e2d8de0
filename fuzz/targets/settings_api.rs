//! A settings file and the whole set that a browser sends for it: the file is left as it was, or says
//! exactly what was wished.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use shared::settings::{Settings, edit};

// The set on the first line, the file after it.
fuzz_target!(|text: &str| {
    let (set, file) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(wanted) = serde_json::from_str::<Map<String, Value>>(set) else { return };
    let Ok(edited) = edit::replace(file, &wanted) else { return };
    let wished: Settings = serde_json::from_value(wanted.into()).expect("it was accepted");
    let after = Settings::parse(&edited).expect("an edited text can be read");
    assert_eq!(after, wished, "{edited}");
    let same = serde_json::json!(wished);
    let again = edit::replace(&edited, same.as_object().expect("an object"));
    assert_eq!(again.expect("its own settings"), edited, "a second time changes something");
});
