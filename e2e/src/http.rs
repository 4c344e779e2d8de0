//! Asking a server: politely, or byte by byte.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long a server may take to respond.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most that is read of a response, in bytes.
const MAX_BODY: u64 = 1 << 20;

/// What a server responds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code; 0 if the response is not HTTP.
    pub status: u16,
    /// The status line and the headers, unchanged.
    pub head: String,
    /// The body, unchanged.
    pub body: String,
}

/// Asks for `url`, following nothing.
///
/// # Errors
///
/// If there is no response.
pub fn get(url: &str) -> io::Result<Answer> {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .build(),
    );
    let answer = agent.get(url).call().map_err(io::Error::other)?;
    let (parts, body) = answer.into_parts();
    let line = |(name, value): (_, &ureq::http::HeaderValue)| {
        format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()))
    };
    let mut text = Vec::new();
    body.into_reader().take(MAX_BODY).read_to_end(&mut text)?;
    Ok(Answer {
        status: parts.status.as_u16(),
        head: parts.headers.iter().map(line).collect(),
        body: String::from_utf8_lossy(&text).into_owned(),
    })
}

/// Sends `request` as it is to `127.0.0.1:port`, and reads until the server closes.
///
/// # Errors
///
/// If the server cannot be reached, or neither answers nor closes.
pub fn send(port: u16, request: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(MAX_BODY).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1).and_then(|code| code.parse().ok());
    Ok(Answer { status: status.unwrap_or(0), head: head.to_owned(), body: body.to_owned() })
}
