//! Load on one server: a burst of requests on connections that are kept alive, each with one
//! request under way. The next is sent when the last was answered, so a slow server is asked less
//! often, and its slow responses count once each.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use memchr::memmem;
use shared::port::Port;

use crate::stats::quantile;

/// How long a burst lasts: long enough for the access log to be written to many times.
const BURST: Duration = Duration::from_secs(1);

/// The six of a browser, and two of scripts.
const CONNECTIONS: usize = 8;

/// In bytes: longer than any response of these measurements.
const LONGEST: usize = 64 * 1024;

/// How long a response may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The result of a burst.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Responses per second.
    pub(crate) rate: f64,
    /// The median response time, in seconds.
    pub(crate) half: f64,
    /// The 99th percentile of the response times, in seconds.
    pub(crate) slow: f64,
}

/// Sends the same request on all connections until time is up.
pub(crate) fn burst(port: Port, request: &str) -> io::Result<Figures> {
    let until = Instant::now() + BURST;
    let times = thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CONNECTIONS).map(|_| scope.spawn(|| ask(port, request, until))).collect();
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.join().map_err(|_| io::Error::other("a client panicked"))??);
        }
        io::Result::Ok(times)
    })?;
    let rate = times.len() as f64 / BURST.as_secs_f64();
    Ok(Figures { rate, half: quantile(times.clone(), 0.5), slow: quantile(times, 0.99) })
}

/// Sends requests on one connection until time is up; returns each response time in seconds.
fn ask(port: Port, request: &str, until: Instant) -> io::Result<Vec<f64>> {
    let mut stream = connect(port)?;
    let (mut times, mut buffer) = (Vec::new(), vec![0; LONGEST]);
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok(times);
        }
        stream.write_all(request.as_bytes())?;
        read_answer(&mut stream, &mut buffer)?;
        times.push(began.elapsed().as_secs_f64());
    }
}

/// The body of one response.
pub(crate) fn answer(port: Port, request: &str) -> io::Result<Vec<u8>> {
    let (mut stream, mut buffer) = (connect(port)?, vec![0; LONGEST]);
    stream.write_all(request.as_bytes())?;
    let body = read_answer(&mut stream, &mut buffer)?;
    Ok(buffer[body].to_vec())
}

/// Reads one whole response and returns the range of its body; any status but 200 is an error.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<Range<usize>> {
    let mut had = 0;
    loop {
        match stream.read(&mut buffer[had..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => had += more,
        }
        if let Some(body) = body(&buffer[..had])?.filter(|body| had >= body.end) {
            return Ok(body);
        }
    }
}

/// The range of the body in a response that begins with these bytes, once the head is complete.
/// Every server here is made with actix-web, which spells the names of headers in small letters.
fn body(answer: &[u8]) -> io::Result<Option<Range<usize>>> {
    let Some(end) = memmem::find(answer, b"\r\n\r\n") else { return Ok(None) };
    let (head, name) = (&answer[..end], b"\r\ncontent-length: ");
    let length = memmem::find(head, name).and_then(|at| {
        let value = head[at + name.len()..].split(|byte| *byte == b'\r').next()?;
        str::from_utf8(value).ok()?.parse::<usize>().ok()
    });
    match length {
        Some(length) if head.starts_with(b"HTTP/1.1 200") => Ok(Some(end + 4..end + 4 + length)),
        _ => Err(io::Error::other(String::from_utf8_lossy(head).into_owned())),
    }
}

/// Connects to a program that has only just been started.
pub(crate) fn connect(port: Port) -> io::Result<TcpStream> {
    let started = Instant::now();
    let stream = loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port.get())) {
            Err(_) if started.elapsed() < PATIENCE => thread::yield_now(),
            connected => break connected?,
        }
    };
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn where_the_body_is_is_known_once_the_head_is_there() {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: now\r\n\r\n";
        assert_eq!(body(&head.as_bytes()[..head.len() - 1]).expect("good so far"), None);
        assert_eq!(body(head.as_bytes()).expect("good"), Some(head.len()..head.len() + 12));
        let bad = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        assert!(body(bad.as_bytes()).is_err());
    }
}
