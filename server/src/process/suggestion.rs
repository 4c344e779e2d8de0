//! A port to suggest in place of one that could not be claimed.

use std::process;

use shared::{
    claim,
    policy::{PREFERRED, Policy},
};

use crate::process::report::Suggestion;

/// How many ports are tried for a suggestion. Fewer than one in a hundred of the preferred ports is in
/// use on any machine, so this many fail only where every claim does.
const MAX_TRIES: usize = 16;

/// A port that could be claimed just now, and was released again.
///
/// Two servers that fail together start the search at different ports, so that their suggestions differ.
pub fn find(policy: &Policy) -> Option<Suggestion> {
    let mut ports: Vec<_> = policy.allowed().filter(|&port| PREFERRED.contains(port)).collect();
    let start = (process::id() as usize).checked_rem(ports.len())?;
    ports.rotate_left(start);
    let port = ports.into_iter().take(MAX_TRIES).find(|&port| claim::port(port).is_ok())?;
    Some(Suggestion { port })
}

#[cfg(test)]
mod test {
    use std::path::Path;

    use shared::{app::AppName, explain::explicit_policy, paths::Folders};

    use super::*;

    fn nowhere() -> Folders {
        Folders::locate(Some(Path::new("nowhere")), None).expect("given")
    }

    #[test]
    fn a_suggested_port_can_be_claimed() {
        let suggestion =
            find(&explicit_policy(&nowhere(), &AppName::default())).expect("some port");
        assert!(PREFERRED.contains(suggestion.port) && claim::port(suggestion.port).is_ok());
    }
}
