//! The wait for the home port, while another program has it.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel},
    thread,
    time::Duration,
};

use shared::{
    claim,
    conflict::{Class, Conflict, Origin},
};

use crate::supervisor::event::SupervisorEvent;

/// The time before the first attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Waits for the home port among the `refused` ones, on a thread of its own, and reports once to
/// `events` that it is free. The wait ends when the returned sender is dropped.
pub fn wait(refused: &[Conflict], events: &SyncSender<SupervisorEvent>) -> Option<Sender<()>> {
    let may_become_free = |conflict: &&Conflict| {
        let for_ever = matches!(conflict.class, Class::BrowserBlocked | Class::Privileged);
        conflict.origin == Origin::Home && !for_ever
    };
    let port = refused.iter().find(may_become_free)?.port;
    let (held, dropped) = channel::<()>();
    let events = events.clone();
    let wait = move || {
        let mut pause = FIRST_PAUSE;
        while dropped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if claim::can_be_bound(port) {
                // The driver takes no events after the end of the launch.
                let _ = events.send(SupervisorEvent::HomePortFree(port));
                return;
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
    };
    // Without a thread there is no report; the next start takes the home port all the same.
    thread::Builder::new().name("home port".to_owned()).spawn(wait).ok().map(|_| held)
}
