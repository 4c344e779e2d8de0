//! A disk that is full or takes no writing costs the memory of the port, not the launch (I14). Too few files that may
//! be open end a start, and cost no memory.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use e2e::{Home, Invocation, RunContext, found, get, program, quiet_port, skip, wait_until};

/// It serves, it exits with 0, and it has printed a warning on stderr.
#[track_caller]
fn assert_serves_with_a_warning(launch: &Invocation) -> String {
    let mut running = launch.start();
    running.ready();
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.is_empty(), "nothing on stderr");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended.stderr
}

/// I7: once, by the launcher for its server too.
#[track_caller]
fn assert_said_once(told: &str) {
    assert_eq!(told.matches("port-history.jsonl").count(), 1, "{told}");
}

fn allow(folder: &std::path::Path, mode: u32) {
    fs::create_dir_all(folder).expect("made");
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("ours to change");
}

#[test]
fn a_folder_of_logs_that_takes_no_writing_does_not_stop_a_launch() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    allow(home.folders().logs(), 0o500);
    home.give_to_plain_user();
    let told = assert_serves_with_a_warning(&home.launcher().at(&plain));
    assert_said_once(&told);
    assert!(home.last_good().is_some(), "the state's own folder takes writing");
}

#[test]
fn a_history_that_cannot_be_written_is_not_named_by_the_start() {
    let home = Home::new();
    home.may_lose_records();
    let history = home.folders().history();
    fs::create_dir_all(&history).expect("made");
    let running = home.launcher().without("--json").start();
    wait_until("it is ready", || running.stdout().contains("Ctrl-C"));
    assert!(!running.stdout().contains("history"), "{}", running.stdout());
    running.stop();
    fs::remove_dir(&history).expect("empty");
}

#[test]
fn a_home_that_takes_no_writing_does_not_stop_a_launch() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    allow(home.path(), 0o500);
    assert_serves_with_a_warning(&home.launcher().at(&plain));
    allow(home.path(), 0o700);
    assert!(home.assignment().is_none());
}

#[test]
fn an_assignment_that_cannot_be_replaced_stays_as_it_is() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let (home, port) = (Home::new(), quiet_port());
    home.give_to_plain_user();
    let mut first = home.launcher().at(&plain).port(port).start();
    first.ready();
    first.stop();
    let file = home.assignment_file("server");
    let folder = file.parent().expect("a folder");
    allow(folder, 0o500);
    let told = assert_serves_with_a_warning(&home.launcher().at(&plain).port(quiet_port()));
    assert!(told.contains("not be remembered"), "{told}");
    allow(folder, 0o700);
    assert_eq!(home.last_good(), Some(port));
}

/// The kernel limits every file to this size, and kills a process that does not ignore SIGXFSZ.
#[test]
fn files_that_may_not_grow_do_not_stop_a_launch() {
    for limit in [0, 1000] {
        let limited = RunContext::direct().through(["prlimit", &format!("--fsize={limit}"), "--"]);
        if let Err(refusal) = limited.try_out() {
            return skip(&format!("prlimit (util-linux): {refusal}"));
        }
        let home = Home::new();
        home.may_lose_records();
        let told = assert_serves_with_a_warning(&home.launcher().at(&limited));
        if limit == 0 {
            assert_said_once(&told);
        }
        // What is there is whole: a record that does not fit is taken back.
        assert!(home.history().len() < 8);
    }
}

/// A small disk of its own for the logs, filled to the brim.
#[test]
fn a_full_disk_does_not_stop_a_launch() {
    const FILL: &str = "mount -t tmpfs -o size=64k tmpfs \"$1\" || exit 99\n\
                        dd if=/dev/zero of=\"$1/fill\" bs=1k 2>/dev/null\nshift\nexec \"$@\"";
    let home = Home::new();
    home.may_lose_records();
    let logs = home.path().join("logs");
    fs::create_dir(&logs).expect("made");
    let logs = logs.to_str().expect("text");
    let full = RunContext::direct().through(["unshare", "-m", "--", "sh", "-c", FILL, "sh", logs]);
    if let Err(refusal) = full.try_out() {
        return skip(&format!("no disk to fill: {refusal}"));
    }
    let told = assert_serves_with_a_warning(&home.launcher().at(&full).port(quiet_port()));
    assert_said_once(&told);
    assert!(home.last_good().is_some(), "the state's own disk has room");
}

/// In the middle of it all: nothing is written any more, and everything goes on.
#[test]
fn a_disk_that_fills_up_while_the_server_serves_stops_neither_a_restart_nor_a_move() {
    if !found("prlimit") {
        return skip("prlimit (util-linux) is missing");
    }
    let home = Home::new();
    home.may_lose_records();
    let mut running = home.launcher().start();
    let before = running.ready();
    let launcher = running.pid().to_string();
    let limited = Command::new("prlimit").args(["--pid", &launcher, "--fsize=1"]).status();
    assert!(limited.expect("it runs").success());
    for asked in ["restart", "move"] {
        let told = home.ask(asked);
        assert_eq!(told.code, Some(0), "{asked}: {told:?}");
    }
    let after = home.ask("status").line("status");
    assert_ne!(after["port"], before.port);
    let health = format!("{}_homeport/healthz", after["url"].as_str().expect("a URL"));
    assert_eq!(get(&health).expect("it serves").status, 200);
    let ended = running.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("not be remembered"), "{}", ended.stderr);
    assert_eq!(home.last_good(), Some(before.port));
}

#[test]
fn an_answer_that_cannot_be_written_whole_is_a_failure() {
    let home = Home::new();
    let mut running = home.launcher().start();
    running.ready();
    let full = RunContext::direct().through(["sh", "-c", "exec \"$@\" > /dev/full", "sh"]);
    for words in [
        "where",
        "status",
        "token",
        "history",
        "conflicts",
        "logs tail",
        "logs path",
        "settings show",
        "settings path",
        "doctor",
        "version",
        "--help",
        "--version",
        "completions bash",
        "explain 3030",
    ] {
        let told = home.command(words).at(&full).run();
        assert_eq!(told.code, Some(75), "{words}: {told:?}");
        assert!(
            told.stderr.contains("cannot be written whole: No space left"),
            "{words}: {told:?}"
        );
    }
    assert_eq!(home.command("stop").at(&full).run().code, Some(75));
    assert_eq!(running.exit().code, Some(0));
}

/// A start that may open few files ends with what to do, whichever file is the one too many, and what is
/// remembered stays.
#[test]
fn a_start_that_may_open_too_few_files_says_so_and_loses_nothing() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
    let remembered = home.assignment();
    for limit in (6..20).step_by(2) {
        let few = format!("ulimit -n {limit}; exec \"$@\"");
        let few = RunContext::direct().through(["sh", "-c", &few, "sh"]);
        for words in ["start --no-open", "start --no-open --detach"] {
            home.may_lose_records();
            let told = home.command(words).at(&few).run();
            assert_eq!(told.code, Some(75), "{limit}: {told:?}");
            assert!(told.stderr.contains("ulimit -n 1024"), "{limit}: {told:?}");
            assert_eq!(home.assignment(), remembered, "{limit}");
        }
    }
    assert_eq!(home.launcher().start().ready().origin, "last_good");
}
