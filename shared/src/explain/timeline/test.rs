//! Who had a port, for any moment of a history.

use std::{fs, path::Path};

use super::*;

const A: &str = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e01";
const B: &str = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e02";
const NOTES: &str = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e03";

/// A line of a history, `minute` minutes after eight.
fn line(minute: u32, event: &str, app: &str, launch: &str, rest: &str) -> String {
    let ts = format!("2026-11-22T{:02}:{:02}:00.000000Z", 8 + minute / 60, minute % 60);
    format!(
        r#"{{"ts":"{ts}","event":"{event}","app":"{app}","process":"launcher","launch_id":"{launch}",{rest}}}"#
    ) + "\n"
}

fn timeline(history: &str, at: Option<&str>) -> PortTimeline {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history");
    fs::write(&file, history).expect("written");
    let at = at.map(|at| at.parse().expect("a time"));
    let port = Port::new(3030).expect("not 0");
    PortTimeline::read(&Reader::of_history(&file), port, at).expect("readable")
}

/// The time of a record of that minute, as it is written for a person at this computer.
fn written(minute: u32) -> String {
    let hours = format!("{:02}:{:02}", 8 + minute / 60, minute % 60);
    crate::messages::local_time(format!("2026-11-22T{hours}:00Z").parse().expect("a time"))
}

/// What is said of the end of a history.
fn end_of(history: &str) -> String {
    timeline(history, None).sentence("2026-11-23T00:00:00Z".parse().expect("a time"))
}

const HELD: &str = r#""port":3030,"class":"in_use","os_error":{"code":98},"holder":{"pid":812,"name":"node","exe":null,"user":null,"started_at":null}"#;

