//! Logs that can be read and not written: no records are kept, and doctor names the way out.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use e2e::{Home, Running, quiet_port};

use super::{assert_verdict, check, doctor, unchangeable::Immutable};

#[track_caller]
fn assert_no_records_can_be_written(home: &Home, why: &str, now: &str) {
    let told = doctor(home);
    assert_eq!(told.code, Some(75), "{told:?}");
    assert_verdict(&told, "history", "problem");
    let check = check(&told, "history").to_string();
    for piece in ["no records can be written", "port-history.jsonl", why, now] {
        assert!(check.contains(piece), "no `{piece}`: {check}");
    }
    let stopped = home.command("stop").run();
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    for piece in ["no records can be written", why] {
        assert!(stopped.stderr.contains(piece), "no `{piece}`: {stopped:?}");
    }
}

/// A running launch whose records may be lost, and its history.
fn serving_without_records(home: &Home) -> (Running, PathBuf) {
    home.may_lose_records();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    (running, home.folders().history())
}

#[test]
fn a_history_that_is_a_link_is_a_problem_with_what_to_do() {
    let home = Home::new();
    let (running, history) = serving_without_records(&home);
    let kept = home.path().join("kept");
    fs::rename(&history, &kept).expect("it was there");
    symlink(&kept, &history).expect("linked");
    assert_no_records_can_be_written(&home, "it is a link", "rm -f ");
    assert_eq!(running.exit().code, Some(0));
    fs::remove_file(&history).expect("it was there");
}

#[test]
fn records_that_the_running_launcher_could_not_write_are_named_when_it_can_again() {
    let home = Home::new();
    let (running, history) = serving_without_records(&home);
    fs::remove_file(&history).expect("it was there");
    fs::create_dir(&history).expect("made");
    assert_eq!(home.command("move").run().code, Some(0));
    fs::remove_dir(&history).expect("it was there");
    assert_eq!(home.command("move").run().code, Some(0));
    let lost = home.ask("status").line("status")["lost_records"]["records"].to_string();
    let told = doctor(&home);
    assert_verdict(&told, "history", "warning");
    let text = check(&told, "history")["text"].to_string();
    assert!(text.contains(&format!("{lost} records of the port history could not")), "{text}");
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_history_that_must_not_be_changed_is_a_problem_with_the_command_that_allows_it() {
    let home = Home::new();
    let (running, history) = serving_without_records(&home);
    let Some(_immutable) = Immutable::make(&history) else { return };
    let told = home.command("history").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_no_records_can_be_written(&home, "Operation not permitted", "chattr -i");
    assert_eq!(running.exit().code, Some(0));
}
