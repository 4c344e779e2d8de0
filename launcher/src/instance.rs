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
};

use crate::options::Basics;

/// How often a second start looks whether the first has got anywhere. The first one takes a few
/// milliseconds, so nobody waits long enough to notice.
const PAUSE: Duration = Duration::from_millis(20);

/// Who may run the app.
#[derive(Debug)]
pub enum Turn {
    /// We: nobody else does. The lock is `None` if the system could not give it.
    Ours(Option<AppLock>),
    /// Somebody does already, and proved to be ours.
    Running(Box<Discovery>, Relation),
}

/// Somebody holds the app's lock and does not answer.
#[derive(Debug, thiserror::Error)]
#[error("another launcher of this app is running, but its server does not answer")]
pub struct Unresponsive;

/// Waits until either the app's lock is ours, or whoever holds it has proved to serve the app.
///
/// # Errors
///
/// [`Unresponsive`] if neither comes true within `patience`.
pub fn take_turn(
    basics: &Basics,
    secret: &Secret,
    patience: Duration,
    warn: impl FnOnce(io::Error),
) -> Result<Turn, Unresponsive> {
    let lock = basics.folders.lock(&basics.app);
    let until = Instant::now() + patience;
    loop {
        match AppLock::try_hold(&lock) {
            Ok(None) => {}
            Ok(held) => return Ok(Turn::Ours(held)),
            Err(error) => {
                warn(error);
                return Ok(Turn::Ours(None));
            }
        }
        if let Some((found, identity)) = proven(basics, secret) {
            return Ok(Turn::Running(Box::new(found), relation(&identity.version)));
        }
        if Instant::now() >= until {
            return Err(Unresponsive);
        }
        thread::sleep(PAUSE);
    }
}

/// The published server of the app and what it says of itself, if it proves to be this user's.
///
/// The discovery file alone is never believed: it can outlive a crash, and by then anybody may sit
/// on its port.
pub fn proven(basics: &Basics, secret: &Secret) -> Option<(Discovery, Identity)> {
    let found = Discovery::read(&basics.folders.discovery(&basics.app))?;
    let identity = secret.probe(found.port, PROBE_TIMEOUT).ok()?;
    (identity.app == basics.app).then_some((found, identity))
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
