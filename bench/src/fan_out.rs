//! Events: how soon the largest allowed number of clients has received a record, and how many
//! events per second reach them, beside the same app without the access log and bare actix-web.
//!
//! Both servers find a record by looking at the history every [`LOOK`]. So the first figure is half
//! of that plus the time to send to all clients; records are written at moments that are spread
//! evenly over the time between two looks. The second is of records that are written all at once,
//! and runs from the first event that comes to the last.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use memchr::memmem;
use shared::{
    app::AppName,
    event::{Event, Process},
    history::{Author, Writer},
};
use uuid::Uuid;

use crate::{
    contenders::{Contender, Contenders},
    load::connect,
    stats::{Row, median, quantile, time},
};

/// The path of the event stream.
pub(crate) const EVENTS: &str = "/_homeport/api/v1/events";

/// How often our server looks at the history while a client is subscribed.
pub(crate) const LOOK: Duration = Duration::from_millis(200);

/// The most subscribers that our server accepts.
const CLIENTS: usize = 64;

/// How many single records are waited for, spread over the time between two looks.
const RECORDS: u32 = 20;

/// How many are written at once: half of the queue of a client that does not read.
const AT_ONCE: usize = 256;

const ROUNDS: usize = 9;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let Contenders { logging, silent, bare, .. } = Contenders::start()?;
    let mut audiences =
        [Audience::gather(&logging)?, Audience::gather(&silent)?, Audience::gather(&bare)?];
    let (mut waits, mut rates) = ([vec![], vec![], vec![]], [vec![], vec![], vec![]]);
    for record in 0..RECORDS {
        for (audience, waits) in audiences.iter_mut().zip(&mut waits) {
            // One that is not counted: when it is heard, the server has just looked.
            audience.tell(1)?;
            thread::sleep(LOOK * record / RECORDS);
            waits.push(audience.tell(1)?.all.as_secs_f64());
        }
    }
    for _ in 0..ROUNDS {
        for (audience, rates) in audiences.iter_mut().zip(&mut rates) {
            let heard = audience.tell(AT_ONCE)?;
            rates.push((CLIENTS * AT_ONCE) as f64 / (heard.all - heard.first).as_secs_f64());
        }
    }
    let waits = waits.map(|waits| (median(waits.clone()), quantile(waits, 1.0)));
    let rates = rates.map(median);
    let peers = [(1, "the same app without it"), (2, "bare actix-web")];
    let waited = |(half, slowest)| format!("{}, slowest {}", time(half), time(slowest));
    let wait = |(at, peer): (usize, &str)| Row {
        what: format!("a record heard by {CLIENTS} clients, with the access log"),
        ours: waited(waits[0]),
        peer: format!("{peer}: {}", waited(waits[at])),
        ratio: format!("{:.2} ×", waits[0].0 / waits[at].0),
    };
    let rate = |(at, peer): (usize, &str)| Row {
        what: format!("{AT_ONCE} records heard by {CLIENTS} clients, with the access log"),
        ours: format!("{:.0} events per s", rates[0]),
        peer: format!("{peer}: {:.0}", rates[at]),
        ratio: format!("{:.2} ×", rates[0] / rates[at]),
    };
    Ok(peers.map(wait).into_iter().chain(peers.map(rate)).collect())
}

/// The clients of one server, and the writer of its history.
struct Audience {
    history: Writer,
    clients: Vec<BufReader<TcpStream>>,
}

/// How long after the first record was written the first client received it, and all clients the
/// last.
struct Heard {
    first: Duration,
    all: Duration,
}

impl Audience {
    fn gather(contender: &Contender) -> io::Result<Self> {
        let app = AppName::default();
        let author = Author { app: &app, process: Process::Server, launch_id: Uuid::nil() };
        let history = Writer::new(&contender.folders, &author);
        let clients = (0..CLIENTS).map(|_| listen(contender)).collect::<io::Result<_>>()?;
        Ok(Self { history, clients })
    }

    /// Writes `records` records, and waits until all clients have received them. One thread reads
    /// for all, client after client: the kernel buffers the rest.
    fn tell(&mut self, records: usize) -> io::Result<Heard> {
        let event = Event::SettingsChanged { key: "port".into(), from: None, to: None };
        let began = Instant::now();
        (0..records).for_each(|_| self.history.record(&event));
        let (mut first, mut line) = (None, Vec::new());
        for client in &mut self.clients {
            for _ in 0..records {
                line.clear();
                while memmem::find(&line, event.name().word().as_bytes()).is_none() {
                    next_line(client, &mut line)?;
                }
                first.get_or_insert_with(|| began.elapsed());
            }
        }
        let all = began.elapsed();
        Ok(Heard { first: first.unwrap_or(all), all })
    }
}

/// Connects a subscriber.
fn listen(contender: &Contender) -> io::Result<BufReader<TcpStream>> {
    let mut stream = connect(contender.port)?;
    stream.write_all(contender.request(EVENTS).as_bytes())?;
    let (mut stream, mut line) = (BufReader::new(stream), Vec::new());
    next_line(&mut stream, &mut line)?;
    if !line.starts_with(b"HTTP/1.1 200") {
        return Err(io::Error::other(String::from_utf8_lossy(&line).into_owned()));
    }
    while line != b"\r\n" {
        next_line(&mut stream, &mut line)?;
    }
    Ok(stream)
}

fn next_line(stream: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
    line.clear();
    match stream.read_until(b'\n', line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
