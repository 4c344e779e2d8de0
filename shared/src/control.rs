//! Control lines: what the launcher and its server say to each other (docs/handover.md).
//!
//! One message is one line of JSON, on the server's stdin and stdout, so that the peer is ours by
//! construction. The end of the server's stdin means that the launcher is gone.

use std::{
    io::{self, BufRead, Write},
    net::SocketAddr,
    process,
};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    app::AppName, conflict::Origin, event::RequestedBy, handover::ProtocolInfo, identity::Secret,
    launch::LaunchInfo, port::Port,
};

/// The longest line that is read, in bytes: the longest message, `adopt` with two sockets of
/// Windows (each 744 hexadecimal digits), ten times over.
pub const MAX_LINE: u64 = 16 * 1024;

/// What the launcher says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToServer {
    /// Always first: what the sockets are, and which launch they belong to.
    Adopt(Adoption),
    /// Answer every request with the new address from now on.
    Redirect {
        /// The new port.
        to: Port,
    },
    /// Take no new connections, finish the requests in flight, then exit.
    Drain,
    /// Exit now.
    Stop,
}

/// What a server must know of the launch it belongs to: its [`LaunchInfo`] but for the app, which
/// stands on the server's command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The launch.
    pub launch_id: Uuid,
    /// The port that the sockets hold.
    pub port: Port,
    /// Why it was chosen.
    pub origin: Origin,
    /// The last good port before this launch, if there was one.
    pub last_good: Option<Port>,
    /// The launcher's process id.
    pub launcher_pid: u32,
    /// What the server proves itself with. It travels on this pipe, which nobody else can read, so
    /// that a launch works where the state folder can be neither read nor written.
    pub secret: Secret,
    /// On Windows the sockets themselves; elsewhere the server was born with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sockets: Vec<ProtocolInfo>,
}

impl Adoption {
    /// What this process, the launcher, tells a server of `launch`.
    pub fn new(launch: &LaunchInfo, secret: Secret, sockets: Vec<ProtocolInfo>) -> Self {
        Self {
            launch_id: launch.launch_id,
            port: launch.port,
            origin: launch.origin,
            last_good: launch.last_good,
            launcher_pid: process::id(),
            secret,
            sockets,
        }
    }

    /// The launch, for the server of `app`.
    pub fn launch(&self, app: AppName) -> LaunchInfo {
        LaunchInfo {
            app,
            port: self.port,
            origin: self.origin,
            launch_id: self.launch_id,
            launcher_pid: Some(self.launcher_pid),
            last_good: self.last_good,
        }
    }
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToLauncher {
    /// It holds its sockets.
    Listening {
        /// The addresses they are bound to.
        addresses: Vec<SocketAddr>,
    },
    /// It serves.
    Ready,
    /// Another port was asked for through the server.
    Move {
        /// The new port, or any.
        port: Option<Port>,
        /// From where; `None` if the server does not say, or in a word of a later version.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
        by: Option<RequestedBy>,
    },
    /// A restart was asked for.
    Restart {
        /// From where; `None` if the server does not say, or in a word of a later version.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
        by: Option<RequestedBy>,
    },
    /// The end was asked for.
    Stop {
        /// From where; `None` if the server does not say, or in a word of a later version.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
        by: Option<RequestedBy>,
    },
    /// A person changed the settings in the browser, and the changes are recorded.
    Reread,
}

/// Reads from where something was asked for. A word that this version does not know is no error.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RequestedBy>, D::Error> {
    let by = Option::<RequestedBy>::deserialize(from)?;
    Ok(by.filter(|by| *by != RequestedBy::Other))
}

/// Why a control line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The pipe failed.
    #[error("cannot read a control line")]
    Read(#[from] io::Error),
    /// A line of more than [`MAX_LINE`] bytes.
    #[error("a control line of more than {MAX_LINE} bytes")]
    TooLong,
    /// A line that is no message.
    #[error("`{line}` is not a control message ({problem})")]
    NotAMessage {
        /// The line, cut to 200 characters, with control characters escaped.
        line: String,
        /// What the parser says.
        problem: String,
    },
}

/// Writes one message and flushes it.
///
/// # Errors
///
/// Whatever writing to the pipe fails with: the peer is gone.
pub fn say(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Reads the next message; `None` at the end of the stream.
///
/// Memory is bounded by [`MAX_LINE`], whatever the peer writes. After [`LineError::TooLong`] the
/// stream is in the middle of a line and should not be read again; after
/// [`LineError::NotAMessage`] it is at the next line.
///
/// # Errors
///
/// [`LineError`] says what stood where a message was expected.
pub fn hear<T: DeserializeOwned>(from: &mut impl BufRead) -> Result<Option<T>, LineError> {
    let mut line = Vec::new();
    let length = io::Read::take(&mut *from, MAX_LINE).read_until(b'\n', &mut line)?;
    if length == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && length as u64 == MAX_LINE {
        return Err(LineError::TooLong);
    }
    serde_json::from_slice(&line).map(Some).map_err(|problem| LineError::NotAMessage {
        line: String::from_utf8_lossy(&line)
            .trim_end()
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect(),
        problem: problem.to_string(),
    })
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_message_survives_the_pipe() {
        let mut pipe = Vec::new();
        let message = ToLauncher::Listening { addresses: vec![([127, 0, 0, 1], 17000).into()] };
        say(&mut pipe, &message).expect("a Vec takes everything");
        assert_eq!(pipe, b"{\"say\":\"listening\",\"addresses\":[\"127.0.0.1:17000\"]}\n");
        assert_eq!(hear(&mut pipe.as_slice()).expect("readable"), Some(message));
        assert_eq!(hear::<ToLauncher>(&mut io::empty()).expect("readable"), None);
    }

    #[test]
    fn from_where_a_request_comes_may_be_left_out_and_a_word_of_a_later_version_is_no_error() {
        for (line, by) in [
            ("{\"say\":\"stop\"}\n", None),
            ("{\"say\":\"stop\",\"by\":\"console\"}\n", Some(RequestedBy::Console)),
            ("{\"say\":\"stop\",\"by\":\"telepathy\"}\n", None),
        ] {
            let heard = hear::<ToLauncher>(&mut line.as_bytes()).expect("a message");
            assert_eq!(heard, Some(ToLauncher::Stop { by }), "{line}");
        }
        let (mut pipe, port) = (Vec::new(), Port::new(17000));
        say(&mut pipe, &ToLauncher::Restart { by: None }).expect("a Vec takes everything");
        say(&mut pipe, &ToLauncher::Move { port, by: Some(RequestedBy::Api) }).expect("the same");
        let said = "{\"say\":\"restart\"}\n{\"say\":\"move\",\"port\":17000,\"by\":\"api\"}\n";
        assert_eq!(String::from_utf8(pipe).expect("text"), said);
    }

    #[test]
    fn garbage_is_named_and_bounded_and_the_next_line_still_heard() {
        let mut pipe: &[u8] = b"Listening on \xff\x1b[0m\n{\"say\":\"ready\"}\n";
        let error = hear::<ToLauncher>(&mut pipe).expect_err("no message").to_string();
        assert!(error.contains("`Listening on") && !error.contains('\x1b'), "{error}");
        assert_eq!(hear(&mut pipe).expect("readable"), Some(ToLauncher::Ready));
        let flood = vec![b'x'; 1 << 20];
        assert!(matches!(hear::<ToLauncher>(&mut flood.as_slice()), Err(LineError::TooLong)));
    }
}
