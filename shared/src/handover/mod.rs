//! The hand-over: how claimed sockets reach the server, and what launcher and server then write to
//! each other (docs/handover.md).

mod messages;
mod sockets;

pub use messages::{Adoption, ToLauncher, ToServer};
pub use sockets::{
    FD_NAME, FIRST_FD, LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID, ProtocolInfo, fd_names,
};
