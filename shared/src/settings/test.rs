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
        (b"port = \"abc\"", ", line 1: \"abc\" is not a port from 1 to 65535; an example is 3030"),
        (b"range = \"200-100\"", ", line 1: the range 200-100 runs backwards"),
        (b"avoid = [true]", ", line 1: write a port such as 3000"),
        (
            b"command = []",
            ", line 1: [] is not a list that begins with a program: write `command = [\"/usr/bin/my-server\"]`",
        ),
        (
            b"restart = 'nver'",
            ", line 1: 'nver' is not `on_failure` or `never`: write `restart = 'never'`",
        ),
        (b"ready_timeout = \"soon\"", ", line 1: `soon` is not a span of time"),
        (b"stop_timeout = \"876001h\"", ", line 1: `876001h` is more than 100 years"),
        (
            b"on_conflict = \"wait\"",
            ", line 1: \"wait\" is not `move` or `fail`; an example is \"fail\"",
        ),
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
    // The two exclude each other.
    for excluded in ["command", "program"] {
        let rows = || TABLE.iter().filter(|s| s.key != excluded);
        let examples: String = rows().map(|s| format!("{} = {}\n", s.key, s.example)).collect();
        let set = Settings::parse(&examples).expect("right");
        let changed: Vec<_> = Settings::defaults().changes(&set).iter().map(|c| c.key).collect();
        let keys: Vec<_> = rows().map(|s| s.key).collect();
        assert_eq!(changed, keys, "each example is another value than the default");
    }
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

#[test]
fn a_key_without_a_value_is_said_to_have_none() {
    for line in ["port =", "port = # mine"] {
        let fault = Settings::parse(&format!("# first\n{line}\n")).expect_err(line);
        let problem = fault.problem.to_string();
        assert_eq!(fault.line, Some(2), "{line}: {problem}");
        assert!(problem.contains("`port` has no value: write a port"), "{line}: {problem}");
    }
}

#[test]
fn what_was_meant_is_said_as_the_line_to_write() {
    for (line, meant) in [
        ("port = \"17890\"", "port = 17890"),
        ("port = [17890]", "port = 17890"),
        ("port = 17890.0", "port = 17890"),
        ("port = \"127.0.0.1:17890\"", "port = 17890"),
        ("port: 17890", "port = 17890"),
        ("port 17890 # mine", "port = 17890"),
        ("ready_timeout = 30", "ready_timeout = \"30s\""),
        ("ready_timeout = 30s", "ready_timeout = \"30s\""),
        ("ready_timeout = \"30\"", "ready_timeout = \"30s\""),
        ("port = 17,890", "port = 17890"),
        ("port = 017890", "port = 17890"),
        ("port = \"017890\"", "port = 17890"),
        ("open_browser = yes", "open_browser = true"),
        ("open_browser = \"off\"", "open_browser = false"),
        ("open_browser = 1", "open_browser = true"),
        ("open_browser = True", "open_browser = true"),
        ("avoid = 20500", "avoid = [20500]"),
        ("avoid = \"20500-20510, 20600\"", "avoid = [\"20500-20510\", 20600]"),
        ("avoid = [\"20500\", 20600]", "avoid = [20500, 20600]"),
        ("range = [20000,20999]", "range = \"20000-20999\""),
        ("range = [20000, 20999]", "range = \"20000-20999\""),
        ("range = 20000-20999", "range = \"20000-20999\""),
        ("range = \"20000..20999\"", "range = \"20000-20999\""),
        ("range = \"20000\u{2013}20999\"", "range = \"20000-20999\""),
        ("log = debug", "log = \"debug\""),
        ("log = \"Warn\"", "log = \"warning\""),
        ("on_conflict = \"fial\"", "on_conflict = \"fail\""),
        ("restart = \"on-failure\"", "restart = \"on_failure\""),
        (
            "command = \"/bin/server --root /srv\"",
            "command = [\"/bin/server\", \"--root\", \"/srv\"]",
        ),
        ("command = /bin/server", "command = [\"/bin/server\"]"),
    ] {
        let text = format!("# first\n{line}\n");
        let fault = Settings::parse(&text).expect_err(line);
        let problem = fault.problem.to_string();
        assert_eq!(fault.line, Some(2), "{line}: {problem}");
        assert!(problem.ends_with(&format!(": write `{meant}`")), "{line}: {problem}");
        assert!(Settings::parse(meant).is_ok(), "{meant}");
    }
}

#[test]
fn what_cannot_be_guessed_is_said_without_a_guess() {
    for line in [
        "port = \"soon\"",
        "port = 70000",
        "range = \"20000\"",
        "range = true",
        "open_browser = \"maybe\"",
        "ready_timeout = \"a while\"",
        "log = \"everything\"",
        "command = 5.5.5",
        "avoid = {}",
    ] {
        let problem = Settings::parse(line).expect_err(line).problem.to_string();
        let raw = ["expected i64", "expected a string", "expected string", "sequence", "map"];
        assert!(!raw.iter().any(|raw| problem.contains(raw)), "{line}: {problem}");
    }
    let twice = Settings::parse("port = 1\nport = 2\n").expect_err("twice");
    assert_eq!((twice.line, twice.problem.to_string().contains("set already")), (Some(2), true));
}

