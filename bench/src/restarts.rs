//! Five restarts under load, beside stopping and starting the server.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use shared::{claim, port::Port};

use crate::{
    programs::{StartedProgram, beside, clean},
    stats::{Row, time, unmeasured},
};

const RESTARTS: usize = 5;

/// What clients that connect anew for each request have met with.
#[derive(Debug, Default)]
struct AnswerCounts {
    answered: usize,
    refused: usize,
    reset: usize,
    slowest: Duration,
}

/// Another way to restart a server, and what its clients meet with.
type Peer = (&'static str, fn(Port) -> io::Result<AnswerCounts>);

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let port = claim::any().map_err(io::Error::other)?.port();
    let ours = launcher_restarts(port)?;
    let told = |counts: &AnswerCounts| {
        let slowest = time(counts.slowest.as_secs_f64());
        format!("{} refused, {} reset, slowest {slowest}", counts.refused, counts.reset)
    };
    let peers: [Peer; 3] = [
        ("stop, then start", stop_then_start),
        ("pm2 restart", pm2),
        ("systemd-socket-activate", socket_activate),
    ];
    let row = |(peer, measure): Peer| {
        let (theirs, answers) = match measure(port) {
            Ok(counts) => (told(&counts), counts.answered.to_string()),
            Err(error) => (unmeasured(&error), "no".to_owned()),
        };
        Row {
            what: format!("{RESTARTS} restarts under load"),
            ours: told(&ours),
            peer: format!("{peer}: {theirs}"),
            ratio: format!("{} and {answers} answers", ours.answered),
        }
    };
    Ok(peers.map(row).to_vec())
}

fn launcher_restarts(port: Port) -> io::Result<AnswerCounts> {
    let home = tempfile::tempdir()?;
    let port_text = port.to_string();
    let arguments = ["--no-open", "--json", "--port", &port_text];
    let mut launcher = StartedProgram::start("launcher", &arguments, home.path())?;
    launcher.ready()?;
    under_load(port, || {
        let mut command = Command::new(beside("launcher")?);
        succeed(clean(&mut command).arg("restart").env("HOMEPORT_HOME", home.path()))
    })
}

/// Runs a command to its end, which must be a good one.
fn succeed(command: &mut Command) -> io::Result<()> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}

fn stop_then_start(port: Port) -> io::Result<AnswerCounts> {
    let (home, port_text) = (tempfile::tempdir()?, port.to_string());
    again_and_again(port, || StartedProgram::start("server", &["--port", &port_text], home.path()))
}

/// The server on a socket that systemd's tool passes to it. The tool becomes the server, so the
/// socket ends with it.
fn socket_activate(port: Port) -> io::Result<AnswerCounts> {
    let home = tempfile::tempdir()?;
    let server = beside("server")?;
    let address = format!("127.0.0.1:{port}");
    let arguments = ["-l", &address, "--setenv", "HOMEPORT_HOME"].map(str::to_owned);
    again_and_again(port, || {
        let mut tool = Command::new("systemd-socket-activate");
        clean(&mut tool).args(&arguments).arg(&server);
        StartedProgram::spawn(tool, home.path())
    })
}

/// Starts a program, and under load ends it and starts it again.
fn again_and_again(
    port: Port,
    start: impl Fn() -> io::Result<StartedProgram>,
) -> io::Result<AnswerCounts> {
    let answering = || {
        let program = start()?;
        program.first_answer(port)?;
        io::Result::Ok(program)
    };
    let mut program = Some(answering()?);
    under_load(port, || {
        drop(program.take());
        program = Some(answering()?);
        Ok(())
    })
}

/// pm2 in fork mode, with a daemon of its own.
fn pm2(port: Port) -> io::Result<AnswerCounts> {
    let home = tempfile::tempdir()?;
    let pm2 = |arguments: &[&str]| {
        let mut command = Command::new("pm2");
        let homes = [("PM2_HOME", home.path()), ("HOMEPORT_HOME", home.path())];
        succeed(clean(&mut command).args(arguments).envs(homes))
    };
    let server = beside("server")?;
    let (server, port_text) = (server.to_string_lossy(), port.to_string());
    let flags = ["--name", "bench", "--interpreter", "none", "--", "--port", &port_text];
    pm2(&[&["start", &server], &flags[..]].concat())?;
    let wait = || {
        let patience = Instant::now() + Duration::from_secs(20);
        while answer(port).is_err() && Instant::now() < patience {
            thread::yield_now();
        }
    };
    wait();
    let counts = under_load(port, || {
        pm2(&["restart", "bench"])?;
        wait();
        Ok(())
    });
    pm2(&["kill"])?;
    counts
}

/// Restarts several times while two clients ask all the time.
fn under_load(port: Port, mut restart: impl FnMut() -> io::Result<()>) -> io::Result<AnswerCounts> {
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let done = Arc::clone(&done);
            thread::spawn(move || ask(port, &done))
        })
        .collect();
    let restarted: io::Result<()> = (0..RESTARTS).try_for_each(|_| restart());
    done.store(true, Ordering::Relaxed);
    let mut sum = AnswerCounts::default();
    for client in clients {
        let counts = client.join().map_err(|_| io::Error::other("a client panicked"))?;
        sum.answered += counts.answered;
        sum.refused += counts.refused;
        sum.reset += counts.reset;
        sum.slowest = sum.slowest.max(counts.slowest);
    }
    restarted.map(|()| sum)
}

fn ask(port: Port, done: &AtomicBool) -> AnswerCounts {
    let mut counts = AnswerCounts::default();
    while !done.load(Ordering::Relaxed) {
        let began = Instant::now();
        match answer(port) {
            Ok(()) => {
                counts.answered += 1;
                counts.slowest = counts.slowest.max(began.elapsed());
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => counts.refused += 1,
            Err(_) => counts.reset += 1,
        }
    }
    counts
}

fn answer(port: Port) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port.get()))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let head = "GET /_homeport/healthz HTTP/1.1\r\nConnection: close\r\n";
    stream.write_all(format!("{head}Host: 127.0.0.1:{port}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
