//! What commands answer when the port history is damaged, stamped by a wrong clock, put aside,
//! huge, or no file at all: never less than what is recorded, and never "nothing" where it cannot
//! be read.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{
    Ended, Home, Invocation, RunContext, WatchedProcess, found, quiet_port, skip, wait_for,
    wait_until,
};
use serde_json::{Value, json};
use shared::messages::local_time;

/// Launches, which stand for themselves.
const A: &str = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e01";
const B: &str = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e02";

/// What a reading may need beyond what it needs without a history, in bytes.
const MORE: u64 = 16 << 20;

/// A home whose history is what a test makes of it.
struct Past {
    home: Home,
    file: PathBuf,
}

impl Past {
    fn new() -> Self {
        let home = Home::new();
        let file = home.folders().history();
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        Self { home, file }
    }

    fn of(history: impl AsRef<[u8]>) -> Self {
        let past = Self::new();
        past.add(history);
        past
    }

    fn add(&self, lines: impl AsRef<[u8]>) {
        add(&self.file, lines);
    }

    fn command(&self, words: &str) -> Invocation {
        self.home.command(words)
    }

    #[track_caller]
    fn ask(&self, words: &str) -> Ended {
        let told = self.command(words).arg("--json").run();
        assert_eq!(told.code, Some(0), "{words}: {told:?}");
        told
    }
}

impl Drop for Past {
    /// The home's own check wants a history without damage.
    fn drop(&mut self) {
        match self.file.is_dir() {
            true => drop(fs::remove_dir(&self.file)),
            false => drop(fs::remove_file(&self.file)),
        }
    }
}

fn add(file: &Path, lines: impl AsRef<[u8]>) {
    let mut file = File::options().append(true).create(true).open(file).expect("opened");
    file.write_all(lines.as_ref()).expect("written");
}

/// A record with what every reader needs.
fn record(ts: &str, event: &str, launch: &str, rest: &Value) -> String {
    let mut record = json!({
        "ts": ts, "level": "INFO", "event": event, "msg": "", "schema": 1, "app": "server",
        "process": "launcher", "pid": 812, "launch_id": launch, "seq": 0, "version": "0.1.0",
        "machine": "ada-laptop",
    });
    let members = record.as_object_mut().expect("an object");
    members.extend(rest.as_object().expect("an object").clone());
    format!("{record}\n")
}

fn conflict(ts: &str, class: &str) -> String {
    let rest = json!({
        "port": 3030, "origin": "home", "class": class,
        "os_error": { "code": 98, "kind": "AddrInUse" },
        "holder": { "pid": 7, "name": "node", "exe": null, "user": null, "started_at": null },
        "last_good": true, "elapsed_ms": 1.0,
    });
    record(ts, "port_conflict", A, &rest)
}

#[test]
fn one_line_that_is_no_text_hides_no_conflict_from_status() {
    let past = Past::of(conflict("2026-11-22T08:00:00.000000Z", "in_use"));
    past.add(b"\xff\n");
    let mut running = past.home.launcher().port(quiet_port()).start();
    running.ready();
    let last = past.ask("status").line("status")["last_conflict"].take();
    assert_eq!(last["ts"], "2026-11-22T08:00:00.000000Z", "{last}");
    let told = past.command("status").run();
    assert!(told.stdout.contains("last conflict: 2026"), "{told:?}");
    let conflicts = past.ask("conflicts --since 2026-01-01T00:00:00Z").line("conflicts");
    assert_eq!((&conflicts["total"], &conflicts["broken_lines"]), (&json!(1), &json!(1)));
    running.stop();
}

#[test]
fn a_thousand_records_of_1970_hide_no_conflict_that_is_older() {
    let past = Past::of(conflict("2026-11-22T08:00:00.000000Z", "in_use").repeat(2));
    let old = record("1970-01-01T00:01:00.000000Z", "port_claimed", B, &json!({ "port": 17_000 }));
    past.add(old.repeat(1_000));
    let told = past.ask("conflicts --since 2026-01-01T00:00:00Z").line("conflicts");
    assert_eq!((&told["total"], &told["broken_lines"]), (&json!(2), &json!(0)));
}