#[test]
fn a_span_of_time_has_a_unit_and_may_have_days() {
    for (text, seconds) in [
        ("10s", 10),
        ("2m 30s", 150),
        ("1h", 3600),
        ("2d", 172_800),
        ("1w", 604_800),
        (" 5 min ", 300),
    ] {
        assert_eq!(text.parse::<Span>().map(|span| span.0.as_secs()), Ok(seconds), "{text}");
    }
    for (text, wanted) in [
        ("30", "`30` has no unit: write 30s, 30m or 30h"),
        ("", "`` is not a span of time: write 10s, 2m or 1h"),
        ("1y", "`1y` is not a span of time: write 10s, 2m or 1h"),
        ("-2d", "`-2d` is less than nothing: write 10s, 2m or 1h"),
        ("40000d", "`40000d` is more than 100 years: write 10s, 2m or 1h"),
    ] {
        assert_eq!(text.parse::<Span>(), Err(wanted.to_owned()));
    }
}

#[test]
fn a_program_is_the_same_one_in_every_folder() {
    for program in ["./server", "target/debug/server", "../server", "~/bin/server"] {
        let text = format!("# mine\ncommand = [\"{program}\"]\n");
        let fault = Settings::parse(&text).expect_err(program);
        assert_eq!(fault.line, Some(2));
        let problem = fault.problem.to_string();
        let wanted = format!("`{program}` depends on the folder that the launcher is started in");
        assert!(problem.starts_with(&wanted), "{problem}");
    }
    for program in ["my-server", "/usr/bin/my-server"] {
        assert!(Settings::parse(&format!("command = [\"{program}\"]")).is_ok(), "{program}");
    }
    let typed = |typed| edit::anchored("command", typed, Path::new("/srv/site"));
    assert_eq!(typed("[\"../server\", \"./a\"]"), "[\"/srv/site/../server\", \"./a\"]");
    assert_eq!(typed("['target/debug/notes']"), "[\"/srv/site/target/debug/notes\"]");
    for same in ["[\"my-server\"]", "[\"/bin/x\"]", "[\"~/x\"]", "[]", "[1]", "soon"] {
        assert_eq!(typed(same), same);
    }
    assert_eq!(edit::anchored("log", "[\"./a\"]", Path::new("/srv")), "[\"./a\"]");
}

#[test]
fn keys_stand_at_the_top_level() {
    for (text, line) in [
        ("[server]\nport = 1\n", 1),
        ("# mine\n\n[server]\n", 3),
        ("log = \"info\"\n[[server]]\nport = 1\n", 2),
        ("[port]\nnumber = 1\n", 1),
    ] {
        let fault = Settings::parse(text).expect_err(text);
        assert_eq!(fault.line, Some(line), "{text}");
        let wanted = format!("`: delete line {line}");
        assert!(fault.problem.to_string().ends_with(&wanted), "{fault}");
        let blamed = edit::set(text, "log", "debug").expect_err(text);
        let edit::EditError::Text(blamed) = blamed else { panic!("{text}: {blamed}") };
        assert_eq!(
            (blamed.line, blamed.problem.to_string()),
            (Some(line), fault.problem.to_string())
        );
    }
    let dotted = Settings::parse("server.port = 1").expect_err("a key of a table").problem;
    let wanted = "there is no setting `server.port`: did you mean `port`?";
    assert_eq!(dotted.to_string(), wanted);
}

#[test]
fn another_encoding_is_named_with_what_to_save_instead() {
    let utf16 = |mark: &str, to: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let text = format!("{mark}# \u{e9}\r\nport = 17890\r\n");
        text.encode_utf16().flat_map(to).collect()
    };
    for bytes in [
        utf16("\u{feff}", u16::to_le_bytes),
        utf16("\u{feff}", u16::to_be_bytes),
        utf16("", u16::to_le_bytes),
        utf16("", u16::to_be_bytes),
    ] {
        let problem = load(&bytes).expect_err("UTF-16");
        assert!(problem.starts_with(": this file is saved as UTF-16"), "{problem}");
        assert!(problem.ends_with("save it as UTF-8"), "{problem}");
    }
    let problem = load(b"port = 1\n# caf\xe9\nlog = \"info\"\n").expect_err("Latin-1");
    assert!(problem.starts_with(", line 2: this line is not UTF-8"), "{problem}");
    assert!(load("\u{feff}port = 1\r\n".as_bytes()).is_ok(), "a mark at the beginning");
}

