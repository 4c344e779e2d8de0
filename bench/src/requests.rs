//! Requests per second and the 99th percentile of response times, with the access log, beside
//! the same app without it, bare actix-web and, for a file, miniserve.
//!
//! `healthz` costs nothing to answer, so it shows what stands around every answer. `status` is what
//! scripts ask: a token is compared, two files are looked at, and a page of JSON is written. The
//! file is of `server --root`.

use std::io;

use shared::port::Port;

use crate::{
    contenders::{Contender, Contenders, FILE, STATUS},
    load::{Figures, burst},
    stats::{Row, median, time, unmeasured},
};

const ROUNDS: usize = 7;

/// Its release does not set the option, so the second packet of an answer waits for some 40 ms.
const MINISERVE: &str = "miniserve (without TCP_NODELAY)";

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let contenders = Contenders::start()?;
    let Contenders { logging, silent, bare, miniserve } = &contenders;
    let mut peers = vec![("the same app without it", silent), ("bare actix-web", bare)];
    let mut rows = compare("`healthz`", "/_homeport/healthz", logging, &peers)?;
    rows.extend(compare("`status`", STATUS, logging, &peers)?);
    peers.extend(miniserve.as_ref().ok().map(|miniserve| (MINISERVE, miniserve)));
    let files = compare("a file of 10 KiB", &format!("/{FILE}"), logging, &peers)?;
    let absent = miniserve.as_ref().err().zip(files.last().cloned()).map(|(error, row)| Row {
        peer: format!("miniserve: {}", unmeasured(error)),
        ratio: String::new(),
        ..row
    });
    rows.extend(files.into_iter().chain(absent));
    Ok(rows)
}

/// Asks ours and the peers for `path` in turn, and makes a row of each pair.
fn compare(
    what: &str,
    path: &str,
    ours: &Contender,
    peers: &[(&str, &Contender)],
) -> io::Result<Vec<Row>> {
    let asked = [("", ours)].into_iter().chain(peers.iter().copied());
    let asked: Vec<(Port, String)> =
        asked.map(|(_, contender)| (contender.port, contender.request(path))).collect();
    let mut bursts = vec![Vec::with_capacity(ROUNDS); asked.len()];
    for round in 0..=ROUNDS {
        for ((port, request), bursts) in asked.iter().zip(&mut bursts) {
            let figures = burst(*port, request)?;
            // The first round warms up.
            if round > 0 {
                bursts.push(figures);
            }
        }
    }
    let mut figures = bursts.iter().map(|bursts| middle(bursts));
    let Some(ours) = figures.next() else { return Ok(Vec::new()) };
    let row = |(theirs, (peer, _)): (Figures, &(&str, _))| Row {
        what: format!("{what}, with the access log"),
        ours: told(ours),
        peer: format!("{peer}: {}", told(theirs)),
        ratio: format!("{:.2} ×, p99 {:.2} ×", ours.rate / theirs.rate, ours.slow / theirs.slow),
    };
    Ok(figures.zip(peers).map(row).collect())
}

/// The median of each figure.
fn middle(bursts: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(bursts.iter().map(figure).collect());
    Figures { rate: of(|f| f.rate), half: of(|f| f.half), slow: of(|f| f.slow) }
}

fn told(Figures { rate, half, slow }: Figures) -> String {
    format!("{rate:.0} per s, p50 {}, p99 {}", time(half), time(slow))
}
