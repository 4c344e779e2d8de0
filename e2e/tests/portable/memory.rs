//! What is remembered from launch to launch, and what happens when it is lost.

use std::fs;

use e2e::{Home, Running, Stranger, is_free, quiet_port, wait_until};

use crate::home;

/// A home that remembers a port, and the launch that did it.
fn remembering(port: u16) -> Option<(Home, Running)> {
    let home = home()?;
    let mut running = home.launcher().port(port).start();
    running.ready();
    assert_eq!(home.last_good(), Some(port));
    Some((home, running))
}

#[track_caller]
fn assert_starts_on(home: &Home, port: u16) {
    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    assert_eq!(running.stop().code, Some(0));
}

/// I6.
#[test]
fn the_last_good_port_is_used_again_after_a_stop() {
    let port = quiet_port();
    let Some((home, running)) = remembering(port) else { return };
    assert_eq!(running.stop().code, Some(0));
    assert_starts_on(&home, port);
    assert_eq!(home.assignment().expect("remembered").last_good.expect("a port").launches, 2);
}

/// I6.
#[test]
fn the_last_good_port_is_used_again_after_both_programs_were_killed() {
    let port = quiet_port();
    let Some((home, running)) = remembering(port) else { return };
    running.kill_both();
    assert_starts_on(&home, port);
}

/// I6.
#[test]
fn the_last_good_port_is_found_in_the_history_when_the_assignment_is_gone() {
    let port = quiet_port();
    let Some((home, running)) = remembering(port) else { return };
    running.stop();
    fs::remove_file(home.assignment_file("server")).expect("it was there");
    assert_starts_on(&home, port);
    let recovered = home.last("state_recovered");
    assert_eq!(recovered["source"], "port_history");
    assert_eq!(home.last_good(), Some(port));
}

/// Row 19 of the test matrix, and I14.
#[test]
fn an_assignment_that_cannot_be_read_is_set_aside_and_the_history_asked() {
    let port = quiet_port();
    let Some((home, running)) = remembering(port) else { return };
    running.stop();
    let file = home.assignment_file("server");
    let good = fs::read_to_string(&file).expect("written");
    let half = &good[..good.len() / 2];
    let bad = [
        "",
        "\u{0}\u{7f}ELF",
        half,
        "last_good = \"3030\"\n",
        "schema = 1\ngeneration = 1\n[last_good]\nport = 0\n",
        "schema = 1\ngeneration = 1\n[last_good]\nport = 99999\n",
        "schema = 99\ngeneration = 1\n",
    ];
    for (count, text) in bad.into_iter().enumerate() {
        fs::write(&file, text).expect("written");
        assert_starts_on(&home, port);
        assert_eq!(home.events("state_recovered").len(), count + 1, "{text:?}");
        assert_eq!(home.last("state_recovered")["source"], "port_history");
        let kept = fs::read_dir(file.parent().expect("a folder")).expect("readable").flatten();
        let mut kept = kept.filter(|entry| entry.file_name().to_string_lossy().contains(".bad-"));
        assert!(
            kept.any(|entry| fs::read_to_string(entry.path()).expect("kept") == text),
            "{text:?}"
        );
    }
}

#[test]
fn an_unreadable_assignment_without_a_history_costs_the_memory_and_not_the_launch() {
    let Some(home) = home() else { return };
    let file = home.assignment_file("server");
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(&file, "nonsense").expect("written");
    let ready = home.launcher().start().ready();
    assert_eq!(home.last("state_recovered")["source"], "defaults");
    assert_eq!(home.last_good(), Some(ready.port));
}

/// A folder where the file should be can be neither read nor replaced.
#[test]
fn a_folder_in_place_of_the_assignment_does_not_stop_a_launch() {
    let Some(home) = home() else { return };
    fs::create_dir_all(home.assignment_file("server").join("inner")).expect("made");
    home.launcher().start().ready();
    assert_eq!(home.events("state_recovered").len(), 1);
}

#[test]
fn each_app_has_a_memory_of_its_own() {
    let Some(home) = home() else { return };
    let (mine, yours) = (quiet_port(), quiet_port());
    let (mut a, mut b) = (
        home.launcher().app("mine").port(mine).start(),
        home.launcher().app("yours").port(yours).start(),
    );
    assert_eq!((a.ready().port, b.ready().port), (mine, yours));
    a.stop();
    b.stop();
    let (mut a, mut b) =
        (home.launcher().app("mine").start(), home.launcher().app("yours").start());
    assert_eq!((a.ready().port, b.ready().port), (mine, yours));
}

/// An earlier port is tried before a new one is chosen, so that old bookmarks may still hold.
#[test]
fn an_earlier_good_port_comes_next_when_the_last_good_one_is_taken() {
    let (earlier, last_good) = (quiet_port(), quiet_port());
    let Some((home, running)) = remembering(earlier) else { return };
    running.stop();
    let mut running = home.launcher().port(last_good).start();
    running.ready();
    running.stop();
    let _stranger = Stranger::listening(&format!("127.0.0.1:{last_good}"));
    let ready = home.launcher().start().ready();
    assert_eq!((ready.port, ready.origin.as_str()), (earlier, "earlier_good"));
}

/// I6, whenever it happens.
#[test]
fn a_launch_that_is_killed_at_any_stage_does_not_cost_the_port() {
    let port = quiet_port();
    let Some((home, running)) = remembering(port) else { return };
    running.stop();
    for stage in 1..=6 {
        let before = home.history().len();
        let running = home.launcher().start();
        wait_until("the launch has got so far", || home.history().len() >= before + stage);
        running.kill();
        wait_until("its server is gone", || is_free(port));
    }
    assert_starts_on(&home, port);
    assert!(home.events("port_conflict").is_empty() && home.events("state_recovered").is_empty());
}
