//! The home port: why no start can use it, and the wait for it while another program has it.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel},
    thread,
    time::Duration,
};

use shared::{
    claim::{self, ClaimError},
    conflict::{Class, Conflict, Origin},
    diagnose::{Depth, Diagnostician},
    explain::explicit_policy,
    identity::Secret,
    port::Port,
};

use crate::{options::CommandContext, supervisor::event::SupervisorEvent};

/// The time before the first attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Why no start can use `port` as the home port, whatever other programs do; `None` if one may.
pub fn refused(context: &CommandContext, port: Port) -> Option<Conflict> {
    let policy = explicit_policy(&context.folders, &context.app);
    let class = policy.refusal(port, Origin::Home).or_else(|| class_of_system(context, port))?;
    Some(Conflict::explicit(port, class, false))
}

fn class_of_system(context: &CommandContext, port: Port) -> Option<Class> {
    if claim::can_be_bound(port) {
        return None;
    }
    let error = claim::port(port).err().filter(ClaimError::is_conflict)?;
    // Nothing is probed, so it needs no secret.
    let (app, secret) = (context.app.clone(), Secret::random());
    let mut diagnostician = Diagnostician::new(app, &context.folders, secret);
    let class = diagnostician.examine(port, &error, Depth::Quick).class;
    (!class.is_of_program()).then_some(class)
}

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
