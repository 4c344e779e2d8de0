//! What is left of our own last run on the last good port, and how long to wait until it is gone.
//!
//! Windows refuses an exclusive claim while a connection that was accepted under the last one is
//! still being closed. Nobody has that connection any more, so there is nobody to give way to, and it
//! is over within seconds: a move would cost the person the address for nothing. Linux and macOS let
//! us in beside it.
//!
//! This decides whether to wait and how long. Of any other port there are no such remains, and whoever
//! still has a connection there may keep it for hours.

use std::{iter, time::Duration};

use shared::{
    conflict::{Class, Conflict},
    os::bind_table::BindRules,
};

/// The first wait: most of what is left is gone by then.
const FIRST: Duration = Duration::from_millis(50);

/// The longest of the waits, so that the port is not left alone for long once it is free.
const LONGEST: Duration = Duration::from_secs(1);

/// How many waits there are: 4.6 seconds in all, within which a browser that was told of the end has
/// closed its side too. Whoever watches the launch has not given it up by then.
const COUNT: usize = 8;

/// Whether nothing but such remains keeps the port from us, on a system where they do.
pub(super) fn are_all(rules: BindRules, conflict: &Conflict) -> bool {
    let is_nobodys = conflict.class == Class::SourcePort && conflict.holder.is_none();
    rules == BindRules::Windows && conflict.last_good && is_nobodys
}

/// The waits between one claim and the next.
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
        let remains = conflict(Class::SourcePort, None, true);
        assert!(are_all(BindRules::Windows, &remains));
        assert!(!are_all(BindRules::Linux, &remains) && !are_all(BindRules::MacOs, &remains));
        for other in [
            conflict(Class::SourcePort, None, false),
            conflict(Class::SourcePort, Some(Holder::default()), true),
            conflict(Class::InUse, None, true),
            conflict(Class::Excluded, None, true),
        ] {
            assert!(!are_all(BindRules::Windows, &other), "{other:?}");
        }
    }

    #[test]
    fn the_waits_grow_and_take_less_than_five_seconds_in_all() {
        let waits: Vec<_> = waits().collect();
        assert!(waits.is_sorted());
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_millis(4550));
    }
}
