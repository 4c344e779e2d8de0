//! Many at once.

use e2e::{Invocation, Running, quiet_port};

use crate::{MANY, home};

/// Row 17 and I8.
#[test]
fn many_starts_of_one_app_at_once_are_one_server() {
    let port = quiet_port();
    many_starts(|_| port, Invocation::home_port);
}

/// I8: what was asked for decides for the first alone.
#[test]
fn many_starts_of_one_app_at_once_on_one_explicit_port_are_one_server() {
    let port = quiet_port();
    many_starts(|_| port, Invocation::port);
}

#[test]
fn many_starts_of_one_app_at_once_on_as_many_ports_are_one_server() {
    many_starts(|_| quiet_port(), Invocation::port);
}

#[track_caller]
fn many_starts(port: impl Fn(usize) -> u16, wanting: impl Fn(Invocation, u16) -> Invocation) {
    let Some(home) = home() else { return };
    let start = |n| wanting(home.launcher(), port(n)).start();
    let mut starts: Vec<Running> = (0..MANY).map(start).collect();
    e2e::wait_until("all but one have ended", || {
        starts.iter_mut().map(Running::has_ended).filter(|ended| !ended).count() <= 1
    });
    let (mut first, others): (Vec<_>, Vec<_>) = starts
        .into_iter()
        .map(|mut start| (start.has_ended(), start))
        .partition(|(ended, _)| !ended);
    let [(_, first)] = &mut first[..] else { panic!("{} still run", first.len()) };
    let ready = first.ready();
    assert_eq!(others.len(), MANY - 1);
    for (_, other) in others {
        let other = other.exit();
        assert_eq!(other.code, Some(0), "{other:?}");
        assert_eq!(other.line("instance_found")["url"], *ready.url);
    }
    assert_eq!((home.events("server_spawned").len(), home.events("port_claimed").len()), (1, 1));
}
