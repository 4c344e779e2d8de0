//! The Windows programs and the desktop, under Wine.

use std::fs;

use e2e::{Ended, Home};

#[test]
fn a_windows_program_says_how_it_is_to_be_treated() {
    let Some(home) = Home::in_wine() else { return };
    for program in ["launcher", "server"] {
        let bytes = fs::read(home.program(program)).expect("it was built");
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        // The manifest is kept as it is; the version is kept in two bytes a letter.
        for piece in [
            r#"SMI/2024/WindowsSettings">detached</consoleAllocationPolicy>"#,
            r#"level="asInvoker""#,
            "<activeCodePage",
            "<longPathAware",
        ] {
            assert!(holds(piece.as_bytes()), "{program} has no {piece}");
        }
        let name: Vec<u8> = "ProductName".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(holds(&name), "{program} has no version");
    }
}

#[test]
fn a_windows_launcher_registers_its_start_at_login_and_takes_it_back() {
    let Some(home) = Home::in_wine() else { return };
    let ask = |words: &[&str]| -> Ended {
        let launcher = home.launcher().without("--no-open").without("--json");
        words.iter().fold(launcher, |launcher, word| launcher.arg(*word)).run()
    };
    let told = || {
        let checks = ask(&["doctor", "--json"]);
        let lines = checks.lines();
        let check = lines.iter().find(|line| line["check"] == "start_at_login");
        check.and_then(|check| check["text"].as_str()).expect("it is looked at").to_owned()
    };
    assert_eq!(ask(&["settings", "set", "start_at_login", "true"]).code, Some(0));
    assert_eq!(told(), "started at login");
    assert_eq!(ask(&["settings", "unset", "start_at_login"]).code, Some(0));
    assert_eq!(told(), "not started at login");
}

/// What is read by a script is not shown in a box, which would hold the script up for ever.
#[test]
fn a_windows_launcher_that_is_read_shows_no_box() {
    let Some(home) = Home::in_wine() else { return };
    home.set("server", "port = 0");
    let failed = home.launcher().without("--json").run();
    assert_eq!(failed.code, Some(78), "{failed:?}");
    assert!(failed.stderr.contains("port 0 means"), "{failed:?}");
}
