//! `launcher settings`: a person's file, changed only when asked, and never made wrong.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

use e2e::{Ended, Home, RunContext, quiet_port};
use shared::app::AppName;

const MINE: &str = "# my own\nport = 3030 # since May\n\n# slow disk\nready_timeout = \"30s\"\n";

#[track_caller]
fn settings(home: &Home, words: &[&str]) -> Ended {
    words.iter().fold(home.command("settings"), |launch, word| launch.arg(*word)).run()
}

fn file(home: &Home) -> PathBuf {
    home.folders().settings(&AppName::default())
}

fn text(home: &Home) -> String {
    fs::read_to_string(file(home)).expect("it is there")
}

#[test]
fn a_setting_is_changed_and_everything_else_in_the_file_stays() {
    let home = Home::new();
    home.set("server", MINE);
    fs::set_permissions(file(&home), fs::Permissions::from_mode(0o640)).expect("ours to change");
    let told = settings(&home, &["set", "port", "17890"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("port = 17890 (it was 3030)"), "{told:?}");
    assert!(told.stdout.contains("next start"), "{told:?}");
    assert_eq!(text(&home), MINE.replace("3030", "17890"));
    let mode = fs::metadata(file(&home)).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640, "a person's file keeps its mode");

    let record = home.last("settings_changed");
    assert_eq!((&record["key"], &record["process"]), (&"port".into(), &"launcher".into()));
    assert_eq!((&record["from"], &record["to"]), (&"3030".into(), &"17890".into()));

    let told = settings(&home, &["unset", "port", "--json"]);
    let line = told.line("settings_changed");
    assert_eq!((&line["from"], line["to"].is_null()), (&"17890".into(), true));
    assert_eq!(text(&home), "# my own\n\n# slow disk\nready_timeout = \"30s\"\n");
}

#[test]
fn a_setting_that_stays_as_it_is_is_no_change_in_the_answer_either() {
    let home = Home::new();
    home.set("server", "log = \"info\"\n");
    for (words, key, value) in [
        (&["set", "log", "info", "--json"][..], "log", Some("\"info\"")),
        (&["unset", "port", "--json"], "port", None),
    ] {
        let told = settings(&home, words);
        let line = told.line("settings_unchanged");
        assert_eq!((&line["key"], line["value"].as_str()), (&key.into(), value), "{told:?}");
        assert_eq!(told.lines().len(), 1, "{told:?}");
    }
    assert!(!home.folders().history().exists());
}

#[test]
fn what_was_set_holds_for_the_next_start() {
    let (home, port) = (Home::new(), quiet_port());
    for (key, value) in [
        ("port", port.to_string().as_str()),
        ("range", "20000-20100"),
        ("on_conflict", "fail"),
        ("ready_timeout", "20s"),
        ("avoid", "[20005, \"20010-20020\"]"),
    ] {
        assert_eq!(settings(&home, &["set", key, value]).code, Some(0), "{key}");
    }
    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "home"));
    assert_eq!(settings(&home, &["set", "log", "debug"]).code, Some(0), "also while it runs");
}