#[test]
fn a_record_of_the_future_takes_none_of_its_neighbours_away() {
    let claimed = |ts: &str| record(ts, "port_claimed", B, &json!({ "port": 17_000 }));
    let (now, past) = (claimed("2026-11-22T08:00:00.000000Z"), Past::new());
    past.add([now.repeat(100), claimed("2036-11-22T08:00:00.000000Z"), now.repeat(100)].concat());
    let told = past.ask("history --since 2026-11-01T00:00:00Z");
    assert_eq!(told.lines().len(), 201);
}

/// Everything that answers from the history.
const READINGS: [&str; 8] = [
    "explain 3030",
    "explain 3030 --at 2026-11-22T08:00:00Z",
    "history",
    "history --follow",
    "conflicts",
    "logs tail",
    "logs tail --follow",
    "doctor",
];

/// The exit codes of a command, as the table of `docs/commands.md` has them.
fn documented_codes(command: &str) -> Vec<i32> {
    let table = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md"));
    let table = table.expect("it is there");
    let row = table.lines().find(|line| {
        line.starts_with(&format!("| [`{command}`]"))
            || line.starts_with(&format!("| [`{command} "))
    });
    let codes = row.and_then(|row| row.trim_end_matches(" |").rsplit("| ").next());
    codes.expect("a row").split(", ").map(|code| code.parse().expect("a code")).collect()
}

fn assert_unreadable(past: &Past) {
    for words in READINGS {
        let told = past.command(words).run();
        assert_eq!(told.code, Some(75), "{words}: {told:?}");
        let command = words.split(' ').next().expect("a word");
        assert!(documented_codes(command).contains(&75), "{command}");
        for said in ["nothing", "No matching", "No conflicts"] {
            assert!(!told.stdout.contains(said), "{words}: {told:?}");
        }
        let said = [told.stdout, told.stderr].concat();
        assert!(
            said.contains("cannot be read") && said.contains("port-history"),
            "{words}: {said}"
        );
    }
}

#[test]
fn a_history_that_is_a_folder_cannot_be_read_and_is_not_empty() {
    let past = Past::new();
    fs::create_dir(&past.file).expect("made");
    assert_unreadable(&past);
}

#[test]
fn a_history_that_is_a_pipe_cannot_be_read_and_nothing_waits_for_it() {
    let past = Past::new();
    let made = Command::new("mkfifo").arg(&past.file).status().expect("coreutils");
    assert!(made.success());
    assert_unreadable(&past);
}

#[test]
fn a_history_that_is_a_link_is_not_followed() {
    let (past, kept) = (Past::new(), Past::of("{}\n"));
    for to in [&kept.file, Path::new("/nowhere/at/all")] {
        symlink(to, &past.file).expect("linked");
        assert_unreadable(&past);
        fs::remove_file(&past.file).expect("a link");
    }
}

#[test]
fn no_record_is_missed_while_a_followed_history_is_put_aside() {
    let numbered = |number: u64| {
        let to = number.to_string();
        let rest = json!({ "key": "port", "from": null, "to": to });
        record("2026-11-22T08:00:00.000000Z", "settings_changed", A, &rest)
    };
    let past = Past::of(numbered(0));
    let words = "history --follow --json --since 2026-01-01T00:00:00Z";
    let follower = past.command(words).start();
    let numbers = || -> Vec<u64> {
        let told = follower.stdout();
        let whole = told.rfind('\n').map_or("", |end| &told[..end]);
        let number = |line| -> Option<u64> {
            let line: Value = serde_json::from_str(line).ok()?;
            line["to"].as_str()?.parse().ok()
        };
        whole.lines().filter_map(number).collect()
    };
    wait_until("the existing records are printed", || numbers() == [0]);
    let aside = past.file.with_extension("aside");
    past.add(numbered(1));
    fs::rename(&past.file, &aside).expect("renamed");
    add(&aside, numbered(2));
    past.add(numbered(3));
    wait_until("both files are read", || numbers().len() == 4);
    // A writer that still has the old file open.
    add(&aside, numbered(4));
    past.add(numbered(5));
    past.add(numbered(6));
    let all = wait_for(|| Some(numbers()).filter(|numbers| numbers.len() >= 7));
    let mut all = all.unwrap_or_else(numbers);
    assert_eq!(all[0..4], [0, 1, 2, 3], "the old file is read to its end first");
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
    fs::remove_file(aside).expect("it is there");
}

