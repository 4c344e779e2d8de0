//! What is remembered, lost and found again.

use proptest::prelude::*;

use super::*;
use crate::app_lock::LockOutcome;

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn held(folder: &Path) -> AppLock {
    let folders = Folders::locate(Some(folder), None).expect("given");
    match AppLock::try_hold(&folders, &AppName::default()).expect("lockable") {
        LockOutcome::Held(lock) => lock,
        LockOutcome::Busy(owner) => panic!("{owner:?}"),
    }
}

#[test]
fn the_best_record_comes_first_among_earlier_ports() {
    let mut assignment = Assignment::default();
    for (second, number) in
        [17001, 17002, 17002, 17003, 17001, 17001, 17004].into_iter().enumerate()
    {
        assignment.assign(port(number), Origin::Range, at(second as i64));
    }
    let ports: Vec<_> = assignment.ports().map(|good| (good.port.get(), good.launches)).collect();
    assert_eq!(ports, [(17004, 1), (17001, 3), (17002, 2), (17003, 1)]);
    assert_eq!(assignment.generation, 7);
}

#[test]
fn what_cannot_be_read_is_set_aside_and_nothing_is_lost() {
    for (text, problem) in [
        ("", "not an assignment"),
        ("schema = 1\ngeneration = 1\n[last_good]\nport = 0\n", "not an assignment"),
        ("schema = 1\ngeneration = 1\n[last_good]\nport = 99999\n", "not an assignment"),
        ("schema = 2\ngeneration = 1\n", "a newer version wrote it"),
        ("schema = 7\nports = [1]\n", "a newer version wrote it"),
        ("schema = 1\ngenera", "not an assignment"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("assignment.toml");
        fs::write(&file, text).expect("written");
        let loaded = Assignment::load_or_recover(
            &file,
            &Reader::of_history(&folder.path().join("none")),
            &AppName::default(),
        );
        let recovery = loaded.recovery.expect("told");
        assert!(recovery.problem.contains(problem), "{text:?}: {}", recovery.problem);
        assert_eq!(fs::read_to_string(recovery.set_aside.expect("moved")).expect("there"), text);
        assert!(!file.exists());
    }
}

#[test]
fn a_first_launch_recovers_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none");
    let loaded =
        Assignment::load_or_recover(&none, &Reader::of_history(&none), &AppName::default());
    assert_eq!((loaded.assignment.last_good, loaded.recovery), (None, None));
}

proptest! {
    #[test]
    fn an_assignment_survives_being_written_and_read(
        ports in proptest::collection::vec((1..=u16::MAX, 0..4_000_000_000_i64), 0..40),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state").join("assignment.toml");
        let mut assignment = Assignment { schema: SCHEMA, ..Assignment::default() };
        for (number, second) in ports {
            assignment.assign(port(number), Origin::Proposed, at(second));
        }
        assignment.commit(&file, &held(folder.path())).expect("written");
        prop_assert_eq!(Assignment::load(&file).expect("readable"), assignment.clone());
        let mut once: Vec<_> = assignment.ports().map(|good| good.port).collect();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), assignment.ports().count());
    }

    #[test]
    fn no_text_makes_reading_panic(text in ".{0,200}") {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("assignment.toml");
        fs::write(&file, &text).expect("written");
        let _ = Assignment::load(&file);
    }
}

#[test]
fn what_was_forgotten_is_not_found_in_the_history_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = folder.path().join("history");
    let record = |event: &str, app: &str, number: u16| {
        format!(
            r#"{{"ts":"2026-11-22T08:00:00Z","event":"{event}","app":"{app}","launch_id":"01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77","seq":0,"port":{number},"generation":1}}"#
        )
    };
    let loaded = |records: &[String]| {
        fs::write(&history, records.join("\n")).expect("written");
        let loaded = Assignment::load_or_recover(
            &folder.path().join("none"),
            &Reader::of_history(&history),
            &AppName::default(),
        );
        loaded.assignment.ports().map(|good| good.port.get()).collect::<Vec<_>>()
    };
    let mut records = vec![
        record("port_assigned", "server", 17001),
        record("port_assigned", "server", 17002),
        record("port_forgotten", "notes", 17001),
    ];
    assert_eq!(loaded(&records), [17002, 17001]);
    records.push(record("port_forgotten", "server", 17002));
    assert_eq!(loaded(&records), [17001]);
    records.push(record("port_assigned", "server", 17002));
    assert_eq!(loaded(&records), [17002, 17001]);
}