#[test]
fn a_home_port_that_no_start_can_use_is_set_with_a_warning() {
    let home = Home::new();
    let told = settings(&home, &["set", "port", "6000"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("browsers block port 6000"), "{told:?}");
    let told = settings(&home, &["set", "port", "3030"]);
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_variable_that_wins_over_the_file_is_named_by_what_changes_the_setting() {
    let home = Home::new();
    for words in
        [&["set", "port", "3030"][..], &["unset", "port"], &["set", "port", "3030", "--json"]]
    {
        let with = |value: &str| {
            let command = home.command("settings").env("HOMEPORT_PORT", value);
            words.iter().fold(command, |launch, word| launch.arg(*word)).run()
        };
        let told = with("4000");
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.stderr.contains("HOMEPORT_PORT wins over the settings file"), "{told:?}");
        assert!(!told.stdout.contains("next start"), "{told:?}");
        for unset in ["", "tcp://10.0.0.1:80"] {
            assert_eq!(with(unset).stderr, "", "{words:?}");
        }
        let refused = with("abc");
        assert!(refused.stderr.contains("a start in this shell is refused"), "{refused:?}");
    }
}

#[test]
fn a_change_that_would_be_wrong_is_refused_and_the_file_stays_as_it_is() {
    for (words, pieces) in [
        (
            &["set", "prot", "3030"][..],
            &["`prot`", "did you mean `port`?", "type `launcher settings set port 3030`"][..],
        ),
        (&["unset", "prot"], &["now: type `launcher settings unset port`"]),
        (&["unset", "colour"], &["`colour`", "on_conflict"]),
        (&["set", "port", "70000"], &["`port` cannot be 70000", "not a port"]),
        (&["set", "port", "-1"], &["-1 is not a port"]),
        (&["set", "range", "20100-20000"], &["write 20000-20100"]),
        (
            &["set", "command", "[]"],
            &["now: type `launcher settings set command '[\"/usr/bin/my-server\"]'`"],
        ),
        (&["set", "restart", "sometimes"], &["sometimes"]),
        (&["set", "port", "x"], &["is not a port from 1 to 65535"]),
        (
            &["set", "ready_timeout", "30"],
            &[
                "`ready_timeout` cannot be 30: ",
                "now: type `launcher settings set ready_timeout 30s`",
            ],
        ),
        (&["set", "open_browser", "yes"], &["now: type `launcher settings set open_browser true`"]),
        (&["set", "avoid", "20500"], &["now: type `launcher settings set avoid '[20500]'`"]),
        (&["set", "avoid", "soon"], &["launcher settings set avoid '[20005, \"20010-20020\"]'`"]),
    ] {
        let home = Home::new();
        home.set("server", MINE);
        let told = settings(&home, words);
        assert_eq!(told.code, Some(78), "{words:?}: {told:?}");
        for piece in pieces {
            assert!(told.stderr.contains(piece), "no `{piece}`: {told:?}");
        }
        let in_the_file = format!("{} = ", words[1]);
        assert!(!told.stderr.contains(&in_the_file), "the words of a file: {told:?}");
        assert_eq!(text(&home), MINE);
        assert!(home.history().is_empty());
    }
}

#[test]
fn a_file_that_is_wrong_elsewhere_is_named_and_not_touched() {
    let home = Home::new();
    for wrong in ["log = \"loud\"\nport = 3030\n", "port 3030\n", "\u{0}"] {
        home.set("server", wrong);
        let told = settings(&home, &["set", "port", "17890"]);
        assert_eq!(told.code, Some(78), "{wrong:?}: {told:?}");
        assert!(told.stderr.contains("server.toml"), "{told:?}");
        assert_eq!(text(&home), wrong);
        assert_eq!(settings(&home, &["show"]).code, Some(78));
    }
    home.set("server", "port = 70000\n");
    assert_eq!(settings(&home, &["set", "port", "17890"]).code, Some(0), "it can be mended");
    assert_eq!(text(&home), "port = 17890\n");
}

#[test]
fn setting_what_is_set_already_changes_and_records_nothing() {
    let home = Home::new();
    home.set("server", MINE);
    let told = settings(&home, &["set", "port", "3030"]);
    assert!(told.stdout.contains("as before"), "{told:?}");
    assert_eq!(settings(&home, &["unset", "log"]).code, Some(0));
    assert_eq!(text(&home), MINE);
    assert!(home.history().is_empty());
}

/// The launcher is started elsewhere, by a double-click or at login.
#[test]
fn a_program_that_is_named_from_here_is_written_with_its_whole_path() {
    let home = Home::new();
    let here = RunContext::direct().through([
        OsStr::new("env"),
        OsStr::new("-C"),
        home.path().as_os_str(),
    ]);
    let value = "[\"bin/server\", \"--root\", \"site\"]";
    let told = home.command("settings").args(["set", "command", value]).at(&here).run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let whole = home.path().join("bin/server");
    let wanted = format!("command = [\"{}\", \"--root\", \"site\"]\n", whole.display());
    assert_eq!(text(&home), wanted);

    home.set("server", "command = [\"bin/server\"]\n");
    let refused = home.launcher().without("--json").run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains("line 1: `bin/server` depends on the folder"), "{refused:?}");
}

