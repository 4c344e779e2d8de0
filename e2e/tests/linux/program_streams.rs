//! I23: what a program of `run` writes passes as it is, and no reader of it holds the program up.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, PipeReader, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use e2e::{Home, Invocation, Running, WatchedProcess, quiet_port, wait_for, wait_until};
use serde_json::Value;

/// Listens on the port that it is given.
const LISTEN: &str = "
import os, signal, socket, subprocess, sys, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('127.0.0.1', int(os.environ['PORT'])))
listener.listen()
def mark(name):
    os.close(os.open(os.environ['HOMEPORT_HOME'] + '/' + name, os.O_CREAT | os.O_WRONLY))
";

/// Waits until it is ended.
const STAY: &str = "
while True: signal.pause()
";

/// `run` of a program in Python that listens on its port, does what `body` says, and stays.
pub(crate) fn run(home: &Home, options: &[&str], body: &str) -> Invocation {
    run_to_end(home, options, &format!("{body}{STAY}"))
}

/// The same with a program that ends by itself.
pub(crate) fn run_to_end(home: &Home, options: &[&str], body: &str) -> Invocation {
    run_program(home, options, &format!("{LISTEN}\n{body}\n"))
}

/// `run` of a program in Python.
pub(crate) fn run_program(home: &Home, options: &[&str], program: &str) -> Invocation {
    let python =
        if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    let run = home.command("run").app("web").port(quiet_port());
    let run = options.iter().fold(run, |run, option| run.arg(*option));
    run.args(["--", python, "-c", program])
}

/// Waits until the program of `home` is ready.
#[track_caller]
pub(crate) fn wait_until_ready(home: &Home) {
    wait_until("the program is ready", || !home.events("server_ready").is_empty());
}

/// Waits until the program of `home` has left this mark.
#[track_caller]
pub(crate) fn wait_for_mark(home: &Home, name: &str) {
    wait_until("the program has come so far", || home.path().join(name).exists());
}

/// The main process of the program of `home`.
#[track_caller]
pub(crate) fn main_process(home: &Home) -> WatchedProcess {
    let pid = home.last("server_spawned")["server_pid"].as_u64().expect("a number");
    WatchedProcess::of(pid as u32).expect("it runs")
}

/// The lines that are kept of what the program of `home` wrote.
pub(crate) fn kept(home: &Home) -> Vec<Value> {
    let folder = home.path().join("logs/programs");
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let kept = files.iter().map(|file| fs::read_to_string(file).unwrap_or_default());
    let lines = kept.collect::<String>();
    lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn what_a_program_writes_passes_byte_for_byte_on_two_streams() {
    let home = Home::new();
    let body = "
out = bytes(range(256)) * 40 + b'\\xff\\xfe\\r\\n' + b'x' * (1 << 20)
sys.stdout.buffer.write(out); sys.stdout.buffer.flush()
sys.stderr.buffer.write(b'only here \\xc3\\n'); sys.stderr.buffer.flush()
mark('written')";
    let running = run(&home, &[], body).start();
    wait_for_mark(&home, "written");
    let mut wanted = (0..=255u8).collect::<Vec<_>>().repeat(40);
    wanted.extend(b"\xff\xfe\r\n");
    wanted.resize(wanted.len() + (1 << 20), b'x');
    wait_until("all has passed", || running.stdout_bytes().len() >= wanted.len());
    assert!(running.stdout_bytes() == wanted, "it passes as it is");
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("only here"), "{ended:?}");
    assert!(!ended.stdout.contains("only here") && !ended.stdout.contains("http://"));
}

/// Writes a line of a hundred characters for each number below 60000: six megabytes.
const FLOOD: &str = "
for number in range(60000):
    sys.stdout.write('%-99d\\n' % number)
sys.stdout.flush()
mark('written')";

/// How much memory launcher and sitter may have, whatever a program writes.
const MAX_MEMORY: u64 = 48 << 20;

#[track_caller]
fn assert_memory_is_bounded(running: &Running) {
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    assert!(launcher.peak_memory() < MAX_MEMORY, "{}", launcher.peak_memory());
    for sitter in running.servers() {
        assert!(sitter.peak_memory() < MAX_MEMORY, "{}", sitter.peak_memory());
    }
}

fn read_to_end(mut pipe: PipeReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("a pipe");
    bytes
}

