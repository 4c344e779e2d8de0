//! `launcher logs`: where they are, and what was written last.

pub(crate) mod output;

use std::{fs, io, process::Command};

use e2e::{Ended, Home, Stranger, program, quiet_port, wait_until};
use serde_json::json;
use shared::{messages::Language, sentences};

use crate::odd_environment::sources;

fn logs(home: &Home, words: &[&str]) -> Ended {
    words.iter().fold(home.command("logs"), |launch, word| launch.arg(*word)).run()
}

#[test]
fn the_folder_of_the_logs_is_printed() {
    let home = Home::new();
    let wanted = home.folders().logs().display().to_string();
    assert_eq!(logs(&home, &["path"]).stdout.trim(), wanted);
    assert_eq!(logs(&home, &["path", "--json"]).line("logs_path")["folder"], *wanted);
    let moved = home.command("logs").arg("path").env("HOMEPORT_LOG_DIR", "/somewhere").run();
    assert_eq!(moved.stdout, "/somewhere\n");
    let told = home.command("logs").arg("path").env("HOMEPORT_LOG_DIR", "/somewhere").run();
    assert!(told.stderr.contains("HOMEPORT_LOG_DIR"), "{told:?}");
    assert!(told.stderr.contains("/somewhere/programs"), "{told:?}");
    let told = logs(&home, &["tail"]);
    assert_eq!((told.code, told.stdout.as_str()), (Some(0), ""), "no logs are empty logs");
}

#[test]
fn the_last_lines_of_all_logs_are_told_in_the_order_in_which_they_were_written() {
    let home = Home::remembering(&[quiet_port()]);
    let lines = logs(&home, &["tail", "-n", "1000", "--json"]).lines();
    let stamps: Vec<_> = lines.iter().map(|line| line["ts"].to_string()).collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    for key in ["event", "target"] {
        assert!(lines.iter().any(|line| line.get(key).is_some()), "no {key}");
    }
    for process in ["launcher", "server"] {
        assert!(lines.iter().any(|line| line["process"] == process), "no {process}");
    }
    let last = logs(&home, &["tail", "-n", "3", "--json"]).lines();
    assert_eq!(last, lines[lines.len() - 3..]);

    let told = logs(&home, &["tail", "-n", "1000"]).stdout;
    // The launcher's diagnostics say "ready" as well as the history.
    let repeated = lines.iter().filter(|line| line["msg"] == "ready").count();
    assert_eq!((repeated, told.lines().count()), (1, lines.len() - repeated));
    let port = home.last("port_assigned")["port"].to_string();
    assert!(told.contains(&format!("INFO server/launcher: Port {port} is remembered.")), "{told}");
    assert!(!told.contains('\u{1b}'), "colour is for terminals");
}

#[test]
fn the_lines_of_one_app_are_told_alone_if_it_is_named() {
    let home = Home::remembering(&[quiet_port()]);
    assert!(logs(&home, &["tail", "--app", "notes"]).stdout.is_empty());
    assert!(!logs(&home, &["tail", "--app", "server"]).stdout.is_empty());
}

#[test]
fn what_is_written_from_now_on_is_told_also_after_a_log_was_put_aside() {
    let home = Home::remembering(&[quiet_port()]);
    let follower = home.command("logs").arg("tail").arg("-n0").arg("-f").arg("--json").start();
    let history = home.folders().history();
    let set = |port: &str| {
        let set = home.command("settings").arg("set").arg("port").arg(port).run();
        assert_eq!(set.code, Some(0), "{set:?}");
    };
    let hears = |to: &str| follower.stdout().contains(&format!("\"to\":\"{to}\""));
    // The first line may be written before it begins to look.
    let mut port = 20_000;
    wait_until("a new line is printed", || {
        port += 1;
        set(&port.to_string());
        hears(&port.to_string())
    });
    let kept = fs::read(&history).expect("it is there");
    let aside = history.with_extension("aside");
    fs::rename(&history, &aside).expect("put aside");
    set("30001");
    wait_until("a line of the new log is printed", || hears("30001"));
    fs::remove_file(&history).expect("it was there");
    set("30002");
    wait_until("a line of the newest log is printed", || hears("30002"));
    let told = follower.stdout();
    for line in told.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert_eq!(told.matches("\"to\":\"30001\"").count(), 1, "each line once: {told}");
    // The home's own check wants the whole history.
    fs::write(&history, kept).expect("written");
}

/// `launcher logs tail -f | head -1`.
#[test]
fn a_reader_that_goes_away_ends_it_without_a_word() {
    let home = Home::remembering(&[quiet_port()]);
    output::keep(&home, "a line\n");
    for words in [
        "logs tail",
        "logs tail -f",
        "logs",
        "logs path",
        "settings show",
        "completions bash",
        "explain 30000",
        "doctor",
    ] {
        let (reader, writer) = io::pipe().expect("descriptors are left");
        drop(reader);
        let told = Command::new(program("launcher"))
            .args(words.split(' '))
            .env("HOMEPORT_HOME", home.path())
            .env_remove("HOMEPORT_LOG_DIR")
            .stdout(writer)
            .output()
            .expect("it is there");
        assert!(told.stderr.is_empty(), "{words}: {told:?}");
        assert!(told.status.success(), "{words}: {told:?}");
    }
}

/// Those of a source, its tests left out.
fn messages_of_diagnostics(source: &str) -> impl Iterator<Item = &str> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let calls = ["info!(", "warn!(", "error!(", "debug!("].into_iter();
    let after = calls.flat_map(|call| source.split(call).skip(1));
    after.filter_map(|rest| rest.split(");").next()?.split('"').nth(1))
}

#[test]
fn every_line_of_diagnostics_has_its_sentence() {
    let sources = sources();
    let messages: Vec<_> = sources.iter().flat_map(|it| messages_of_diagnostics(it)).collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        let line = json!({ "msg": message });
        let said = sentences::diagnostic(Language::English.messages(), &line);
        assert!(said.is_some(), "{message}");
    }
}

#[test]
fn what_libraries_say_below_a_warning_is_told_at_level_debug_alone() {
    for (level, is_told) in [("info", false), ("debug", true)] {
        let home = Home::new();
        let launcher = home.launcher().env("HOMEPORT_LOG", level);
        let mut running = launcher.port(quiet_port()).start();
        running.ready();
        assert_eq!(running.stop().code, Some(0));
        let told = logs(&home, &["tail", "-n", "1000", "--json"]).lines();
        let targets: Vec<_> = told.iter().filter_map(|line| line["target"].as_str()).collect();
        let is_ours = |target: &&str| {
            ["launcher", "server", "shared"].contains(&target.split("::").next().unwrap_or(target))
        };
        assert!(targets.iter().any(is_ours), "{targets:?}");
        assert_eq!(!targets.iter().all(is_ours), is_told, "{level}: {targets:?}");
    }
}

#[test]
fn what_a_record_tells_is_not_told_again_by_the_diagnostics() {
    let home = Home::new();
    let stranger = Stranger::listening("127.0.0.1:0");
    assert_eq!(home.launcher().port(stranger.port).run().code, Some(69));
    let told = logs(&home, &["tail"]).stdout;
    assert_eq!(told.matches("The launch failed").count(), 1, "{told}");
    let all = logs(&home, &["tail", "--json"]).stdout;
    assert!(all.contains("\"launch failed\""), "{all}");
}