/// Dotfiles are kept elsewhere and linked.
#[test]
fn a_file_that_is_a_link_stays_one() {
    let home = Home::new();
    let elsewhere = home.path().join("dotfiles.toml");
    fs::write(&elsewhere, MINE).expect("written");
    fs::create_dir_all(file(&home).parent().expect("a folder")).expect("made");
    symlink(&elsewhere, file(&home)).expect("linked");
    assert_eq!(settings(&home, &["set", "port", "17890"]).code, Some(0));
    assert!(file(&home).is_symlink());
    assert_eq!(fs::read_to_string(&elsewhere).expect("there"), MINE.replace("3030", "17890"));
}

#[test]
fn what_holds_is_shown_with_who_says_so() {
    let home = Home::new();
    home.set("server", MINE);
    let shown = home.command("settings").arg("show").arg("--json").env("HOMEPORT_LOG", "debug");
    let lines = shown.run().lines();
    let of = |key: &str| {
        let line = lines.iter().find(|line| line["key"] == key).expect("every key has its line");
        (line["value"].clone(), line["source"].as_str().expect("a word").to_owned())
    };
    assert_eq!(of("port"), (3030.into(), "file".to_owned()));
    assert_eq!(of("log"), ("debug".into(), "variable".to_owned()));
    assert_eq!(of("range"), ("15001-29999".into(), "default".to_owned()));
    assert_eq!(of("command").1, "default");

    // What is shown to people is itself a settings file.
    let shown = settings(&home, &["show"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let other = Home::new();
    other.set("server", &shown.stdout);
    assert_eq!(settings(&other, &["show", "--json"]).code, Some(0), "{}", shown.stdout);
}

#[test]
fn the_path_is_printed_whether_there_is_a_file_or_not() {
    let home = Home::new();
    let told = settings(&home, &["path", "--app", "notes"]);
    let wanted = home.folders().settings(&"notes".parse().expect("a name"));
    assert_eq!(told.stdout.trim(), wanted.display().to_string());
    assert!(!wanted.exists());
    assert_eq!(settings(&home, &[]).code, Some(2));
    assert_eq!(settings(&home, &["set", "port"]).code, Some(2));
}

#[test]
fn a_secret_of_a_command_line_that_is_set_stands_in_the_settings_alone() {
    let home = Home::new();
    let command = r#"["/bin/true", "--api-token", "a1b2c3"]"#;
    let set = home.command("settings").arg("set").arg("command").arg(command).run();
    assert_eq!(set.code, Some(0), "{set:?}");
    let changed = home.last("settings_changed");
    assert_eq!(changed["to"], r#"["/bin/true", "--api-token", "***"]"#, "{changed}");
}

#[test]
fn a_very_long_value_is_shown_whole() {
    let home = Home::new();
    let file = home.folders().settings(&AppName::default());
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    let word = "a".repeat(70_000);
    fs::write(file, format!("command = [\"/bin/true\", \"{word}\"]\n")).expect("written");
    let shown = home.command("settings").arg("show").run();
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains(&word));
}

#[test]
fn a_change_that_makes_the_file_too_long_to_be_read_is_refused() {
    let home = Home::new();
    let long = format!("port = 17890\n{}\n", "#".repeat((1 << 20) - 14));
    home.set("server", &long);
    let told = home.command("settings set log debug").run();
    assert_eq!(told.code, Some(78), "{told:?}");
    assert!(told.stderr.contains("larger than 1 MiB"), "{told:?}");
    assert!(told.stderr.contains("now: shorten it"), "{told:?}");
    assert_eq!(home.command("settings show").run().code, Some(0));
}
