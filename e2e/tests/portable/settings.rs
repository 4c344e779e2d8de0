//! Settings that make no sense. They are a person's, so they are never moved or ignored (I14).

use std::fs;

use shared::app::AppName;

use crate::home;

/// Exit code 78, the file, the line and the way out; and the file is left as it was.
#[track_caller]
fn assert_refused(content: &[u8], pieces: &[&str]) {
    let Some(home) = home() else { return };
    home.set("server", content);
    let file = home.folders().settings(&AppName::default());
    let refused = home.launcher().without("--json").run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let always = [&*home.seen(&file), "it was left as it is"];
    for piece in pieces.iter().copied().chain(always) {
        assert!(refused.stderr.contains(piece), "no `{piece}`: {}", refused.stderr);
    }
    assert_eq!(fs::read(&file).expect("it is there"), content);
    assert_eq!(home.last("launch_failed")["exit_code"], 78);
    assert!(home.events("port_claimed").is_empty());
}

#[test]
fn a_setting_that_does_not_exist_is_named_with_its_line_and_the_nearest_one() {
    assert_refused(b"# mine\nprot = 3030\n", &["line 2", "`prot`", "`port`"]);
    assert_refused(b"colour = \"red\"\n", &["line 1", "`colour`", "on_conflict"]);
}

#[test]
fn a_value_that_makes_no_sense_is_named_with_its_line() {
    assert_refused(b"port = 0\n", &["line 1", "port 0"]);
    assert_refused(b"\nport = 70000\n", &["line 2", "70000"]);
    assert_refused(b"port = \"3030\"\n", &["line 1"]);
    assert_refused(b"range = \"20010-20000\"\n", &["line 1", "20000-20010"]);
    assert_refused(b"command = []\n", &["line 1", "write `command = ["]);
    assert_refused(b"ready_timeout = \"-1s\"\n", &["line 1", "less than nothing"]);
}

#[test]
fn a_file_that_is_cut_in_the_middle_is_named_with_its_line() {
    assert_refused(b"port = 3030\nrange = \"200", &["line 2"]);
    assert_refused(b"port = 3030\nport = 3031\n", &["line 2"]);
    assert_refused(b"port 3030", &["line 1"]);
}

#[test]
fn a_file_that_is_no_text_is_named() {
    assert_refused(b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe", &["not a text file"]);
}

/// What PowerShell 5 makes of `'port = 17890' > server.toml`, and an editor that knows Latin-1 alone.
#[test]
fn a_file_in_another_encoding_is_named_with_the_right_one() {
    let utf16: Vec<u8> =
        "\u{feff}port = 17890\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_refused(&utf16, &["UTF-16", "save it as UTF-8"]);
    assert_refused(b"port = 17890\n# caf\xe9\n", &["line 2", "not UTF-8"]);
}

#[test]
fn a_line_that_is_meant_otherwise_is_told_as_it_should_be() {
    assert_refused(b"port = \"17890\"\n", &["line 1", "write `port = 17890`"]);
    assert_refused(b"\nopen_browser = yes\n", &["line 2", "write `open_browser = true`"]);
    assert_refused(b"# mine\n[server]\nport = 17890\n", &["line 2", "delete line 2"]);
}

#[test]
fn an_empty_file_means_the_defaults() {
    for content in ["", "\n\n", "# nothing yet\n", "\u{feff}# saved by an editor on Windows\r\n"] {
        let Some(home) = home() else { return };
        home.set("server", content);
        home.launcher().start().ready();
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_named() {
    let Some(home) = home() else { return };
    let file = home.folders().settings(&AppName::default());
    fs::create_dir_all(&file).expect("made");
    let refused = home.launcher().run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let error = refused.line("launch_failed")["error"].to_string();
    assert!(error.contains("server.toml") && error.contains("cannot be read"), "{error}");
}
