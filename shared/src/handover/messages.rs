//! Hand-over messages between the launcher and its server (docs/handover.md).
//!
//! Each message is one line of JSON on the server's stdin or stdout, so the peer is always the process
//! at the other end of the pipe. The end of the server's stdin means that the launcher has ended.

use std::{net::SocketAddr, process};

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::{
    app::AppName,
    conflict::Origin,
    event::RequestedBy,
    handover::sockets::ProtocolInfo,
    identity::Secret,
    launch::{LaunchInfo, UrlHost},
    port::Port,
    token::Token,
};

/// A message from the launcher to the server.
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
    /// The launch of the launcher, which the server's records name too.
    pub launch_id: Uuid,
    /// The port that the sockets hold.
    pub port: Port,
    /// Why it was chosen.
    pub origin: Origin,
    /// The last good port before this launch, if there was one.
    pub last_good: Option<Port>,
    /// The launcher's process id.
    pub launcher_pid: u32,
    /// The secret that the server proves itself with. No other process can read this pipe, so
    /// that a launch works where the state folder can be neither read nor written.
    pub secret: Secret,
    /// The token of the launch; `None` if the launcher is of version 0.1, whose servers make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// On Windows the sockets themselves; elsewhere the server was born with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sockets: Vec<ProtocolInfo>,
}

impl Adoption {
    /// What this process, the launcher, sends a server of `launch`.
    pub fn new(
        launch: &LaunchInfo,
        secret: Secret,
        token: Token,
        sockets: Vec<ProtocolInfo>,
    ) -> Self {
        Self {
            launch_id: launch.launch_id,
            port: launch.port,
            origin: launch.origin,
            last_good: launch.last_good,
            launcher_pid: process::id(),
            secret,
            token: Some(token),
            sockets,
        }
    }

    /// The facts of the launch, completed with the `app` of the server's command line.
    pub fn launch(&self, app: AppName) -> LaunchInfo {
        LaunchInfo {
            app,
            port: self.port,
            origin: self.origin,
            launch_id: self.launch_id,
            launcher_pid: Some(self.launcher_pid),
            last_good: self.last_good,
            host: UrlHost::default(),
        }
    }
}

/// A message from the server to the launcher.
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
        /// From where; `None` if the message has none, or a word of a later version.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
        by: Option<RequestedBy>,
    },
    /// A restart was asked for.
    Restart {
        /// From where; `None` if the message has none, or a word of a later version.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
        by: Option<RequestedBy>,
    },
    /// The end was asked for.
    Stop {
        /// From where; `None` if the message has none, or a word of a later version.
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

#[cfg(test)]
mod test {
    use std::io;

    use super::*;
    use crate::wire::{MessageError, read_message, write_message};

    #[test]
    fn a_message_survives_the_pipe() {
        let mut pipe = Vec::new();
        let message = ToLauncher::Listening { addresses: vec![([127, 0, 0, 1], 17000).into()] };
        write_message(&mut pipe, &message).expect("a Vec takes everything");
        assert_eq!(pipe, b"{\"say\":\"listening\",\"addresses\":[\"127.0.0.1:17000\"]}\n");
        assert_eq!(read_message(&mut pipe.as_slice()).expect("readable"), Some(message));
        assert_eq!(read_message::<ToLauncher>(&mut io::empty()).expect("readable"), None);
    }

    #[test]
    fn from_where_a_request_comes_may_be_left_out_and_a_word_of_a_later_version_is_no_error() {
        for (line, by) in [
            ("{\"say\":\"stop\"}\n", None),
            ("{\"say\":\"stop\",\"by\":\"console\"}\n", Some(RequestedBy::Console)),
            ("{\"say\":\"stop\",\"by\":\"telepathy\"}\n", None),
        ] {
            let heard = read_message::<ToLauncher>(&mut line.as_bytes()).expect("a message");
            assert_eq!(heard, Some(ToLauncher::Stop { by }), "{line}");
        }
        let (mut pipe, port) = (Vec::new(), Port::new(17000));
        write_message(&mut pipe, &ToLauncher::Restart { by: None })
            .expect("a Vec takes everything");
        write_message(&mut pipe, &ToLauncher::Move { port, by: Some(RequestedBy::Api) })
            .expect("the same");
        let said = "{\"say\":\"restart\"}\n{\"say\":\"move\",\"port\":17000,\"by\":\"api\"}\n";
        assert_eq!(String::from_utf8(pipe).expect("text"), said);
    }

    #[test]
    fn garbage_is_named_and_bounded_and_the_next_line_still_heard() {
        let mut pipe: &[u8] = b"Listening on \xff\x1b[0m\n{\"say\":\"ready\"}\n";
        let error = read_message::<ToLauncher>(&mut pipe).expect_err("no message").to_string();
        assert!(error.contains("`Listening on") && !error.contains('\x1b'), "{error}");
        assert_eq!(read_message(&mut pipe).expect("readable"), Some(ToLauncher::Ready));
        let flood = vec![b'x'; 1 << 20];
        assert!(matches!(
            read_message::<ToLauncher>(&mut flood.as_slice()),
            Err(MessageError::TooLong)
        ));
    }
}
