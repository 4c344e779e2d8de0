//! Lingering sockets of our own last run on the last good port, and how long to wait for their end.
//!
//! Windows refuses an exclusive claim while a connection that was accepted under the previous claim is
//! still being closed. No process holds that connection any more and it ends within seconds, so a move
//! would cost the person the address for nothing. Linux and macOS allow the claim.
//!
//! This module decides whether to wait and how long. On any other port a connection belongs to another
//! program, which may keep it for hours.

use std::{iter, time::Duration};

use shared::{
    conflict::{Class, Conflict},
    os::bind_table::BindRules,
};

/// The first wait: most lingering sockets are gone by then.
const FIRST: Duration = Duration::from_millis(50);

/// The longest single wait, so that a free port is claimed soon.
const LONGEST: Duration = Duration::from_secs(1);

/// The number of waits, 4.6 seconds in all: within that a browser that saw the end of the server has
/// closed its side too, and no person has given up the launch.
const COUNT: usize = 8;

/// Whether lingering sockets are all that keeps the port from us, on a system where they do.
pub(super) fn only_lingering(rules: BindRules, conflict: &Conflict) -> bool {
    let has_no_holder = conflict.class == Class::SourcePort && conflict.holder.is_none();
    rules == BindRules::Windows && conflict.last_good && has_no_holder
}

/// The waits between one attempt to claim and the next.
pub(super) fn waits() -> impl Iterator<Item = Duration> {
    iter::successors(Some(FIRST), |wait| Some((*wait * 2).min(LONGEST))).take(COUNT)
}

#[cfg(test)]
mod test {
    use shared::{
        conflict::{Holder, Origin},
        port::Port,
    };

    use super::*;

    fn conflict(class: Class, holder: Option<Holder>, last_good: bool) -> Conflict {
        Conflict {
            port: Port::new(17000).expect("not 0"),
            origin: Origin::LastGood,
            class,
            os_error: None,
            holder,
            last_good,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn only_windows_waits_and_only_for_what_nobody_has_on_the_last_good_port() {
        let lingering = conflict(Class::SourcePort, None, true);
        assert!(only_lingering(BindRules::Windows, &lingering));
        assert!(
            !only_lingering(BindRules::Linux, &lingering)
                && !only_lingering(BindRules::MacOs, &lingering)
        );
        for other in [
            conflict(Class::SourcePort, None, false),
            conflict(Class::SourcePort, Some(Holder::default()), true),
            conflict(Class::InUse, None, true),
            conflict(Class::Excluded, None, true),
        ] {
            assert!(!only_lingering(BindRules::Windows, &other), "{other:?}");
        }
    }

    #[test]
    fn the_waits_grow_and_take_less_than_five_seconds_in_all() {
        let waits: Vec<_> = waits().collect();
        assert!(waits.is_sorted());
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_millis(4550));
    }
}
