//! Requests per second with the JSON access log, beside the same app without it and bare actix-web.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use shared::{claim, port::Port};

use crate::{
    programs::{Program, settings},
    stats::{Row, median},
};

/// How long each burst lasts: long enough for the log's file to be written to many times.
const BURST: Duration = Duration::from_secs(2);

const ROUNDS: usize = 7;

/// Connections that are kept alive, each with one request under way.
const CONNECTIONS: usize = 8;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let homes = [tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?];
    let ports = [port()?, port()?, port()?];
    let [logging, silent, bare] = ports.map(|port| port.to_string());
    settings(homes[1].path(), "log = \"error\"")?;
    let start = |name, arguments: &[&str], home: &Path| Program::start(name, arguments, home);
    let _programs = [
        start("launcher", &["--no-open", "--port", &logging], homes[0].path())?,
        start("launcher", &["--no-open", "--port", &silent], homes[1].path())?,
        start("bench", &["bare", &bare], homes[2].path())?,
    ];
    let mut rates = [vec![], vec![], vec![]];
    for round in 0..=ROUNDS {
        for (port, rates) in ports.iter().zip(&mut rates) {
            let rate = burst(*port)?;
            // The first round warms up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let [logging, silent, bare] = rates.map(median);
    let row = |peer: &str, theirs: f64| Row {
        what: "requests per second with the access log".to_owned(),
        ours: format!("{logging:.0}"),
        peer: format!("{peer}: {theirs:.0}"),
        ratio: format!("{:.2} ×", logging / theirs),
    };
    Ok(vec![row("the same app without it", silent), row("bare actix-web", bare)])
}

fn port() -> io::Result<Port> {
    claim::any().map(|claim| claim.port()).map_err(io::Error::other)
}

/// Requests per second of one burst.
fn burst(port: Port) -> io::Result<f64> {
    let until = Instant::now() + BURST;
    let workers: Vec<_> =
        (0..CONNECTIONS).map(|_| thread::spawn(move || ask(port, until))).collect();
    let mut answered = 0;
    for worker in workers {
        answered += worker.join().map_err(|_| io::Error::other("a client panicked"))??;
    }
    Ok(answered as f64 / BURST.as_secs_f64())
}

/// Asks on one connection until time is up, and counts the answers.
fn ask(port: Port, until: Instant) -> io::Result<usize> {
    let mut stream = connect(port)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let request = format!("GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let (mut answered, mut answer) = (0, [0; 4096]);
    while Instant::now() < until {
        stream.write_all(request.as_bytes())?;
        // The answer is far shorter than a segment, so it comes in one piece.
        let length = stream.read(&mut answer)?;
        if !answer[..length].starts_with(b"HTTP/1.1 200") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        answered += 1;
    }
    Ok(answered)
}

/// Connects to a program that has only just been started.
fn connect(port: Port) -> io::Result<TcpStream> {
    let started = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port.get())) {
            Err(_) if started.elapsed() < Duration::from_secs(10) => thread::yield_now(),
            connected => return connected,
        }
    }
}

/// Serves the same answer with nothing around it.
pub(crate) fn serve_bare(port: u16) -> io::Result<()> {
    let port = Port::new(port).ok_or(io::ErrorKind::InvalidInput)?;
    let claim = claim::port(port).map_err(io::Error::other)?;
    actix_rt::System::new().block_on(async {
        let app = || {
            let health =
                || async { HttpResponse::Ok().json(serde_json::json!({ "status": "ok" })) };
            App::new().route("/_homeport/healthz", web::get().to(health))
        };
        let server = HttpServer::new(app).workers(2);
        claim.into_listeners().into_iter().try_fold(server, HttpServer::listen)?.run().await
    })
}