#[test]
fn who_had_a_port_is_told_also_where_no_launch_let_go_of_it() {
    let at = |minute: u32| format!("2026-11-22T08:{minute:02}:00.000000Z");
    let here = |minute: u32| local_time(at(minute).parse().expect("a time"));
    let port = json!({ "port": 3030 });
    let past = Past::of(
        [
            conflict(&at(1), "in_use"),
            record(
                &at(2),
                "port_released",
                A,
                &json!({ "port": 3030, "reason": "home_port_free" }),
            ),
            conflict(&at(3), "excluded"),
            record(&at(4), "port_claimed", A, &port),
            record(&at(5), "server_ready", A, &json!({ "port": 3030, "server_pid": 9 })),
            "{\"ts\":\"2026\n".to_owned(),
            record(&at(6), "port_claimed", B, &json!({ "port": 17_000 })),
            record(&at(7), "server_ready", B, &json!({ "port": 3030, "server_pid": 9 })),
            // Version 0.1.0 named no port here.
            record(&at(8), "launch_gave_up", B, &json!({ "exit_code": 1, "attempt": 5 })),
        ]
        .concat(),
    );
    for (minute, then, line, sentence) in [
        (1, "taken", 1, "was held by node (pid 7), found at".to_owned()),
        (2, "freed", 2, "was not ours: node (pid 7) released it".to_owned()),
        (3, "set_aside", 3, "was reserved by the system".to_owned()),
        (5, "serving", 5, "was used by server".to_owned()),
        (6, "ended_unseen", 7, format!("ended without a record, at the latest at {}", here(6))),
        (8, "gave_up", 9, format!("had given up at {}", here(8))),
    ] {
        let words = format!("explain 3030 --at {}", at(minute));
        let told = past.ask(&words).line("explain");
        let source = json!({ "file": past.file, "line": line });
        assert_eq!((&told["then"], &told["record"]), (&json!(then), &source), "{told}");
        let told = past.command(&words).run();
        assert!(told.stdout.contains(&sentence), "{told:?}");
        let source = format!("From {}, line {line}.", past.file.display());
        assert!(told.stdout.contains(&source), "{told:?}");
    }
}

/// What a command occupies with nothing to read, in bytes: a debug build maps 20 MB of itself.
const USUAL: u64 = 24 << 20;

/// The most memory that a command occupies, in bytes, and what it prints.
fn peak_of(launch: &Invocation) -> (u64, Ended) {
    let mut running = launch.start();
    let process = WatchedProcess::of(running.pid()).expect("it is our child");
    let mut peak = 0;
    // The mark only rises, so what is seen shortly before the end is all of it.
    let ended = wait_for(|| {
        peak = peak.max(process.peak_memory());
        running.has_ended().then_some(())
    });
    assert!(ended.is_some(), "it did not end");
    (peak, running.exit())
}

#[test]
fn a_line_of_100_mb_costs_no_memory() {
    let (without, past) =
        (Past::new(), Past::of(conflict("2026-11-22T08:00:00.000000Z", "in_use")));
    past.add(b"{\"ts\":\"2026-11-22T08:00:00.000000Z\",\"msg\":\"");
    for _ in 0..100 {
        past.add("x".repeat(1 << 20));
    }
    past.add(b"\"}\n");
    past.add(conflict("2026-11-22T08:00:01.000000Z", "in_use"));
    for (words, records) in [
        ("explain 3030 --json", 2),
        ("explain 3030 --at 2026-12-01T00:00:00Z --json", 2),
        ("doctor --json", 0),
        ("conflicts --json --since 2026-01-01T00:00:00Z", 0),
        ("history --json --since 2026-01-01T00:00:00Z", 2),
        ("logs tail --json -n 100", 2),
    ] {
        // One that ends at once may not be seen at all, or only as it begins.
        let base = peak_of(&without.command(words)).0.max(USUAL);
        let (peak, told) = peak_of(&past.command(words));
        assert!(peak > 0 && peak <= base + MORE, "{words}: {peak} bytes, {base} without a history");
        assert!(told.stdout.matches("port_conflict").count() >= records, "{words}: {told:?}");
    }
}

