//! Settings that are changed one by one and as a whole, in texts of all kinds.

use super::*;

const MINE: &str =
    "# my own port\nport = 3030 # since May\n\n# slow disk\nready_timeout = \"30s\"\n# the end\n";

#[test]
fn everything_but_the_value_stays_as_it_is() {
    let edited = set(MINE, "port", "17000").expect("right");
    assert_eq!(edited.text, MINE.replace("3030", "17000"));
    assert_eq!((edited.from.as_deref(), edited.to.as_deref()), (Some("3030"), Some("17000")));
}

#[test]
fn a_new_setting_comes_last_and_below_every_comment() {
    let edited = set(MINE, "log", "debug").expect("right");
    assert_eq!(edited.text, format!("{MINE}log = \"debug\"\n"));
    assert_eq!((edited.from, edited.to.as_deref()), (None, Some("\"debug\"")));
    assert_eq!(set("", "port", "1").expect("right").text, "port = 1\n");
    assert_eq!(set("# nothing yet", "port", "1").expect("right").text, "# nothing yet\nport = 1\n");
}

#[test]
fn what_is_removed_leaves_its_comments_behind() {
    let edited = unset(MINE, "port").expect("right");
    assert_eq!(edited.text, "# my own port\n\n# slow disk\nready_timeout = \"30s\"\n# the end\n");
    let edited = unset(&edited.text, "ready_timeout").expect("right");
    assert_eq!(edited.text, "# my own port\n\n# slow disk\n# the end\n");
    assert_eq!(unset(&edited.text, "port").expect("right").from, None);
}

#[test]
fn a_key_that_is_no_setting_is_removed_if_it_stands_in_the_file() {
    let edited = unset("# mine\nprot = 3030\nlog = \"debug\"\n", "prot").expect("right");
    assert_eq!(
        (&*edited.text, edited.from.as_deref()),
        ("# mine\nlog = \"debug\"\n", Some("3030"))
    );
    for (text, key) in [("log = \"debug\"\n", "prot"), ("[server]\nport = 1\n", "server")] {
        assert!(matches!(unset(text, key), Err(EditError::Key(_))), "{text}");
    }
    assert!(matches!(unset("prot = 1\nrnge = 2\n", "prot"), Err(EditError::Text(_))));
}

#[test]
fn a_value_may_be_typed_without_quotes() {
    for (key, typed, text) in [
        ("port", "3030", "port = 3030\n"),
        ("range", "20000-20100", "range = \"20000-20100\"\n"),
        ("on_conflict", "fail", "on_conflict = \"fail\"\n"),
        ("on_conflict", "\"fail\"", "on_conflict = \"fail\"\n"),
        ("open_browser", "false", "open_browser = false\n"),
        ("ready_timeout", "2m 30s", "ready_timeout = \"2m 30s\"\n"),
        ("command", "[\"x\", \"a b\"]", "command = [\"x\", \"a b\"]\n"),
        ("avoid", "[20005, \"20010-20020\"]", "avoid = [20005, \"20010-20020\"]\n"),
    ] {
        assert_eq!(set("", key, typed).expect(typed).text, text);
    }
}