#[test]
fn a_character_that_cannot_be_seen_is_named_with_its_line() {
    for (text, line, code) in [
        ("log = \"info\"\n\u{feff}port = 1\n", 2, "U+FEFF"),
        ("\u{feff}\u{feff}port = 1\n", 1, "U+FEFF"),
        ("port\u{200b} = 1\n", 1, "U+200B"),
        ("port =\u{a0}1\n", 1, "U+00A0"),
        ("log = \"in\u{ad}fo\"\n", 1, "U+00AD"),
        ("\"po\u{200d}rt\" = 1\n", 1, "U+200D"),
        ("log = \u{201c}info\u{201d}\n", 1, "U+201C"),
    ] {
        let fault = Settings::parse(text).expect_err(code);
        let problem = fault.problem.to_string();
        assert_eq!(fault.line, Some(line), "{problem}");
        assert!(problem.contains(code), "{problem}");
    }
    // Where they do no harm they are a person's own.
    let harmless = "# caf\u{e9}\u{a0}\u{200b}\ncommand = [\"/opt/my\u{a0}server\"]\n";
    assert!(Settings::parse(harmless).is_ok());
    let other = Settings::parse("port = 0 # \u{a0}\n").expect_err("no port").problem;
    assert!(other.to_string().contains("port 0"), "{other}");
}

#[test]
fn what_is_no_toml_is_said_in_words_of_the_settings() {
    let deep = format!("avoid = {}3000{}", "[".repeat(60), "]".repeat(60));
    let deeper = format!("avoid = {}", "[".repeat(100_000));
    let dotted = format!("{}b = 1", "a.".repeat(100_000));
    for (text, line, wanted) in [
        ("restart = true", 1, "true is not `on_failure` or `never`; an example is \"never\""),
        ("log = {}", 1, "{} is not `error`, `warning`, `info` or `debug`; an example is"),
        ("on_conflict = 1979-05-27", 1, "1979-05-27 is not `move` or `fail`; an example is"),
        ("range = 20000\u{a0}- 20999", 1, "write `range = \"20000 - 20999\"`"),
        ("ready_timeout = 2m\u{a0}30s", 1, "write `ready_timeout = \"2m 30s\"`"),
        ("restart\u{a0}never", 1, "write `restart = \"never\"`"),
        ("port = 3 0", 1, "3 0 is not a port from 1 to 65535: write `port = 30`"),
        ("port = 3030;", 1, "write `port = 3030`"),
        ("port = 3030\u{c}", 1, "invisible character, U+000C: delete it"),
        ("# a\n\u{c}\nport = 1", 2, "invisible character, U+000C: delete it"),
        ("log = 'in", 1, "'in is not `error`, `warning`, `info` or `debug`; an example is"),
        ("log = \"a\\qb\"", 1, "an example is \"debug\""),
        ("port = 99999999999999999999", 1, "99999999999999999999 is not a port"),
        ("port = 03", 1, "03 is not a port from 1 to 65535: write `port = 3`"),
        ("port = 1\rlog = 'info'\r", 1, "save it with the line ends LF or CR LF"),
        ("# a\rb\n", 1, "save it with the line ends LF or CR LF"),
        ("avoid = [1 2;3]", 1, "write `avoid = [1, 2, 3]`"),
        ("log = 'info'\navoid = [\n1\n2\n]", 2, "goes on to line 4, which does not fit"),
        ("avoid = [\n20000,\n\"x\",\n]", 3, "`x` is not a range of ports"),
        ("avoid = [\n20000,\n70000,\n]", 3, "70000 is not a port"),
        ("avoid = [\n20000,\ntrue,\n]", 3, "write a port such as 3000"),
        ("avoid = [1,\nport = 3", 1, "goes on to line 2, which does not fit"),
        ("port", 1, "`port` has no value: write a port"),
        ("a b c", 1, "`a b c` is no setting: write a line such as `port = 3030`"),
        ("[", 1, "`[` is no setting: write a line such as"),
        ("command = [\"a\" \"b\"]", 1, "an example is [\"/usr/local"),
        (
            "ready_timeout = \"0s\"",
            1,
            "`0s` leaves a server no time to become ready: write 1s or more",
        ),
        (&deep, 1, "write `avoid = [3000]`"),
        (&deeper, 1, "is not a list of ports and ranges; an example is"),
        (&dotted, 1, "is no setting: write a line such as"),
    ] {
        let start: String = text.chars().take(40).collect();
        let fault = Settings::parse(text).expect_err(&start);
        let problem = fault.problem.to_string();
        assert_eq!(fault.line, Some(line), "{start:?}: {problem}");
        assert!(problem.contains(wanted), "{start:?}: {problem}");
        let raw = ["expected", "wanted", "invalid ", "overflow", "unquoted", "recursion"];
        assert!(!raw.iter().any(|raw| problem.contains(raw)), "{start:?}: {problem}");
        assert!(problem.chars().count() < 250, "{problem}");
    }
    let long = edit::set("", "avoid", &"[".repeat(100_000)).expect_err("no list").to_string();
    assert!(long.chars().count() < 1000, "{long}");
}