#[test]
fn who_had_the_port_is_told_for_any_moment() {
    let history = [
        line(0, "port_conflict", "server", A, HELD),
        line(60, "port_claimed", "server", B, r#""port":3030"#),
        line(61, "server_ready", "server", B, r#""port":3030,"server_pid":7"#),
        line(
            90,
            "port_conflict",
            "notes",
            NOTES,
            r#""port":3030,"class":"reserved_by_app","os_error":{"code":98},"holder":null"#,
        ),
        line(100, "server_ready", "notes", NOTES, r#""port":30300,"server_pid":8"#),
        line(120, "port_released", "server", B, r#""port":3030,"reason":"asked""#),
        "{\"ts\":\"2026-11-22T10:00:00.0000".to_owned(),
    ];
    for (at, wanted, launches) in [
        ("2026-11-22T07:00:00Z", "no records about", 0),
        ("2026-11-22T08:10:00Z", "was held by node (pid 812), found at", 0),
        ("2026-11-22T09:00:00Z", "was held by server, whose server was not ready yet", 0),
        ("2026-11-22T09:35:00Z", "was used by server since 2026", 1),
        ("2026-11-22T11:00:00Z", "was not ours: server released it", 1),
    ] {
        let timeline = timeline(&history.concat(), Some(at));
        let sentence = timeline.sentence(at.parse().expect("a time"));
        assert!(sentence.contains(wanted), "{sentence}");
        assert_eq!(timeline.launches(), launches, "{at}");
    }
}

#[test]
fn a_stranger_who_lets_go_of_the_home_port_is_named() {
    let freed = line(5, "port_released", "server", A, r#""port":3030,"reason":"home_port_free""#);
    let said = end_of(&(line(0, "port_conflict", "server", A, HELD) + &freed));
    assert!(said.contains("node (pid 812) released it"), "{said}");
    assert!(end_of(&freed).contains("another program released it"));
}

#[test]
fn what_the_system_has_set_aside_is_held_by_no_program() {
    let excluded = r#""port":3030,"class":"excluded","os_error":{"code":13},"holder":null"#;
    let said = end_of(&line(0, "port_conflict", "server", A, excluded));
    assert!(said.contains("reserved by the system"), "{said}");
    let unasked = excluded.replace(r#"{"code":13}"#, "null");
    assert!(
        end_of(&line(0, "port_conflict", "server", A, &unasked))
            .contains("no record shows who used port 3030")
    );
}

#[test]
fn a_killed_launch_has_ended_at_the_latest_when_its_app_claims_another_port() {
    let serving = line(0, "port_claimed", "server", A, r#""port":3030"#)
        + &line(1, "server_ready", "server", A, r#""port":3030,"server_pid":7"#);
    let elsewhere = line(30, "port_claimed", "server", B, r#""port":17000"#);
    let said = end_of(&(serving.clone() + &elsewhere));
    let wanted = format!("ended without a record, at the latest at {}", written(30));
    assert!(said.contains(&wanted), "{said}");
    let other_app = line(30, "port_claimed", "notes", NOTES, r#""port":17000"#);
    assert!(end_of(&(serving.clone() + &other_app)).contains("used by"));
    let on_another = elsewhere.replace("\"process\"", "\"machine\":\"grace\",\"process\"");
    assert!(end_of(&(serving.clone() + &on_another)).contains("used by"), "a lock of its own");
    let alone = elsewhere.replace("launcher", "server");
    assert!(end_of(&(serving + &alone)).contains("used by"), "no lock, no proof");
}

#[test]
fn a_port_that_is_reserved_for_a_program_is_held_as_a_claimed_one_is() {
    let reserved = |port: u16, launch| {
        line(0, "port_reserved", "server", launch, &format!(r#""port":{port}"#))
    };
    let claimed = line(0, "port_claimed", "server", A, r#""port":3030"#);
    assert_eq!(end_of(&reserved(3030, A)), end_of(&claimed));
    let elsewhere = reserved(17000, B);
    assert!(end_of(&(claimed + &elsewhere)).contains("ended without a record"));
}

#[test]
fn a_server_that_crashed_serves_no_more_and_one_that_was_followed_by_another_does() {
    let serving = line(1, "server_ready", "server", A, r#""port":3030,"server_pid":7"#);
    let exited = |pid| {
        line(
            2,
            "server_exited",
            "server",
            A,
            &format!(r#""signal":9,"port":3030,"server_pid":{pid}"#),
        )
    };
    assert!(end_of(&(serving.clone() + &exited(7))).contains("not ready yet"));
    assert!(end_of(&(serving + &exited(6))).contains("used by"));
}

#[test]
fn an_outgoing_connection_is_no_program_that_listens() {
    let source = r#""port":3030,"class":"source_port","os_error":{"code":98},"holder":null"#;
    let said = end_of(&line(0, "port_conflict", "server", A, source));
    assert!(said.contains("the source port of an outgoing connection"), "{said}");
}

#[test]
fn a_launch_that_gave_up_serves_no_more() {
    let serving = line(1, "server_ready", "server", A, r#""port":3030,"server_pid":7"#);
    // Version 0.1.0 wrote no port here.
    let gave_up = line(2, "launch_gave_up", "server", A, r#""exit_code":1,"attempt":5"#);
    let said = end_of(&(serving + &gave_up));
    assert!(said.contains(&format!("had given up at {}", written(2))), "{said}");
}

#[test]
fn an_answer_names_the_line_that_it_rests_on() {
    let history = line(0, "port_conflict", "notes", NOTES, r#""port":4000,"class":"in_use""#)
        + "broken\n"
        + &line(1, "server_ready", "server", A, r#""port":3030,"server_pid":7"#)
        + &line(2, "port_claimed", "notes", NOTES, r#""port":4001"#);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history");
    fs::write(&file, history).expect("written");
    let port = Port::new(3030).expect("not 0");
    let timeline = PortTimeline::read(&Reader::of_history(&file), port, None).expect("readable");
    assert_eq!(timeline.source(), json!({ "file": file, "line": 3 }));
}

#[test]
fn no_history_is_an_empty_one_and_one_that_cannot_be_read_is_an_error() {
    let port = Port::new(3030).expect("not 0");
    let read = |file: &Path| PortTimeline::read(&Reader::of_history(file), port, None);
    let timeline = read(Path::new("/nowhere/at/all")).expect("empty");
    assert!(timeline.latest().is_empty() && timeline.launches() == 0);
    assert_eq!(timeline.source(), Value::Null);
    let folder = tempfile::tempdir().expect("a folder");
    assert!(read(folder.path()).is_err());
}
