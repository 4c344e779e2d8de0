//! Folders and names as people on Windows have them.

use std::{fs, time::Duration};

use e2e::{Home, quiet_port};
use shared::app::AppName;

use crate::home;

/// Launches twice, and sees that the second launch knows what the first has learnt.
#[track_caller]
fn assert_works(home: &Home) {
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    assert_eq!(home.ask("status").line("status")["port"], port);
    assert_eq!(running.stop().code, Some(0));
    let mut again = home.launcher().start();
    let ready = again.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    assert_eq!(again.stop().code, Some(0));
    assert!(home.folders().secret().is_file());
}

/// A roaming profile follows its user to other computers, where another program may hold the port.
#[test]
fn settings_follow_the_user_and_what_is_remembered_stays_on_the_computer() {
    let Some(home) = home() else { return };
    let told = home.command("doctor").env("HOMEPORT_HOME", "").run().stdout;
    for (what, folder) in [
        ("config_folder", r"AppData\Roaming\homeport\config"),
        ("state_folder", r"AppData\Local\homeport\state"),
        ("logs_folder", r"AppData\Local\homeport\state\logs"),
    ] {
        let line = told.lines().find(|line| line.contains(what)).unwrap_or_default();
        assert!(line.contains(folder), "{told}");
    }
}

#[test]
fn a_folder_with_spaces_and_letters_of_every_script_is_one_like_any_other() {
    let Some(home) = home() else { return };
    assert_works(&home.another("Jürgen & Söhne, 東京 Ελλάδα"));
}

/// Windows refuses such paths unless they are marked.
#[test]
fn a_folder_with_a_path_of_more_than_260_characters_is_one_like_any_other() {
    let Some(home) = home() else { return };
    let deep = home.another(&["d".repeat(120), "e".repeat(120), "f".repeat(60)].join("/"));
    assert!(deep.path().as_os_str().len() > 300);
    assert_works(&deep);
}

#[test]
fn a_name_that_windows_keeps_for_a_device_is_refused_with_the_reason() {
    let Some(home) = home() else { return };
    for name in ["CON", "nul", "com1", "LPT9", "nul.txt", "Aux.tar.gz", "con.", "prn "] {
        let refused = home.launcher().arg(format!("--app={name}")).run();
        assert_eq!(refused.code, Some(2), "{name}: {refused:?}");
        assert!(refused.stderr.contains("cannot be an app's name"), "{name}: {refused:?}");
    }
    assert!(home.history().is_empty());
}

/// What an editor on Windows makes of a file, and what `settings set` leaves of it.
#[test]
fn settings_with_a_byte_order_mark_and_windows_line_ends_keep_both() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    home.set("server", format!("\u{feff}# mine\r\nport = {port}\r\nrestart = \"never\"\r\n"));
    let mut running = home.launcher().start();
    assert_eq!(running.ready().port, port);
    assert_eq!(running.stop().code, Some(0));

    let set = home.command("settings").arg("set").arg("restart").arg("on_failure").run();
    assert_eq!(set.code, Some(0), "{set:?}");
    let text = fs::read_to_string(home.folders().settings(&AppName::default())).expect("there");
    let expected = format!("\u{feff}# mine\r\nport = {port}\r\nrestart = \"on_failure\"\r\n");
    assert_eq!(text, expected);
}

/// Nothing can be kept, and the launch works all the same. Wine asks Linux whether it may write,
/// and root may anywhere, so files stand where the folders should be.
#[test]
fn a_folder_that_may_not_be_written_costs_the_memory_and_not_the_launch() {
    let Some(home) = home() else { return };
    let locked = home.another("locked");
    for folder in ["state", "run"] {
        fs::write(locked.path().join(folder), "").expect("written");
    }
    let mut running = locked.launcher().port(quiet_port()).start();
    running.ready();
    let ended = running.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("will not be remembered"), "{ended:?}");
}

/// A launch that has made a memory of its port.
#[track_caller]
fn remembering(home: &Home) -> u16 {
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
    port
}

/// As a scanner of viruses has it, which lets go of it soon.
#[test]
fn an_assignment_that_another_program_reads_is_waited_for() {
    let Some(home) = home() else { return };
    let port = remembering(&home);
    let _held = home.hold(&home.assignment_file("server"), Duration::from_millis(700));
    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    assert_eq!(running.stop().code, Some(0));
    assert!(home.events("state_recovered").is_empty());
    assert_eq!(home.assignment().expect("remembered").generation, 2);
}

/// The launch goes on with the port of the history, and reports what it could not write.
#[test]
fn an_assignment_that_another_program_keeps_open_costs_the_memory_and_not_the_launch() {
    let Some(home) = home() else { return };
    let port = remembering(&home);
    let held = home.hold(&home.assignment_file("server"), Duration::from_secs(60));
    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    let ended = running.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("will not be remembered"), "{ended:?}");
    drop(held);
    assert_eq!(home.assignment().expect("left as it was").generation, 1);
}
