//! What programs and servers write, and `launcher logs`, which shows it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    thread,
};

use e2e::{Home, RunContext, found, get, program, quiet_port, skip, wait_until};
use serde_json::Value;
use shared::{
    app::AppName,
    program_log::{self, MAX_FILES, OutputFormat, ROTATE_AT},
};

use super::logs;

/// Writes down what comes on its stdin as the output of `server`.
fn writer(home: &Home) -> Child {
    let mut writer = Command::new(program("output_writer"));
    writer.env("HOMEPORT_HOME", home.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    writer.spawn().expect("it is built")
}

/// Writes `text` to a writer, which must end well, and returns what it prints.
fn kept(mut writer: Child, text: &[u8]) -> String {
    let mut stdin = writer.stdin.take().expect("piped");
    stdin.write_all(text).expect("it reads");
    drop(stdin);
    let ended = writer.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Writes `text` down as the output of `server`.
pub(crate) fn keep(home: &Home, text: impl AsRef<[u8]>) -> String {
    kept(writer(home), text.as_ref())
}

fn mode(path: impl AsRef<std::path::Path>) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn the_last_lines_of_an_app_are_shown_as_it_wrote_them() {
    let home = Home::new();
    let lines: Vec<_> = (0..150).map(|n| format!("\u{1b}[1mline\u{1b}[m {n}\n")).collect();
    keep(&home, lines.concat() + "\u{202e}\u{fffd}\t{}\nhalf");
    let told = logs(&home, &[]).stdout;
    assert_eq!(told.lines().count(), 100);
    assert!(
        told.starts_with("line 52\n") && told.ends_with("\\u{202e}\u{fffd}\t{}\nhalf\n"),
        "{told}"
    );
    assert_eq!(logs(&home, &["-n", "2"]).stdout.lines().count(), 2);
    assert_eq!(logs(&home, &["-n", "0"]).stdout, "");
    let lines = logs(&home, &["-n", "1", "--json"]).lines();
    let keys: Vec<_> = lines[0].as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys.join(" "), "ts app launch_id pid stream text");
    assert_eq!((&lines[0]["text"], &lines[0]["stream"]), (&"half".into(), &"stdout".into()));
    let file = home.folders().program_log(&AppName::default());
    assert_eq!((mode(&file), mode(home.folders().programs())), (0o600, 0o700));
}

#[test]
fn an_app_that_has_written_nothing_is_told_so() {
    let home = Home::new();
    let told = logs(&home, &["--app", "notes"]);
    assert_eq!((told.code, told.stdout.as_str()), (Some(0), ""));
    assert!(told.stderr.contains("Nothing that notes has written"), "{told:?}");
    fs::create_dir_all(home.folders().programs()).expect("made");
    fs::write(home.folders().programs().join("notes.log"), "plain\n").expect("written");
    let told = logs(&home, &["--app", "notes"]);
    assert!(told.stderr.contains("notes.log"), "{told:?}");
}

#[test]
fn a_damaged_line_costs_itself_alone_and_is_named() {
    let home = Home::new();
    keep(&home, "first\n");
    let file = home.folders().program_log(&AppName::default());
    let mut log = fs::OpenOptions::new().append(true).open(&file).expect("there");
    log.write_all(b"{\"ts\":\"2026\n{\"ts\":\"2026-11-22T12:00:00Z\",\"app\":\"server\"}\n")
        .expect("written");
    keep(&home, "second\n");
    let told = logs(&home, &[]);
    assert_eq!((told.code, told.stdout.as_str()), (Some(0), "first\nsecond\n"), "{told:?}");
    for line in [2, 3] {
        let named = format!("Line {line} of {}", file.display());
        assert!(told.stderr.contains(&named), "{told:?}");
    }
}

#[test]
fn what_is_written_from_now_on_is_shown_also_after_the_log_was_put_aside() {
    let home = Home::new();
    keep(&home, "old\n");
    let file = home.folders().program_log(&AppName::default());
    let follower = home.command("logs").arg("-f").start();
    wait_until("the last line is printed", || follower.stdout() == "old\n");
    keep(&home, "new\n");
    wait_until("a new line is printed", || follower.stdout() == "old\nnew\n");
    fs::rename(&file, file.with_extension("jsonl.20261122T120159.123456Z")).expect("put aside");
    keep(&home, "newest\n");
    wait_until("a line of the new log is printed", || follower.stdout() == "old\nnew\nnewest\n");
    assert_eq!(logs(&home, &["-n", "3"]).stdout, "old\nnew\nnewest\n", "the files are one log");
}

/// Each line of two processes is there once, whichever of them renames the file.
#[test]
fn two_processes_put_the_log_aside_and_lose_nothing() {
    const LINES: usize = 1700;
    let home = Home::new();
    let writers = [writer(&home), writer(&home)];
    let pids = writers.each_ref().map(Child::id);
    let text: String = (0..LINES).map(|n| format!("{n} {}\n", "x".repeat(16_000))).collect();
    thread::scope(|scope| {
        for writer in writers {
            scope.spawn(|| kept(writer, text.as_bytes()));
        }
    });
    let files = program_log::files(home.folders(), &AppName::default(), OutputFormat::Json);
    assert!((3..=MAX_FILES).contains(&files.len()), "{files:?}");
    let mut numbers: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for file in &files {
        for line in fs::read_to_string(file).expect("text").lines() {
            let line: Value = serde_json::from_str(line).expect("whole");
            let number = line["text"].as_str().and_then(|text| text.split(' ').next());
            let number = number.and_then(|number| number.parse().ok()).expect("a number");
            numbers.entry(line["pid"].as_u64().expect("a number")).or_default().push(number);
        }
    }
    for file in &files[..files.len() - 1] {
        assert!(fs::metadata(file).expect("there").len() >= ROTATE_AT, "{file:?}");
    }
    for pid in pids {
        assert!(numbers[&pid.into()].iter().copied().eq(0..LINES), "{pid}");
    }
    let last = logs(&home, &["-n", "2000"]).stdout;
    assert_eq!(last.lines().count(), 2000, "they reach over two files");
}

#[test]
fn a_line_without_end_costs_little_memory() {
    let home = Home::new();
    let small: u64 = keep(&home, "x\n").trim().parse().expect("a number");
    let peak: u64 = keep(&home, vec![b'x'; 64 << 20]).trim().parse().expect("a number");
    assert!(peak < small + 2048, "{peak} KiB, and {small} KiB for a short one");
    let lines = logs(&home, &["--json"]).lines();
    let cut: u64 = lines[1..].iter().filter_map(|line| line["cut"].as_u64()).sum();
    assert_eq!(cut, (64 << 20) - (16 << 10));
}

#[test]
fn a_server_that_panics_at_its_start_is_told_with_its_last_lines() {
    let home = Home::new();
    let told = home.launcher().without("--json").fake(&["panics"]).run();
    assert_eq!(told.code, Some(75), "{told:?}");
    let (_, lines) = told.stderr.split_once("its last lines:\n").expect("they are told");
    assert!(lines.contains("    no config for password=***\n"), "{told:?}");
    assert!(told.stderr.contains("code 101"), "{told:?}");
    let diagnostics =
        fs::read_to_string(home.folders().logs().join("launcher.jsonl")).expect("there");
    assert!(diagnostics.contains("no config for password=***"), "{diagnostics}");
    assert!(!home.last("launch_failed").to_string().contains("no config"));
    let shown = logs(&home, &["--json"]).lines();
    let line =
        shown.iter().find(|line| line["text"] == "no config for password=***").expect("kept");
    let spawned = home.last("server_spawned");
    assert_eq!((&line["pid"], &line["stream"]), (&spawned["server_pid"], &"stderr".into()));
    assert_eq!(line["launch_id"], spawned["launch_id"]);
}

/// It repeats a secret that it was sent.
#[test]
fn a_server_that_is_not_ready_in_time_is_told_with_what_it_wrote() {
    let home = Home::new();
    let launcher = home.launcher().without("--json").fake(&["waits"]);
    let told = launcher.arg("--ready-timeout").arg("1s").run();
    assert!(told.stderr.contains("its last lines:\n    waiting for ***\n"), "{told:?}");
}

/// It is shown there as it comes, and kept.
#[test]
fn what_a_server_writes_appears_on_the_terminal_of_the_launcher() {
    if !found("script") {
        return skip("script (bsdutils) is missing");
    }
    let home = Home::new();
    home.set(
        "server",
        format!("command = [\"{}\", \"panics\"]\n", program("fake_server").display()),
    );
    let line = format!("exec {} --no-open", program("launcher").display());
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &line, "/dev/null"]).env_clear().env("HOMEPORT_HOME", home.path());
    terminal.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    let told = terminal.output().expect("it starts").stdout;
    let told = String::from_utf8_lossy(&told).replace("\r\n", "\n");
    assert!(told.contains("no config for password=hunter2x\n"), "{told}");
    assert_eq!(logs(&home, &["-n", "1000"]).stdout.matches("no config for").count(), 1);
}

