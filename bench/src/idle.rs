//! The idle launcher: memory, wake-ups, and the time of one status request.

use std::{fs, io, process::Command, thread, time::Duration};

use shared::claim;

use crate::{
    programs::{StartedProgram, beside, clean},
    stats::{Row, row, take_turns},
};

const ROUNDS: usize = 40;

/// Watches an idle launcher for this many seconds.
pub(crate) fn measure(seconds: u64) -> io::Result<Vec<Row>> {
    let home = tempfile::tempdir()?;
    let port = claim::any().map_err(io::Error::other)?.port();
    let mut launcher = StartedProgram::start(
        "launcher",
        &["--no-open", "--json", "--port", &port.to_string()],
        home.path(),
    )?;
    launcher.ready()?;
    let pid = launcher.pid();
    let before = wake_ups(pid)?;
    thread::sleep(Duration::from_secs(seconds));
    let woken = wake_ups(pid)? - before;
    let resident = field(&format!("/proc/{pid}/status"), "VmRSS:")?;

    let ask = |word: &'static str| {
        let home = home.path().to_owned();
        move || {
            let Ok(program) = beside("launcher") else { return };
            let mut command = Command::new(program);
            // Whether it succeeds shows in the other measurements.
            let _ = clean(&mut command).arg(word).env("HOMEPORT_HOME", &home).output();
        }
    };
    let (mut url, mut status, mut nothing) = (ask("where"), ask("status"), ask("--version"));
    let [url, status, nothing] = take_turns(ROUNDS, [&mut url, &mut status, &mut nothing]);
    Ok(vec![
        Row {
            what: "launcher at rest".to_owned(),
            ours: format!("{:.1} MB resident", resident as f64 / 1024.0),
            peer: format!("watched for {seconds} s"),
            ratio: format!("{woken} wake-ups"),
        },
        row("`launcher where`", url, "`launcher --version`", nothing),
        row("`launcher status`", status, "`launcher --version`", nothing),
    ])
}

/// How often the threads of a process have been given a processor.
fn wake_ups(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = task?.path().join("status");
        let status = status.to_string_lossy();
        sum += field(&status, "voluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

/// The number behind a word in a file of `/proc`.
fn field(file: &str, word: &str) -> io::Result<u64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("{file} has no {word}")))
}
