//! The control socket: the requests of other commands to the running launcher.
//!
//! A Unix socket or a named pipe that only the same user can open. One connection is one request and
//! one response, each a line of JSON. A line that is no request gets the response `refused`. Each
//! client has a thread and a deadline, which is short in a crowd, so that no number of silent clients keeps a
//! command from being heard. A request that its client no longer waits for is not carried out: the
//! launcher may have been stopped meanwhile.

mod listener;
mod request;

mod connection_limit;
mod message;

#[cfg(test)]
mod test;

pub use self::{
    listener::{ClientEvent, ControlListener, IncomingRequest, listen},
    message::{LaunchStatus, Request, Response},
    request::{ANSWER_TIMEOUT, PendingRequest, RequestError, ask, try_out},
};
