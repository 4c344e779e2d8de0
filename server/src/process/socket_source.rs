//! The three sources of sockets, and which of them this run uses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::error::ErrorKind;
use shared::{
    app::AppName,
    claim::{self, Claim, ClaimError, LOOPBACKS},
    exit::Exit,
    invoked_as, message, next_command,
    port::Port,
};

use crate::{
    os::listeners::{self, PassedError},
    process::{
        args::{self, Args},
        handover::{self, AdoptionError, Handover},
    },
};

/// Where the sockets come from.
pub enum SocketSource {
    /// A launcher started us and hands them over. The launch is the launcher's.
    HandOver {
        /// The sockets that the launcher holds too.
        claim: Claim,
        /// The adoption and the messages that follow it.
        handover: Handover,
    },
    /// A service manager passed them in.
    Inherited(Claim),
    /// We claim this port ourselves.
    Claim(Port),
}

/// Why there are no sockets: what was typed and what was passed in do not fit together, or the
/// hand-over failed.
#[derive(Debug, thiserror::Error)]
pub enum SocketSourceError {
    /// What was passed in cannot be served on.
    #[error("{0}")]
    Passed(#[from] PassedError),
    /// `--bind` was given, and sockets on this port were passed in.
    #[error("{}", message!("server.no_bind", port = .0))]
    BindWithPassed(Port),
    /// `--port` is another port than that of the sockets.
    #[error("{}", message!("server.wrong_port", port = .asked, passed = .passed))]
    OtherPort {
        /// The port of the command line.
        asked: Port,
        /// The port of the passed sockets.
        passed: Port,
    },
    /// `--hand-over` was given, and no sockets were passed in.
    #[error("{}", message!("server.hand_over", server = invoked_as::server()))]
    NothingPassed,
    /// No port was given for this app, and no sockets were passed in.
    #[error("{}", missing_port(.0))]
    NoPort(AppName),
    /// The launcher did not send the adoption.
    #[error("{}", message!("server.no_adoption", error = .0))]
    NoAdoption(#[from] AdoptionError),
    /// The adoption names another port than that of the sockets.
    #[error("{}", message!("server.wrong_socket", port = .adopted, passed = .passed))]
    AdoptedOtherPort {
        /// The port of the adoption.
        adopted: Port,
        /// The port of the passed sockets.
        passed: Port,
    },
}

impl SocketSourceError {
    /// A launcher that breaks the hand-over is a bug, everything else a wrong use.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoAdoption(_) | Self::AdoptedOtherPort { .. } => Exit::Bug,
            _ => Exit::Usage,
        }
    }
}

impl SocketSource {
    /// Determines the source. For a hand-over this waits for the adoption.
    ///
    /// # Errors
    ///
    /// [`SocketSourceError`] if there is none.
    pub fn find(args: &Args) -> Result<Self, SocketSourceError> {
        let passed = listeners::passed()?;
        match (args.hand_over, passed, args.port) {
            (false, Some(passed), _) if args.bind.is_some() => {
                Err(SocketSourceError::BindWithPassed(passed.port()))
            }
            (_, Some(passed), asked) => {
                check(&passed, asked)?;
                if args.hand_over {
                    Self::adopt(Some(passed), asked)
                } else {
                    Ok(Self::Inherited(passed))
                }
            }
            (true, None, asked) if listeners::CAN_COME_LATER => Self::adopt(None, asked),
            (true, None, _) => Err(SocketSourceError::NothingPassed),
            (false, None, Some(port)) => Ok(Self::Claim(port)),
            (false, None, None) => Err(SocketSourceError::NoPort(args.app.clone())),
        }
    }

    /// Waits for the adoption; the sockets come with it if they were not `passed`.
    fn adopt(passed: Option<Claim>, asked: Option<Port>) -> Result<Self, SocketSourceError> {
        let handover = handover::attach()?;
        let claim = match passed {
            Some(claim) => claim,
            None => {
                let claim = listeners::open(&handover.adoption.sockets)?;
                check(&claim, asked)?;
                claim
            }
        };
        let (adopted, passed) = (handover.adoption.port, claim.port());
        if adopted != passed {
            return Err(SocketSourceError::AdoptedOtherPort { adopted, passed });
        }
        Ok(Self::HandOver { claim, handover })
    }
}

/// An explicit `--port` must be the port of the sockets.
fn check(passed: &Claim, asked: Option<Port>) -> Result<(), SocketSourceError> {
    let passed = passed.port();
    match asked.filter(|port| *port != passed) {
        None => Ok(()),
        Some(asked) => Err(SocketSourceError::OtherPort { asked, passed }),
    }
}

/// The message of clap for a missing option, because `--port` is not always required.
fn missing_port(app: &AppName) -> String {
    let text = message!("server.which_port", command = next_command::launcher("", app));
    let error = args::command().error(ErrorKind::MissingRequiredArgument, text).to_string();
    error.trim_start_matches("error: ").trim_end().to_owned()
}

/// Claims `port` on loopback, and on `bind` if that is asked for.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be claimed. [`claim::at`] skips addresses that the
/// host does not have, so the caller must check that `bind` is among the claimed ones.
pub fn claim(port: Port, bind: Option<IpAddr>) -> Result<Claim, ClaimError> {
    claim::at(&addresses(bind), port)
}

/// The addresses to claim. Loopback is always among them, because our URLs lead there; an unspecified
/// address includes the loopback of its family.
fn addresses(bind: Option<IpAddr>) -> Vec<IpAddr> {
    let [v4, v6] = LOOPBACKS;
    match bind {
        None => LOOPBACKS.to_vec(),
        Some(ip) if LOOPBACKS.contains(&ip) => LOOPBACKS.to_vec(),
        Some(ip) if ip == Ipv4Addr::UNSPECIFIED => vec![ip, v6],
        Some(ip) if ip == Ipv6Addr::UNSPECIFIED => vec![v4, ip],
        Some(ip) => vec![v4, v6, ip],
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn loopback_is_served_whatever_else_is_asked_for() {
        let cases = [
            (None, "127.0.0.1 ::1"),
            (Some("127.0.0.1"), "127.0.0.1 ::1"),
            (Some("127.0.0.2"), "127.0.0.1 ::1 127.0.0.2"),
            (Some("0.0.0.0"), "0.0.0.0 ::1"),
            (Some("::"), "127.0.0.1 ::"),
            (Some("192.0.2.7"), "127.0.0.1 ::1 192.0.2.7"),
        ];
        for (bind, wanted) in cases {
            let bind = bind.map(|text| text.parse().expect("an address"));
            let found: Vec<_> = addresses(bind).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), wanted);
        }
    }
}
