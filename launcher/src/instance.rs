//! The running instance of an app, as a second start finds it.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use semver::Version;
use shared::{
    discovery::{AppLock, Discovery},
    event::Relation,
    identity::{Identity, PROBE_TIMEOUT, Secret},
    message,
};

use crate::options::CommandContext;

/// How often a second start checks whether the first is ready. The first one takes a few
/// milliseconds, so the wait is too short to notice.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether this launch may run the app.
#[derive(Debug)]
pub enum Turn {
    /// It may. The lock is `None` if the system could not give it.
    Ours(Option<AppLock>),
    /// Another launch runs it, and its server has proved its identity.
    Running(Box<Discovery>, Relation),
}

/// Another process holds the app's lock and does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{}", message!("failure.unresponsive"))]
pub struct Unresponsive;

/// Waits until either the app's lock is ours, or the server of its holder has proved its identity.
///
/// # Errors
///
/// [`Unresponsive`] if neither comes true within `timeout`.
pub fn take_turn(
    context: &CommandContext,
    secret: &Secret,
    timeout: Duration,
    warn: impl FnOnce(io::Error),
) -> Result<Turn, Unresponsive> {
    let lock = context.folders.lock(&context.app);
    let until = Instant::now() + timeout;
    loop {
        match AppLock::try_hold(&lock) {
            Ok(None) => {}
            Ok(held) => return Ok(Turn::Ours(held)),
            Err(error) => {
                warn(error);
                return Ok(Turn::Ours(None));
            }
        }
        if let Some((found, identity)) = proven(context, secret) {
            return Ok(Turn::Running(Box::new(found), relation(&identity.version)));
        }
        if Instant::now() >= until {
            return Err(Unresponsive);
        }
        thread::sleep(PAUSE);
    }
}

/// The published server of the app and its identity, if it proves to be this user's.
///
/// The discovery file alone proves nothing: it can outlive a crash, and by then another program may
/// have the port.
pub fn proven(context: &CommandContext, secret: &Secret) -> Option<(Discovery, Identity)> {
    let found = Discovery::read(&context.folders.discovery(&context.app))?;
    let identity = secret.probe(found.port, PROBE_TIMEOUT).ok()?;
    (identity.app == context.app).then_some((found, identity))
}

/// How a running version relates to this one. A version that cannot be read is not ours to judge.
fn relation(running: &str) -> Relation {
    let ours = Version::parse(env!("CARGO_PKG_VERSION"));
    match (Version::parse(running), ours) {
        (Ok(running), Ok(ours)) if running < ours => Relation::Older,
        (Ok(running), Ok(ours)) if running > ours => Relation::Newer,
        _ => Relation::Same,
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn versions_are_compared_as_versions() {
        assert_eq!(relation("0.0.9"), Relation::Older);
        assert_eq!(relation("10.0.0"), Relation::Newer);
        assert_eq!(relation(env!("CARGO_PKG_VERSION")), Relation::Same);
    }
}
