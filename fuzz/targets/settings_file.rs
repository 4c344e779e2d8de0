//! The bytes of a settings file: they are read or refused with a line that exists, and a value that a message
//! proposes is one that its setting can have.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use shared::settings::{Settings, SettingsProblem};
use tempfile::TempDir;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a folder");
}

fuzz_target!(|bytes: &[u8]| {
    let file = FOLDER.with(|folder| folder.path().join("app.toml"));
    fs::write(&file, bytes).expect("written");
    if let Ok(text) = Settings::text(&file) {
        assert_eq!(text.as_bytes(), bytes, "the text is the file");
    }
    let Err(error) = Settings::load(&file) else { return };
    if let Some(line) = error.line {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        assert!((1..=lines).contains(&line), "no line {line}: {error}");
    }
    if let SettingsProblem::Corrected(meant) = &error.problem {
        let (key, value) = (meant.key, &meant.value);
        let proposed = format!("{key} = {value}");
        assert!(Settings::parse(&proposed).is_ok(), "{proposed:?} is wrong too: {error}");
    }
});