#[test]
fn a_reader_that_does_not_read_holds_nothing_up_and_is_told_what_it_has_missed() {
    let home = Home::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    let run = run(&home, &[], FLOOD).stdout(writer);
    let running = run.start();
    drop(run);
    wait_for_mark(&home, "written");
    wait_until("all is kept", || kept(&home).len() >= 60_000);
    assert_memory_is_bounded(&running);
    let read = std::thread::spawn(move || read_to_end(reader));
    wait_until("it is told", || running.stderr().contains("lines are not shown"));
    let ended = running.stop();
    let read = String::from_utf8(read.join().expect("read")).expect("text");
    let told = ended.stderr.lines().filter_map(|line| {
        line.strip_prefix("… ")?.split_once(" lines are not shown")?.0.parse::<usize>().ok()
    });
    assert_eq!(read.lines().count() + told.sum::<usize>(), 60_000, "{}", ended.stderr);
    assert!(read.lines().all(|line| line.len() == 99), "whole lines");
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_reader_that_never_reads_delays_no_end() {
    let home = Home::new();
    let (_reader, writer) = io::pipe().expect("a pipe");
    let run = run(&home, &[], FLOOD).stdout(writer);
    let running = run.start();
    wait_for_mark(&home, "written");
    wait_until_ready(&home);
    let asked = Instant::now();
    let stopped = home.ask("stop --app web");
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert_eq!(running.exit().code, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}

#[test]
fn a_program_goes_on_when_its_output_is_closed() {
    let home = Home::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    let run = run(&home, &[], FLOOD).stdout(writer);
    let running = run.start();
    drop((reader, run));
    wait_for_mark(&home, "written");
    wait_until("all is kept", || kept(&home).len() >= 60_000);
    wait_until_ready(&home);
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("not shown"), "there is no one to miss it: {ended:?}");
}

#[test]
fn with_json_stdout_has_our_objects_alone() {
    let home = Home::new();
    let mut running = run(&home, &["--json"], "print('not ours', flush=True)").start();
    running.ready();
    wait_until("it is kept", || kept(&home).iter().any(|line| line["text"] == "not ours"));
    let ended = running.stop();
    assert!(ended.lines().iter().all(|line| line["event"].is_string()), "{ended:?}");
    assert!(!ended.stderr.contains("not ours"), "{ended:?}");
}

/// Writes what it reads to the file `read` of the home, and its end.
const READ: &str = "
with open(os.environ['HOMEPORT_HOME'] + '/read', 'wb') as file:
    for line in sys.stdin.buffer:
        file.write(line); file.flush()
    file.write(b'the end'); file.flush()";

#[track_caller]
fn wait_for_read(home: &Home, wanted: &[u8]) {
    let file = home.path().join("read");
    let read = wait_for(|| fs::read(&file).ok().filter(|read| read.ends_with(wanted)));
    assert!(read.is_some(), "{:?}", fs::read(&file));
}

#[test]
fn a_program_reads_our_stdin_and_nothing_when_it_is_detached() {
    let home = Home::new();
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let run = run(&home, &[], READ).stdin(reader);
    let running = run.start();
    writer.write_all(b"one \xff\n").expect("it is read");
    wait_for_read(&home, b"one \xff\n");
    drop(writer);
    wait_for_read(&home, b"one \xff\nthe end");
    running.stop();

    let home = Home::new();
    let (reader, _writer) = io::pipe().expect("a pipe");
    let detached = run_detached(&home, reader);
    wait_for_read(&home, b"the end");
    assert_eq!(detached.code, Some(0), "{detached:?}");
    assert_eq!(home.ask("stop --app web").code, Some(0));
}

fn run_detached(home: &Home, stdin: PipeReader) -> e2e::Ended {
    run(home, &["--detach"], READ).stdin(stdin).run()
}

#[test]
fn a_process_of_the_tree_that_holds_the_output_ends_with_the_tree() {
    let home = Home::new();
    let body = "
child = subprocess.Popen(['sleep', '600'], start_new_session=True)
mark('%d.pid' % child.pid)
mark('started')";
    let running = run(&home, &[], body).start();
    wait_for_mark(&home, "started");
    wait_until_ready(&home);
    let entries = fs::read_dir(home.path()).expect("a folder").flatten();
    let pid = entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".pid")?.parse::<u32>().ok());
    let child = WatchedProcess::of(pid.last().expect("a process")).expect("it runs");
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(child.has_ended());
}

#[test]
fn a_process_outside_of_the_tree_that_holds_the_output_delays_no_end() {
    let home = Home::new();
    let running = run(&home, &[], "mark('started')").start();
    wait_for_mark(&home, "started");
    wait_until_ready(&home);
    let output = format!("/proc/{}/fd/1", main_process(&home).pid());
    let held: File = OpenOptions::new().write(true).open(output).expect("its stdout");
    let asked = Instant::now();
    let ended = running.stop();
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    drop(held);
}

#[test]
fn colours_are_asked_for_where_a_terminal_shows_them() {
    let shown = "
print('asked:', os.environ.get('FORCE_COLOR'), os.environ.get('CLICOLOR_FORCE'), flush=True)
mark('written')";
    let home = Home::new();
    let running = run(&home, &[], shown).start();
    wait_until("it is shown", || running.stdout().contains("asked: None None"));
    running.stop();
    for (no_color, wanted) in [("", "asked: 1 1"), ("1", "asked: None None")] {
        let home = Home::new();
        let terminal = e2e::PseudoTerminal::new(24, 80);
        let running = terminal.around(run(&home, &[], shown).env("NO_COLOR", no_color)).start();
        terminal.wait_until_shown(wanted);
        running.stop();
    }
}
