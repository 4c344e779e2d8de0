//! How it is found out what listens on a port, and which process that is.

use std::io;

use shared::{
    message,
    os::{self, ListenerSource, ProcessVisibility},
};

use super::check::Check;

const NAME: &str = "listeners";

/// The check of this system.
pub(super) fn listeners() -> Check {
    check(os::listener_source(), os::process_visibility())
}

fn check(source: io::Result<ListenerSource>, shown: ProcessVisibility) -> Check {
    let (text, now) = match source {
        Ok(ListenerSource::SockDiag) => (message!("doctor.listeners_told"), None),
        Ok(ListenerSource::SystemTable) => (message!("doctor.listeners_table"), None),
        Ok(ListenerSource::ProcTables) => {
            (message!("doctor.listeners_read"), Some(message!("doctor.now_listeners_read")))
        }
        Err(error) => {
            (message!("doctor.listeners_unknown", error), Some(message!("doctor.now_proc")))
        }
    };
    let (text, now) = match shown {
        ProcessVisibility::All => (text, now),
        ProcessVisibility::OwnUser => (message!("doctor.listeners_hidden", text), now),
        ProcessVisibility::Nothing => {
            (message!("doctor.no_proc", text), Some(message!("doctor.now_proc")))
        }
    };
    match now {
        Some(now) => Check::warning(NAME, text, now),
        None => Check::ok(NAME, text),
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::commands::doctor::check::CheckVerdict;

    #[test]
    fn a_slower_way_and_none_are_warnings_with_what_to_do() {
        use ListenerSource::{ProcTables, SockDiag, SystemTable};
        use ProcessVisibility::{All, Nothing, OwnUser};
        let refused = || Err(io::ErrorKind::PermissionDenied.into());
        for (source, shown, verdict, word) in [
            (Ok(SockDiag), All, CheckVerdict::Ok, "sock_diag"),
            (Ok(SockDiag), OwnUser, CheckVerdict::Ok, "hidepid"),
            (Ok(SockDiag), Nothing, CheckVerdict::Warning, "/proc is not mounted"),
            (Ok(SystemTable), All, CheckVerdict::Ok, "table"),
            (Ok(ProcTables), OwnUser, CheckVerdict::Warning, "/proc/net/tcp"),
            (refused(), All, CheckVerdict::Warning, "permission denied"),
        ] {
            let check = check(source, shown);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert!(check.text.contains(word), "{check:?}");
            assert_eq!(check.advice.is_some(), verdict == CheckVerdict::Warning, "{check:?}");
        }
    }
}