#[test]
fn what_would_be_wrong_is_refused_with_the_reason() {
    for (key, typed, reason) in [
        ("prot", "3030", "there is no setting `prot`: did you mean `port`?"),
        ("port", "70000", "`port` cannot be 70000: 70000 is not a port"),
        ("port", "abc", "`port` cannot be \"abc\": \"abc\" is not a port from 1 to 65535"),
        ("range", "200-100", "the range 200-100 runs backwards"),
        ("log", "3030\nport = 1", "`log` cannot be"),
        ("command", "[]", "[] is not a list that begins with a program"),
    ] {
        let error = set(MINE, key, typed).expect_err(typed).to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert!(matches!(unset(MINE, "prot"), Err(EditError::Key(_))));
}

#[test]
fn a_text_that_is_wrong_elsewhere_is_not_changed_and_a_wrong_value_can_be_mended() {
    let wrong = "log = \"debug\"\nport = 70000\n";
    let Err(EditError::Text(fault)) = set(wrong, "log", "info") else { panic!("it is wrong") };
    assert_eq!(fault.line, Some(2));
    assert!(matches!(unset("port 3030", "port"), Err(EditError::Text(_))));
    assert_eq!(set(wrong, "port", "3030").expect("right").text, "log = \"debug\"\nport = 3030\n");
    assert_eq!(unset(wrong, "port").expect("right").text, "log = \"debug\"\n");
}

fn replaced(text: &str, wanted: &Json) -> Result<String, EditError> {
    replace(text, wanted.as_object().expect("an object"))
}

#[test]
fn a_whole_set_changes_what_is_another_and_leaves_the_rest_as_it_was_written() {
    let text = "# mine\r\nport = 3_030\r\navoid = [ 3000 ] # node\r\nready_timeout = \"1m\"\r\n";
    let settings = serde_json::json!(Settings::parse(text).expect("right"));
    assert_eq!(replaced(text, &settings).expect("right"), text);
    let mut other = settings;
    other["port"] = 17000.into();
    other["ready_timeout"] = Json::Null;
    other["open_browser"] = false.into();
    let changed = replaced(text, &other).expect("right");
    assert_eq!(
        changed,
        "# mine\r\nport = 17000\r\navoid = [ 3000 ] # node\r\nopen_browser = false\r\n"
    );
}

#[test]
fn a_whole_set_with_a_wrong_key_or_value_names_it() {
    use serde_json::json;
    for (wanted, named) in [
        (json!({ "prot": 1 }), "did you mean `port`"),
        (json!({ "port": 0 }), "`port` cannot be 0"),
        (json!({ "port": 70000 }), "70000 is not a port"),
        (json!({ "port": "3030" }), "`port` cannot be"),
        (json!({ "port": 3030.5 }), "`port` cannot be"),
        (json!({ "avoid": [0] }), "`avoid` cannot be"),
        (json!({ "range": "2-1" }), "runs backwards"),
        (json!({ "log": "loud\nport = 1" }), "`log` cannot be"),
        (json!({ "open_browser": {} }), "`open_browser` cannot be"),
    ] {
        let error = replaced("", &wanted).expect_err(named).to_string();
        assert!(error.contains(named), "{error}");
    }
    assert!(matches!(replaced("port 1", &json!({})), Err(EditError::Text(_))));
}

#[test]
fn a_file_from_windows_keeps_its_first_mark_and_its_line_ends() {
    let text = "\u{feff}# saved by an editor\r\nport = 3030\r\n";
    let edited = set(text, "port", "3031").expect("right");
    assert_eq!(edited.text, text.replace("3030", "3031"));
}

#[test]
fn each_line_keeps_its_own_end() {
    for (text, typed, wanted) in [
        ("# a\r\nport = 1\n# b\n", "2", "# a\r\nport = 2\n# b\n"),
        ("# a\nport = 1\r\n# b\r\n", "2", "# a\nport = 2\r\n# b\r\n"),
        ("\u{feff}port = 1\r\n# b\n", "2", "\u{feff}port = 2\r\n# b\n"),
        ("# a\nport = 1", "2", "# a\nport = 2"),
        ("# a\r\n  port  =  1  # b", "2", "# a\r\n  port  =  2  # b"),
        ("# a\r\n# b\n", "2", "# a\r\n# b\nport = 2\r\n"),
        ("# a\r\n# b", "2", "# a\r\n# b\r\nport = 2\r\n"),
        ("", "2", "port = 2\n"),
        ("\u{feff}", "2", "\u{feff}port = 2\n"),
    ] {
        assert_eq!(set(text, "port", typed).expect("right").text, wanted);
    }
    for (text, wanted) in [
        ("# a\nlog = \"info\"\r\nport = 1\n# b\r\n", "# a\nlog = \"info\"\r\n# b\r\n"),
        ("\u{feff}port = 1\r\n# b", "\u{feff}# b"),
        ("# a\r\nport = 1 # b", "# a\r\n"),
    ] {
        assert_eq!(unset(text, "port").expect("right").text, wanted);
    }
}

#[test]
fn the_comments_within_a_list_stay() {
    let list =
        "avoid = [\r\n    # web\r\n    3000, # node\r\n    '4000-4010', # mine\r\n] # all\r\n";
    let lines = |inner: &str| format!("avoid = [{}] # all\r\n", inner.replace('\n', "\r\n"));
    for (typed, wanted) in [
        ("[3000, \"4000-4010\"]", list.to_owned()),
        ("[3000]", lines("\n    # web\n    3000, # node\n     # mine\n")),
        ("[\"4000-4010\"]", lines("\n    # web\n     # node\n    '4000-4010', # mine\n")),
        (
            "[3000, \"4000-4010\", 5000]",
            lines("\n    # web\n    3000, # node\n    '4000-4010', # mine\n    5000,\n"),
        ),
        (
            "[3000, 3500, \"4000-4010\"]",
            lines("\n    # web\n    3000, # node\n    3500,\n    '4000-4010', # mine\n"),
        ),
        ("[1]", lines("\n    1,\n    # web\n     # node\n     # mine\n")),
        ("[]", lines("\n    # web\n     # node\n     # mine\n")),
    ] {
        let edited = set(list, "avoid", typed).expect(typed);
        assert_eq!(edited.text, wanted, "{typed}");
        let [read, meant] =
            [edited.text.as_str(), &format!("avoid = {typed}")].map(Settings::parse);
        assert_eq!(read.expect("right").avoid, meant.expect("right").avoid, "{typed}");
    }
    let plain = set("avoid = [\n  3000,\n]\n", "avoid", "[1]").expect("right");
    assert_eq!(plain.text, "avoid = [1]\n");
    let command = "command = ['/bin/server', # ours\n'--root', '/srv']\n";
    let edited = set(command, "command", "[\"/bin/server\", \"/srv\", \"--root\"]").expect("right");
    assert_eq!(edited.text, "command = ['/bin/server', # ours\n '/srv', \"--root\"]\n");
}
