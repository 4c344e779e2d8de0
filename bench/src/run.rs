//! A program under `run`, beside the same program started bare: time to the first answer, and memory.

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Command,
};

use shared::{claim, port::Port};

use crate::{
    programs::{StartedProgram, beside, clean},
    stats::{Row, median, row, time},
};

/// How many starts are timed; each takes some 30 ms.
const ROUNDS: usize = 40;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let home = tempfile::tempdir()?;
    let port = claim::any().map_err(io::Error::other)?.port();
    let (mut under_run, mut bare) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        under_run.push(run(port, home.path())?.first_answer(port)?);
        bare.push(StartedProgram::spawn(program(port)?, home.path())?.first_answer(port)?);
    }
    let (under_run, bare) = (median(under_run), median(bare));
    let mut first =
        row("program under `run` to first answer", under_run, "the program alone", bare);
    first.ratio = format!("{}, {} more", first.ratio, time(under_run - bare));
    Ok(vec![first, memory(port, home.path())?])
}

/// The memory that `run` costs while its program serves.
fn memory(port: Port, home: &Path) -> io::Result<Row> {
    let mut running = run(port, home)?;
    running.ready()?;
    let (launcher, sitter) = (running.pid(), child_of(running.pid())?);
    let [launcher, sitter] = [private_memory(launcher)?, private_memory(sitter)?];
    Ok(Row {
        what: "`run` at rest, private memory".to_owned(),
        ours: format!("launcher {launcher:.1} MB"),
        peer: "its sitter".to_owned(),
        ratio: format!("{sitter:.1} MB"),
    })
}

fn run(port: Port, home: &Path) -> io::Result<StartedProgram> {
    let mut command = Command::new(beside("launcher")?);
    let port_text = port.to_string();
    clean(&mut command).args(["run", "--app", "bench", "--json", "--port", &port_text, "--"]);
    let program = program(port)?;
    command.arg(program.get_program()).args(program.get_args());
    StartedProgram::spawn(command, home)
}

/// This program as a server that binds for itself, and can do nothing else: what `run` adds shows.
fn program(port: Port) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("answer").arg(port.to_string());
    Ok(command)
}

/// Answers every request on `port` until the process is killed.
#[expect(clippy::disallowed_methods, reason = "it binds as any program does")]
pub(crate) fn answer(port: u16) -> io::Result<()> {
    for client in TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.incoming() {
        let mut client = client?;
        // A client that has gone away wants no answer.
        let _ = client.read(&mut [0; 1024]);
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    }
    Ok(())
}

fn child_of(parent: u32) -> io::Result<u32> {
    let mut children = String::new();
    for thread in fs::read_dir(format!("/proc/{parent}/task"))? {
        children += &fs::read_to_string(thread?.path().join("children"))?;
    }
    let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
    first.ok_or_else(|| io::Error::other("the launcher has no sitter"))
}

/// What no other process shares, in megabytes.
fn private_memory(pid: u32) -> io::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let private = text.lines().filter(|line| line.starts_with("Private_"));
    let kilobytes = private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    Ok(kilobytes.sum::<f64>() / 1024.0)
}
