//! What our own last run has left on the last good port, and how long to wait for its end.
//!
//! A launch that was killed leaves its server for a moment: the system ends it, or it notices the end of
//! its launcher, and until its sockets are closed they are in use. On Windows the connections of that
//! server refuse an exclusive claim for longer, although no process holds them any more. A move would cost
//! the person the address for nothing.
//!
//! This module decides whether to wait and how long. On any other port, and for any other program, what is
//! there may stay for hours.

use std::{iter, path::Path, time::Duration};

use shared::{
    conflict::{Class, Conflict},
    invoked_as,
    os::bind_table::BindRules,
    port::Port,
};

/// The first wait: most of what lingers is gone by then.
const FIRST: Duration = Duration::from_millis(10);

/// The longest single wait, so that a free port is claimed soon.
const LONGEST: Duration = Duration::from_millis(250);

/// How long a server of ours may take to end after its launcher (I9).
const SERVER: Duration = Duration::from_secs(2);

/// How long connections linger on Windows: within that a browser that saw the end of the server has closed
/// its side too, and no person has given up the launch.
const CONNECTIONS: Duration = Duration::from_millis(4600);

/// The waits between one attempt to claim and the next, if what keeps the port from us may be our own.
/// `killed_on` is the port on which the last launch was killed.
pub(super) fn waits(
    rules: BindRules,
    conflict: &Conflict,
    killed_on: Option<Port>,
) -> Option<impl Iterator<Item = Duration> + use<>> {
    if killed_on == Some(conflict.port) && may_be_our_server(conflict) {
        return Some(waits_of(SERVER));
    }
    only_connections(rules, conflict).then(|| waits_of(CONNECTIONS))
}

/// A process that is about to end has no program any more.
fn may_be_our_server(conflict: &Conflict) -> bool {
    let holder = conflict.holder.as_ref();
    let program = holder.and_then(|holder| holder.exe.as_deref()).map(Path::new);
    match conflict.class {
        Class::OwnInstance => true,
        Class::InUse | Class::GhostOwner | Class::SourcePort | Class::OtherFamily => {
            program.is_none_or(|program| invoked_as::is_one_of(&invoked_as::SERVERS, program))
        }
        _ => false,
    }
}

/// Whether connections without a process are all that keeps the port from us, on a system where they do.
fn only_connections(rules: BindRules, conflict: &Conflict) -> bool {
    let has_no_holder = conflict.class == Class::SourcePort && conflict.holder.is_none();
    rules == BindRules::Windows && conflict.last_good && has_no_holder
}

fn waits_of(total: Duration) -> impl Iterator<Item = Duration> {
    let growing = iter::successors(Some(FIRST), |wait| Some((*wait * 2).min(LONGEST)));
    growing.scan(total, |left, wait| {
        let wait = wait.min(*left);
        *left -= wait;
        (!wait.is_zero()).then_some(wait)
    })
}

#[cfg(test)]
mod test {
    use shared::conflict::{Holder, Origin};

    use super::*;

    const PORT: u16 = 17000;

    fn conflict(class: Class, holder: Option<Holder>, last_good: bool) -> Conflict {
        Conflict {
            port: Port::new(PORT).expect("not 0"),
            origin: Origin::LastGood,
            class,
            os_error: None,
            holder,
            last_good,
            elapsed: Duration::ZERO,
        }
    }

    fn program(exe: &str) -> Option<Holder> {
        Some(Holder { exe: Some(exe.to_owned()), ..Holder::default() })
    }

    fn total(rules: BindRules, conflict: &Conflict, killed_on: Option<u16>) -> Option<Duration> {
        let killed_on = killed_on.and_then(Port::new);
        waits(rules, conflict, killed_on).map(Iterator::sum)
    }

    #[test]
    fn only_windows_waits_for_connections_without_a_process_on_the_last_good_port() {
        let lingering = conflict(Class::SourcePort, None, true);
        assert_eq!(total(BindRules::Windows, &lingering, None), Some(CONNECTIONS));
        assert_eq!(total(BindRules::Linux, &lingering, None), None);
        assert_eq!(total(BindRules::MacOs, &lingering, None), None);
        for other in [
            conflict(Class::SourcePort, None, false),
            conflict(Class::SourcePort, Some(Holder::default()), true),
            conflict(Class::InUse, None, true),
            conflict(Class::Excluded, None, true),
        ] {
            assert_eq!(total(BindRules::Windows, &other, None), None, "{other:?}");
        }
    }

    #[test]
    fn a_server_of_ours_that_was_killed_is_waited_for_on_its_port_alone() {
        for ours in [
            conflict(Class::InUse, None, true),
            conflict(Class::InUse, Some(Holder::default()), true),
            conflict(Class::InUse, program("/usr/bin/homeport-server"), true),
            conflict(Class::OwnInstance, None, false),
        ] {
            assert_eq!(total(BindRules::Linux, &ours, Some(PORT)), Some(SERVER), "{ours:?}");
            assert_eq!(total(BindRules::Linux, &ours, Some(PORT + 1)), None);
            assert_eq!(total(BindRules::Linux, &ours, None), None);
        }
        for other in [
            conflict(Class::InUse, program("/usr/bin/python3"), true),
            conflict(Class::Excluded, None, true),
        ] {
            assert_eq!(total(BindRules::Linux, &other, Some(PORT)), None, "{other:?}");
        }
    }
}
