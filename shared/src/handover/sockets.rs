//! How claimed sockets are passed to the server.
//!
//! On Unix they are open file descriptors from [`FIRST_FD`] up, announced by `LISTEN_FDS` and
//! `LISTEN_FDNAMES` as systemd announces them (`sd_listen_fds(3)`). `LISTEN_PID` is left out,
//! because the child's process id is not known before it exists; a program that passes sockets to a
//! process it has not started sets it.
//!
//! On Windows they come with the first hand-over message instead, each as a [`ProtocolInfo`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The first descriptor that carries a socket, after stdin, stdout and stderr.
pub const FIRST_FD: i32 = 3;

/// How many sockets are passed.
pub const LISTEN_FDS: &str = "LISTEN_FDS";

/// The process id that the sockets are for; a process with another id takes none.
pub const LISTEN_PID: &str = "LISTEN_PID";

/// Their names, joined by colons: [`FD_NAME`] for each.
pub const LISTEN_FDNAMES: &str = "LISTEN_FDNAMES";

/// The name that every socket of ours is passed under.
pub const FD_NAME: &str = "http";

/// The value of [`LISTEN_FDNAMES`] for this many sockets.
pub fn fd_names(sockets: usize) -> String {
    vec![FD_NAME; sockets].join(":")
}

/// What the process that it was made for can open one socket with, once: the bytes of a
/// `WSAPROTOCOL_INFOW` of Windows, in hexadecimal digits in the message.
#[derive(Clone, PartialEq, Eq)]
pub struct ProtocolInfo(pub Vec<u8>);

impl fmt::Debug for ProtocolInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProtocolInfo({} bytes)", self.0.len())
    }
}

impl Serialize for ProtocolInfo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for ProtocolInfo {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(from)?;
        hex::decode(digits).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn what_a_socket_is_opened_with_travels_in_digits_and_nothing_else_is_taken_for_it() {
        let info = ProtocolInfo(vec![0, 0x1f, 0xff]);
        let text = serde_json::to_string(&info).expect("JSON");
        assert_eq!(text, "\"001fff\"");
        assert_eq!(serde_json::from_str::<ProtocolInfo>(&text).expect("digits"), info);
        for other in ["\"0g\"", "\"012\"", "[0, 31]", "null"] {
            assert!(serde_json::from_str::<ProtocolInfo>(other).is_err(), "{other}");
        }
    }
}
