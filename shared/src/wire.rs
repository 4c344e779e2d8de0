//! Messages on a pipe or a socket: each is one line of JSON.
//!
//! The [hand-over messages](crate::handover) and the control socket are read and written with these.

use std::io::{self, BufRead, Write};

use crate::message;

use serde::{Serialize, de::DeserializeOwned};

/// The longest line that is read, in bytes: ten times the longest message, which is the hand-over
/// message `adopt` with two sockets of Windows (each 744 hexadecimal digits).
pub const MAX_LINE: u64 = 16 * 1024;

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Reading from the pipe or socket failed.
    #[error("{}", message!("message_error.read"))]
    Read(#[from] io::Error),
    /// A line of more than [`MAX_LINE`] bytes.
    #[error("{}", message!("message_error.too_long", most = MAX_LINE))]
    TooLong,
    /// A line that is no message.
    #[error("{}", message!("message_error.not_a_message", line = .line, problem = .problem))]
    NotAMessage {
        /// The line, cut to 200 characters, with control characters escaped.
        line: String,
        /// The parser's error.
        problem: String,
    },
}

/// Writes one message and flushes it.
///
/// # Errors
///
/// The error of the write: the peer has closed the pipe or socket.
pub fn write_message(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Reads the next message; `None` at the end of the stream.
///
/// Memory is bounded by [`MAX_LINE`], whatever the peer writes. After [`MessageError::TooLong`] the
/// stream is in the middle of a line and should not be read again; after
/// [`MessageError::NotAMessage`] it is at the next line.
///
/// # Errors
///
/// [`MessageError`], with what was read in place of a message.
pub fn read_message<T: DeserializeOwned>(
    from: &mut impl BufRead,
) -> Result<Option<T>, MessageError> {
    let mut line = Vec::new();
    let length = io::Read::take(&mut *from, MAX_LINE).read_until(b'\n', &mut line)?;
    if length == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && length as u64 == MAX_LINE {
        return Err(MessageError::TooLong);
    }
    serde_json::from_slice(&line).map(Some).map_err(|problem| MessageError::NotAMessage {
        line: String::from_utf8_lossy(&line)
            .trim_end()
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect(),
        problem: problem.to_string(),
    })
}
