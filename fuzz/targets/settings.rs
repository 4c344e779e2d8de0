//! The text of a settings file: it is read or refused with a line that exists, and what is edited in
//! it can be read again and says what was wished.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::settings::{Settings, SettingsFault, edit};

fuzz_target!(|text: &str| {
    let settings = Settings::parse(text);
    if let Err(SettingsFault { line: Some(line), .. }) = &settings {
        assert!((1..=text.matches('\n').count() + 1).contains(line), "no line {line}");
    }
    let edited = edit::set(text, "port", "17017");
    match (settings, edited) {
        (Ok(before), Ok(edited)) => {
            let after = Settings::parse(&edited.text).expect("an edited text can be read");
            assert_eq!(after.port.map(|port| port.get()), Some(17017));
            assert_eq!(Settings { port: before.port, ..after }, before, "something else changed");
        }
        (Ok(_), Err(error)) => panic!("a good text cannot be edited: {error}"),
        (Err(_), _) => {}
    }
});