/// Fifty megabytes of another app, and behind them a little of this one.
fn long_past(port: u16) -> Past {
    let mut other =
        record("2026-11-22T08:00:00.000000Z", "port_claimed", B, &json!({ "port": 17_000 }));
    other = other.replace("\"server\"", "\"notes\"");
    let past = Past::of(other.repeat((50 << 20) / other.len()));
    past.add(conflict("2026-11-22T08:00:01.000000Z", "in_use"));
    let assigned = json!({ "port": port, "generation": 4, "previous": null });
    past.add(record("2026-11-22T08:00:02.000000Z", "port_assigned", A, &assigned));
    past
}

/// I10 for a lost memory: what was remembered stands near the end.
#[test]
fn a_start_without_an_assignment_reads_the_end_of_a_long_history() {
    let port = quiet_port();
    let past = long_past(port);
    let mut running = past.home.launcher().start();
    let ready = running.ready();
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    let read = launcher.bytes_read();
    assert!((1..20 << 20).contains(&read), "{read} bytes");
    assert_eq!(ready.port, port, "{:?}", running.stdout());
    running.stop();
}

#[test]
fn status_reads_the_end_of_a_long_history() {
    if !found("strace") {
        return skip("strace is missing");
    }
    let past = long_past(quiet_port());
    let mut running = past.home.launcher().start();
    running.ready();
    let trace = past.home.path().join("trace");
    let name = trace.to_str().expect("text");
    let context =
        RunContext::direct().through(["strace", "-f", "-e", "trace=read,pread64", "-o", name]);
    if let Err(why) = context.try_out() {
        return skip(&why);
    }
    let told = past.command("status").arg("--json").at(&context).run();
    assert!(told.line("status")["last_conflict"].is_object(), "{told:?}");
    let trace = fs::read_to_string(trace).expect("it is there");
    let read: u64 = trace
        .lines()
        .filter_map(|line| {
            line.rsplit_once(" = ")?.1.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum();
    assert!((1..4 << 20).contains(&read), "{read} bytes");
    running.stop();
}

/// Its launcher may run in the background, where no person reads its stderr.
#[test]
fn records_that_cannot_be_written_are_counted_and_said() {
    let home = Home::new();
    home.may_lose_records();
    let mut running = home.launcher().start();
    running.ready();
    let (history, away) = (home.folders().history(), home.path().join("away"));
    fs::rename(&history, away).expect("moved");
    fs::create_dir(&history).expect("made");
    let name = history.to_str().expect("text");

    for (command, event) in [("restart", "restarted"), ("move", "moved")] {
        let told = home.ask(command);
        let warning = told.line(event)["warning"].to_string();
        assert!(warning.contains(name), "{command}: {told:?}");
    }
    let lost = home.ask("status").line("status")["lost_records"].clone();
    assert!(lost["records"].as_u64() >= Some(4), "{lost}");
    assert!(lost["error"].to_string().contains(name), "{lost}");
    let log = home.folders().logs().join("launcher.jsonl");
    let log = fs::read_to_string(log).expect("readable");
    assert!(log.contains("a record of the port history is lost"), "{log}");
    let doctor = home.command("doctor").run();
    assert_eq!(doctor.code, Some(75), "{doctor:?}");
    assert!(doctor.stdout.contains(name), "{doctor:?}");

    fs::remove_dir(&history).expect("empty");
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(home.last("launch_stopped")["reason"], "asked", "and the history goes on");
}
