//! The conflict of a port that could not be claimed, and another port to suggest.

use std::{process, time::Instant};

use shared::{
    claim::{self, ClaimError},
    conflict::{Class, Conflict, OsError},
    diagnose::{Depth, Diagnostician},
    policy::{PREFERRED, Policy},
    port::Port,
};

use crate::process::report::Suggestion;

/// How many ports are tried for a suggestion. Fewer than one in a hundred of the preferred ports is in
/// use on any machine, so this many fail only where every claim does.
const MAX_TRIES: usize = 16;

/// The conflict behind a claim that failed, diagnosed in full.
pub fn diagnosed(
    mut diagnostician: Diagnostician,
    port: Port,
    error: &ClaimError,
    last_good: Option<Port>,
    began: Instant,
) -> Conflict {
    let finding = diagnostician.examine(port, error, Depth::Full);
    Conflict {
        class: finding.class,
        os_error: Some(OsError::from(&error.source)),
        holder: finding.holder,
        elapsed: began.elapsed(),
        ..Conflict::explicit(port, Class::Unknown, last_good == Some(port))
    }
}

/// A port that could be claimed just now, and was released again.
///
/// Two servers that fail together start the search at different ports, so that their suggestions differ.
pub fn suggestion(policy: &Policy) -> Option<Suggestion> {
    let mut ports: Vec<_> = policy.allowed().filter(|&port| PREFERRED.contains(port)).collect();
    let start = (process::id() as usize).checked_rem(ports.len())?;
    ports.rotate_left(start);
    let port = ports.into_iter().take(MAX_TRIES).find(|&port| claim::port(port).is_ok())?;
    Some(Suggestion { port })
}

#[cfg(test)]
mod test {
    use std::path::Path;

    use shared::{app::AppName, explain::explicit_policy, identity::Secret, paths::Folders};

    use super::*;

    fn nowhere() -> Folders {
        Folders::locate(Some(Path::new("nowhere")), None).expect("given")
    }

    #[test]
    fn a_suggested_port_can_be_claimed() {
        let suggestion =
            suggestion(&explicit_policy(&nowhere(), &AppName::default())).expect("some port");
        assert!(PREFERRED.contains(suggestion.port) && claim::port(suggestion.port).is_ok());
    }

    #[test]
    fn a_taken_port_names_its_holder() {
        let held = claim::any().expect("some port");
        let error = claim::port(held.port()).expect_err("ours already");
        let asked = Diagnostician::new(AppName::default(), &nowhere(), Secret::random());
        let conflict = diagnosed(asked, held.port(), &error, Some(held.port()), Instant::now());
        assert!(conflict.last_good && conflict.os_error.is_some());
        assert_eq!(conflict.port, held.port());
    }
}
