//! The three ways to sockets, and which of them this run takes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::error::ErrorKind;
use shared::{
    claim::{self, Claim, ClaimError, LOOPBACKS},
    exit::Exit,
    handover::Adoption,
    invoked_as,
    port::Port,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    os::listeners,
    process::{
        args::{self, Args},
        handover::{self, Order},
    },
};

/// Where the sockets come from.
pub enum Way {
    /// A launcher started us and hands them over. The launch is the launcher's.
    HandOver(Claim, Adoption, UnboundedReceiver<Order>),
    /// A service manager passed them in.
    Inherited(Claim),
    /// We claim this port ourselves.
    Claim(Port),
}

/// Why there is no way.
pub struct NoWay {
    /// How the program ends.
    pub exit: Exit,
    /// What the person is told.
    pub text: String,
}

impl NoWay {
    fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }
}

impl Way {
    /// Finds out which way it is. For a hand-over this waits for the launcher's first word.
    ///
    /// # Errors
    ///
    /// [`NoWay`] if what was typed and what was passed in do not fit together.
    pub fn find(args: &Args) -> Result<Self, NoWay> {
        let passed = listeners::passed().map_err(|error| NoWay::usage(error.to_string()))?;
        match (args.hand_over, passed, args.port) {
            (false, Some(passed), _) if args.bind.is_some() => Err(NoWay::usage(format!(
                "--bind does not go with a socket that was passed in, here for port {}",
                passed.port()
            ))),
            (_, Some(passed), asked) => {
                check(&passed, asked)?;
                if args.hand_over {
                    Self::adopt(Some(passed), asked)
                } else {
                    Ok(Self::Inherited(passed))
                }
            }
            (true, None, asked) if listeners::CAN_COME_LATER => Self::adopt(None, asked),
            (true, None, _) => Err(NoWay::usage(format!(
                "--hand-over is for the launcher, which passes sockets; by hand, run `{} --port N`",
                invoked_as::server()
            ))),
            (false, None, Some(port)) => Ok(Self::Claim(port)),
            (false, None, None) => Err(NoWay::usage(no_port())),
        }
    }

    /// Waits for the launcher's first word; the sockets come with it if they were not `passed`.
    fn adopt(passed: Option<Claim>, asked: Option<Port>) -> Result<Self, NoWay> {
        let broken = |text| NoWay { exit: Exit::Bug, text };
        let (adoption, orders) = handover::attach().map_err(|error| {
            broken(format!("the launcher did not say what the sockets are: {error}"))
        })?;
        let claim = match passed {
            Some(claim) => claim,
            None => {
                let claim = listeners::open(&adoption.sockets)
                    .map_err(|error| NoWay::usage(error.to_string()))?;
                check(&claim, asked)?;
                claim
            }
        };
        if adoption.port != claim.port() {
            return Err(broken(format!(
                "the launcher speaks of port {} and passed a socket for port {}",
                adoption.port,
                claim.port()
            )));
        }
        Ok(Self::HandOver(claim, adoption, orders))
    }
}

/// Whether the sockets are those of the port that was `asked` for.
fn check(passed: &Claim, asked: Option<Port>) -> Result<(), NoWay> {
    match asked.filter(|port| *port != passed.port()) {
        None => Ok(()),
        Some(port) => Err(NoWay::usage(format!(
            "--port {port} is not the port of the socket that was passed in, which is {}",
            passed.port()
        ))),
    }
}

/// What clap says of a required option, for one that is not always required.
fn no_port() -> String {
    let text = format!(
        "which port? Write --port N, or run `{}` to have a free one found and remembered",
        invoked_as::launcher()
    );
    let error = args::command().error(ErrorKind::MissingRequiredArgument, text).to_string();
    error.trim_start_matches("error: ").trim_end().to_owned()
}

/// Claims `port` on loopback, and on `bind` if that is asked for.
///
/// # Errors
///
/// [`ClaimError`] names the address that could not be had. [`claim::at`] skips what the host lacks,
/// so whether `bind` is among the addresses is for the caller to see.
pub fn claim(port: Port, bind: Option<IpAddr>) -> Result<Claim, ClaimError> {
    claim::at(&addresses(bind), port)
}

/// Loopback is always served, because our URLs lead there; an address that means all of a family
/// stands for the loopback of that family too.
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