/// Wherever it is cut: an earlier port at the end may be missing, and nothing else.
#[test]
fn an_assignment_that_is_cut_short_is_recovered_and_a_forgotten_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, history) = (folder.path().join("assignment.toml"), folder.path().join("history"));
    let mut assignment = Assignment::default();
    let mut records = String::new();
    for (second, number) in [17001, 17002].into_iter().cycle().take(24).enumerate() {
        assignment.assign(port(number), Origin::Range, at(second as i64));
        let generation = assignment.generation;
        records += &format!(
            r#"{{"ts":"2026-11-22T08:00:00Z","event":"port_assigned","app":"server","launch_id":"01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77","seq":0,"port":{number},"generation":{generation}}}"#
        );
        records.push('\n');
    }
    fs::write(&history, records).expect("written");
    let load =
        || Assignment::load_or_recover(&file, &Reader::of_history(&history), &AppName::default());
    assignment.commit(&file, &held(folder.path())).expect("written");
    let whole = fs::read_to_string(&file).expect("there");
    for end in 0..whole.len() {
        fs::write(&file, &whole[..end]).expect("written");
        let loaded = load();
        let last_good = loaded.assignment.last_good.map(|good| good.port.get());
        assert_eq!(last_good, Some(17002), "{:?}", &whole[..end]);
    }
    assignment.forget();
    assignment.commit(&file, &held(folder.path())).expect("written");
    assert_eq!(load().assignment, assignment, "although no record says that it was forgotten");
}

#[test]
fn a_forgotten_assignment_has_a_generation_and_no_port() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("assignment.toml");
    let mut assignment = Assignment::default();
    assignment.assign(port(17001), Origin::Range, at(1));
    assignment.forget();
    assignment.commit(&file, &held(folder.path())).expect("written");
    let read = Assignment::load(&file).expect("readable");
    assert_eq!((read.generation, read.ports().count()), (2, 0));
}

/// The largest integer of TOML is smaller than that of a record.
#[test]
fn a_count_at_its_maximum_stays_there_and_the_port_is_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, history) = (folder.path().join("assignment.toml"), folder.path().join("history"));
    let good = |launches: u64| {
        format!(
            "[last_good]\nport = 17001\norigin = \"range\"\nlaunches = {launches}\n\
             first_at = \"2026-11-22T08:00:00Z\"\nlast_at = \"2026-11-22T08:00:00Z\"\n"
        )
    };
    let record = |generation: u64| {
        format!(
            r#"{{"ts":"2026-11-22T08:00:00Z","event":"port_assigned","app":"server","launch_id":"01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77","seq":0,"port":17001,"generation":{generation}}}"#
        )
    };
    for count in [MAX_COUNT - 1, MAX_COUNT, u64::MAX] {
        fs::write(&file, format!("schema = 1\ngeneration = {count}\n{}", good(count)))
            .expect("written");
        fs::write(&history, record(count)).expect("written");
        let mut assignment =
            Assignment::load_or_recover(&file, &Reader::of_history(&history), &AppName::default())
                .assignment;
        assert_eq!(assignment.last_good.map(|good| good.port), Some(port(17001)), "{count}");
        assignment.assign(port(17001), Origin::LastGood, at(1));
        assert_eq!(assignment.generation, MAX_COUNT, "{count}");
        assignment.commit(&file, &held(folder.path())).expect("written");
        assert_eq!(Assignment::load(&file).expect("readable"), assignment, "{count}");
        assignment.forget();
        assignment.commit(&file, &held(folder.path())).expect("written");
        assert_eq!(Assignment::load(&file).expect("readable").generation, MAX_COUNT, "{count}");
    }
}
