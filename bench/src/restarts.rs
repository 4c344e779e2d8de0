//! Five restarts under load, beside stopping and starting the server.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
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
    programs::{Program, beside, clean},
    stats::{Row, time},
};

const RESTARTS: usize = 5;

/// What clients that connect anew for each request have met with.
#[derive(Debug, Default)]
struct Tally {
    answered: usize,
    refused: usize,
    reset: usize,
    slowest: Duration,
}

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let port = claim::any().map_err(io::Error::other)?.port();
    let ours = launcher_restarts(port)?;
    let theirs = stop_then_start(port)?;
    let told = |tally: &Tally| {
        let slowest = time(tally.slowest.as_secs_f64());
        format!("{} refused, {} reset, slowest {slowest}", tally.refused, tally.reset)
    };
    Ok(vec![Row {
        what: format!("{RESTARTS} restarts under load"),
        ours: told(&ours),
        peer: format!("stop, then start: {}", told(&theirs)),
        ratio: format!("{} and {} answers", ours.answered, theirs.answered),
    }])
}

fn launcher_restarts(port: Port) -> io::Result<Tally> {
    let home = tempfile::tempdir()?;
    let port_text = port.to_string();
    let arguments = ["--no-open", "--json", "--port", &port_text];
    let mut launcher = Program::start("launcher", &arguments, home.path())?;
    launcher.ready()?;
    under_load(port, || restart(home.path()))
}

fn restart(home: &Path) -> io::Result<()> {
    let mut command = Command::new(beside("launcher")?);
    let done = clean(&mut command).arg("restart").env("HOMEPORT_HOME", home).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).into_owned()))
}

fn stop_then_start(port: Port) -> io::Result<Tally> {
    let home = tempfile::tempdir()?;
    let port_text = port.to_string();
    let start = || {
        let server = Program::start("server", &["--port", &port_text], home.path())?;
        server.first_answer(port)?;
        io::Result::Ok(server)
    };
    let mut server = Some(start()?);
    under_load(port, || {
        drop(server.take());
        server = Some(start()?);
        Ok(())
    })
}

/// Restarts several times while two clients ask all the time.
fn under_load(port: Port, mut restart: impl FnMut() -> io::Result<()>) -> io::Result<Tally> {
    let done = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let done = Arc::clone(&done);
            thread::spawn(move || ask(port, &done))
        })
        .collect();
    let restarted: io::Result<()> = (0..RESTARTS).try_for_each(|_| restart());
    done.store(true, Ordering::Relaxed);
    let mut sum = Tally::default();
    for client in clients {
        let tally = client.join().map_err(|_| io::Error::other("a client panicked"))?;
        sum.answered += tally.answered;
        sum.refused += tally.refused;
        sum.reset += tally.reset;
        sum.slowest = sum.slowest.max(tally.slowest);
    }
    restarted.map(|()| sum)
}

fn ask(port: Port, done: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    while !done.load(Ordering::Relaxed) {
        let began = Instant::now();
        match answer(port) {
            Ok(()) => {
                tally.answered += 1;
                tally.slowest = tally.slowest.max(began.elapsed());
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => tally.refused += 1,
            Err(_) => tally.reset += 1,
        }
    }
    tally
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
