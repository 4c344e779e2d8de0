//! The Windows programs and the desktop, under Wine.

#![cfg(target_os = "linux")]

use std::{env, fs, path::PathBuf};

use e2e::{Ended, Home, Wine, skip};

/// The variable that names the folder of the Windows programs.
const PROGRAMS: &str = "HOMEPORT_WINDOWS_PROGRAMS";

#[test]
fn a_windows_program_says_how_it_is_to_be_treated() {
    let Some(folder) = env::var_os(PROGRAMS).map(PathBuf::from) else {
        return skip(&format!("{PROGRAMS} is not set: `cargo xtask test` builds them"));
    };
    for program in ["launcher.exe", "server.exe"] {
        let bytes = fs::read(folder.join(program)).expect("it was built");
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
    let Some(wine) = Wine::new() else { return };
    let home = Home::new();
    let ask = |words: &[&str]| -> Ended {
        let launcher = wine.launch(&home, "launcher.exe");
        words.iter().fold(launcher, |launcher, word| launcher.arg(*word)).run()
    };
    let told = || {
        let checks = ask(&["doctor", "--json"]);
        let lines = checks.lines();
        let check = lines.iter().find(|line| line["check"] == "start_at_login");
        check.and_then(|check| check["text"].as_str()).expect("it is looked at").to_owned()
    };
    assert_eq!(ask(&["settings", "set", "start_at_login", "true"]).code, Some(0));
    assert_eq!(told(), "it is started at login");
    assert_eq!(ask(&["settings", "unset", "start_at_login"]).code, Some(0));
    assert_eq!(told(), "it is not started at login");
}

/// What is read by a script is not shown in a box, which would hold the script up for ever.
#[test]
fn a_windows_launcher_that_is_read_shows_no_box() {
    let Some(wine) = Wine::new() else { return };
    let home = Home::new();
    home.set("server", "port = 0");
    let failed = wine.launch(&home, "launcher.exe").run();
    assert_eq!(failed.code, Some(78), "{failed:?}");
    assert!(failed.stderr.contains("port 0 means"), "{failed:?}");
}
