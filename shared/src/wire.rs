//! Messages on a pipe or a socket: each is one line of JSON.
//!
//! The [hand-over messages](crate::handover) and the control socket are read and written with these.

use std::io::{self, BufRead, Write};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{message, printable, value_error};

/// The longest line that is read, in bytes: ten times the longest message, which is the hand-over
/// message `adopt` with two sockets of Windows (each 744 hexadecimal digits).
pub const MAX_LINE: u64 = 16 * 1024;

/// How long a word may be that is quoted. The secret and the token have 64 digits.
const SECRET_LENGTH: usize = 32;

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
        /// The line without long words, cut to 200 characters, with control characters escaped.
        line: String,
        /// What is wrong with it, for a person.
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
        line: quoted(&String::from_utf8_lossy(&line)),
        problem: quoted(&in_words(&line, &problem)),
    })
}

/// A text fit to be printed and kept: a program that repeats what it is sent repeats the secret and the token.
fn quoted(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let mut quoted = String::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let word = rest.len() - rest.trim_start_matches(is_part).len();
        let (taken, left) = rest.split_at(word.max(rest.chars().next().map_or(0, char::len_utf8)));
        quoted.push_str(if word < SECRET_LENGTH { taken } else { "***" });
        rest = left;
    }
    printable::escaped(&quoted.chars().take(200).collect::<String>())
}

/// Why the line is no message, without the words of the parser.
fn in_words(line: &[u8], problem: &serde_json::Error) -> String {
    match serde_json::from_slice(line) {
        Ok(Value::Object(_)) => {
            let text = problem.to_string();
            value_error::in_words(text.rsplit_once(" at line ").map_or(&*text, |(said, _)| said))
        }
        _ => message!("message_error.no_object"),
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::handover::ToLauncher;

    #[test]
    fn what_repeats_a_secret_is_quoted_without_it() {
        let secret = "254dc".repeat(13);
        for line in [
            format!("{{\"say\":\"adopt\",\"secret\":\"{secret}\"}}\n"),
            secret.clone(),
            format!("{}{secret}", "x ".repeat(90)),
        ] {
            let error = read_message::<u8>(&mut line.as_bytes()).expect_err("no number");
            assert!(!error.to_string().contains(&secret[..20]), "{error}");
        }
        let error = read_message::<u8>(&mut "Grüße: läuft\n".as_bytes()).expect_err("no number");
        assert!(error.to_string().contains("`Grüße: läuft`"), "{error}");
    }

    #[test]
    fn what_is_no_message_is_said_without_the_words_of_a_parser() {
        for (line, wanted) in [
            ("hi", "`hi` is not a message (it is not a JSON object)"),
            ("[]", "`[]` is not a message (it is not a JSON object)"),
            ("{}", "`{}` is not a message (`say` is missing)"),
            (
                r#"{"say":"listening"}"#,
                r#"`{"say":"listening"}` is not a message (`addresses` is missing)"#,
            ),
            (
                r#"{"say":"hi"}"#,
                r#"`{"say":"hi"}` is not a message (`hi` is none of `listening`, `ready`, `move`, `restart`, `stop`, `reread`)"#,
            ),
        ] {
            let read = read_message::<ToLauncher>(&mut format!("{line}\n").as_bytes());
            assert_eq!(read.expect_err("no message").to_string(), wanted);
        }
    }
}
