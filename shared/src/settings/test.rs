//! What is said of right and wrong settings files.

use std::{fs, path::Path};

use super::*;
use crate::port::{Port, PortRange};

fn load(text: &[u8]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.toml");
    fs::write(&file, text).expect("written");
    Settings::load(&file).map_err(|error| {
        let message = error.to_string();
        message.strip_prefix(&file.display().to_string()).expect("names the file").to_owned()
    })
}

#[test]
fn an_absent_and_an_empty_file_are_the_defaults_and_no_file_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("none.toml");
    assert_eq!(Settings::load(&file).expect("absent"), Settings::default());
    assert!(!file.exists());
    assert_eq!(load(b"").expect("empty"), Settings::default());
}

#[test]
fn every_setting_can_be_said() {
    let settings = load(
        br#"
        port = 3030
        range = "20000-20100"
        avoid = [20005, "20010-20020"]
        on_conflict = "fail"
        open_browser = false
        start_at_login = true
        ready_timeout = "2m 30s"
        restart = "never"
        redirect_for = "1h"
        log = "debug"
        command = ["/bin/server", "--root", "site"]
        "#,
    )
    .expect("right");
    assert_eq!(settings.port, Port::new(3030));
    assert_eq!(settings.avoid[1].0, PortRange::literal(20010, 20020));
    assert_eq!(settings.ready_timeout.expect("set").0.as_secs(), 150);
    assert_eq!(settings.command.expect("set").arguments(), ["--root", "site"]);
}

#[test]
fn whatever_is_wrong_is_said_with_its_line_and_a_way_out() {
    for (text, message) in [
        (
            &b"# hello\nprot = 3030\n"[..],
            ", line 2: there is no setting `prot`: did you mean `port`?",
        ),
        (
            b"open-browser = true",
            ", line 1: there is no setting `open-browser`: did you mean `open_browser`?",
        ),
        (b"colour = 1", ", line 1: there is no setting `colour`: the settings are port, range"),
        (b"\nport = 0", ", line 2: port 0 means"),
        (b"port = 70000", ", line 1: 70000 is not a port"),
        (b"port = \"abc\"", ", line 1: invalid type: string"),
        (b"range = \"200-100\"", ", line 1: the range 200-100 runs backwards"),
        (b"avoid = [true]", ", line 1: write a port such as 3000"),
        (b"command = []", ", line 1: name a program"),
        (b"ready_timeout = \"soon\"", ", line 1: `soon` is not a span of time"),
        (b"stop_timeout = \"876001h\"", ", line 1: `876001h` is more than 100 years"),
        (b"on_conflict = \"wait\"", ", line 1: unknown variant `wait`"),
        (b"port = 3030\nrange = \"20", ", line 2: "),
        (b"\x7fELF\0\0\xff", ": this is not a text file"),
    ] {
        let problem = load(text).expect_err("wrong");
        assert!(problem.starts_with(message), "{problem}");
        // The text alone is judged in the same way.
        if let Ok(text) = str::from_utf8(text) {
            let fault = Settings::parse(text).expect_err("wrong").of(Path::new(""));
            assert_eq!(fault.to_string(), problem);
        }
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Settings::load(folder.path()).expect_err("a folder").to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn every_row_of_the_table_is_sound() {
    let examples: String = TABLE.iter().map(|s| format!("{} = {}\n", s.key, s.example)).collect();
    let set = Settings::parse(&examples).expect("right");
    let changed: Vec<_> = Settings::defaults().changes(&set).iter().map(|c| c.key).collect();
    assert_eq!(changed, KEYS, "each example is another value than the default");
    for setting in TABLE {
        let variable = format!("HOMEPORT_{}", setting.key.to_ascii_uppercase());
        assert!(setting.variable.is_none_or(|name| name == variable), "{setting:?}");
        assert!(setting.flag.is_none_or(|flag| flag.starts_with("--")), "{setting:?}");
        for word in setting.kind.words() {
            let text = match setting.kind {
                Kind::Choice(_) => format!("{} = \"{word}\"", setting.key),
                _ => format!("{} = {word}", setting.key),
            };
            assert!(Settings::parse(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn the_defaults_and_what_is_shown_of_them_are_the_same_settings() {
    let shown = TABLE.iter().filter_map(|s| Some(format!("{} = {}\n", s.key, s.default()?)));
    let shown = Settings::parse(&shown.collect::<String>()).expect("right");
    assert_eq!(shown, Settings::defaults());
    let log = TABLE.iter().find(|setting| setting.key == "log").expect("it is there");
    assert_eq!(log.choices(), ["info", "error", "warning", "debug"]);
}