#[test]
fn lines_that_found_no_room_are_counted_and_told() {
    if !found("prlimit") {
        return skip("prlimit (util-linux) is missing");
    }
    let home = Home::new();
    home.may_lose_records();
    let mut running = home.launcher().port(quiet_port()).fake(&[]).start();
    let ready = running.ready();
    let log = || get(&format!("{}log", ready.url)).expect("it serves");
    let limit = |limit: &str| {
        let pid = running.pid().to_string();
        let set =
            Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={limit}")]).status();
        assert!(set.expect("it runs").success());
    };
    let texts = || -> Vec<String> {
        let lines = logs(&home, &["--json"]).lines();
        lines.iter().map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
    };
    log();
    wait_until("the first line is kept", || texts().len() == 1);
    limit("1:unlimited");
    log();
    wait_until("a loss is told", || running.stderr().contains("is not kept"));
    log();
    wait_until("all is passed on", || running.stderr().matches("a request was").count() == 3);
    limit("unlimited:unlimited");
    log();
    let answered = "a request was answered";
    wait_until("the loss is written", || {
        texts() == [answered, "2 lines could not be written here", answered]
    });
    assert_eq!(logs(&home, &["--json"]).lines()[1]["dropped"], 2);
    assert_eq!(running.stderr().matches("is not kept").count(), 1);
    assert_eq!(running.stop().code, Some(0));
}

/// A small disk of its own for the output, filled to the brim.
#[test]
fn a_full_disk_holds_up_no_server_that_writes() {
    const FILL: &str = "mount -t tmpfs -o size=64k tmpfs \"$1\" || exit 99\n\
                        dd if=/dev/zero of=\"$1/fill\" bs=1k 2>/dev/null\nshift\nexec \"$@\"";
    let home = Home::new();
    fs::create_dir_all(home.folders().programs()).expect("made");
    let folder = home.folders().programs().display().to_string();
    let full =
        RunContext::direct().through(["unshare", "-m", "--", "sh", "-c", FILL, "sh", &folder]);
    if let Err(refusal) = full.try_out() {
        return skip(&format!("no disk to fill: {refusal}"));
    }
    let mut running = home.launcher().at(&full).fake(&["noisy"]).start();
    running.ready();
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr.len());
    assert_eq!(ended.stderr.matches("is not kept").count(), 1);
}
