//! What is the matter with a port, now and before: the same words in `launcher explain`, in the API
//! and in the console.
//!
//! The [`timeline`] is from the port history; the [`remarks`] are about the number
//! alone. Whether the port can be had is found out by an [`ExplainContext`], and is old when it is read.

pub mod remarks;
pub mod timeline;

use std::time::Instant;

use crate::{
    allotted_ports::AllottedPorts,
    app::AppName,
    assignment::Assignment,
    claim::{self, ClaimError},
    conflict::{Conflict, Origin},
    diagnose::Diagnostician,
    identity::Secret,
    os::{self, LiveRanges},
    paths::Folders,
    policy::{DEFAULT_RANGE, Policy},
    port::{Port, PortRange},
};

use self::remarks::{Remark, RemarkContext};

/// The policy for a port that an app is given by its number.
pub fn explicit_policy(folders: &Folders, app: &AppName) -> Policy {
    let others = Assignment::of_other_apps(folders, app);
    Policy::new(DEFAULT_RANGE, LiveRanges::default(), Vec::new(), others)
}

/// Who asks about a port: an app and its settings.
#[derive(Debug, Clone, Copy)]
pub struct ExplainContext<'a> {
    /// The one that the question is asked for.
    pub app: &'a AppName,
    /// Where its files are.
    pub folders: &'a Folders,
    /// The ports that it chooses from.
    pub range: PortRange,
    /// The ports that its settings avoid.
    pub avoid: &'a [PortRange],
    /// The port of its settings.
    pub home: Option<Port>,
}

impl ExplainContext<'_> {
    /// What keeps `port` from a start that asks for it at this moment, if anything does: the system, or else the
    /// policy. No other program notices: a port that is free is not listened on.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if the system refuses for a reason that has nothing to do with the port.
    pub fn conflict(&self, port: Port, secret: Secret) -> Result<Option<Conflict>, ClaimError> {
        let began = Instant::now();
        if claim::can_be_bound(port) {
            return Ok(self.refusal(port));
        }
        let error = match claim::port(port) {
            Ok(_) => return Ok(self.refusal(port)),
            Err(error) if error.is_conflict() => error,
            Err(error) => return Err(error),
        };
        let mut diagnostician = Diagnostician::new(self.app.clone(), self.folders, secret);
        let last_good = self.is_last_good(port);
        Ok(Some(diagnostician.explicit_conflict(port, &error, last_good, began)))
    }

    /// The conflict of a port that the policy refuses.
    fn refusal(&self, port: Port) -> Option<Conflict> {
        let class = explicit_policy(self.folders, self.app).refusal(port, Origin::Explicit)?;
        Some(Conflict::explicit(port, class, self.is_last_good(port)))
    }

    fn is_last_good(&self, port: Port) -> bool {
        self.assignment().last_good.is_some_and(|good| good.port == port)
    }

    /// What is known of `port` apart from its holder.
    pub fn remarks(&self, port: Port) -> Vec<Remark> {
        let reserved = Assignment::of_other_apps(self.folders, self.app);
        let live = os::port_ranges();
        let policy = Policy::new(self.range, live.clone(), self.avoid.to_vec(), reserved);
        remarks::of(
            port,
            &RemarkContext {
                app: self.app,
                policy: &policy,
                live: &live,
                avoid: self.avoid,
                home: self.home,
                assignment: &self.assignment(),
                allotted: &AllottedPorts::of(self.folders, self.app),
            },
        )
    }

    /// The assignment of the app, empty if it cannot be read: the next start recovers it.
    fn assignment(&self) -> Assignment {
        Assignment::load(&self.folders.assignment(self.app)).unwrap_or_default()
    }
}
