//! The home port, while somebody else has it.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, SyncSender, channel},
    thread,
    time::Duration,
};

use shared::{
    claim,
    conflict::{Class, Conflict, Origin},
};

use crate::supervisor::child::What;

/// How soon it is looked at for the first time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long it is left alone at most: nobody waits at the door for a port.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Waits for the home port among the `refused` ones, on a thread of its own, and tells `news` once
/// when it has become free. The wait ends when what is given back is dropped.
pub fn watch(refused: &[Conflict], news: &SyncSender<What>) -> Option<Sender<()>> {
    let may_become_free = |conflict: &&Conflict| {
        let for_ever = matches!(conflict.class, Class::BrowserBlocked | Class::Privileged);
        conflict.origin == Origin::Home && !for_ever
    };
    let port = refused.iter().find(may_become_free)?.port;
    let (held, dropped) = channel::<()>();
    let news = news.clone();
    let wait = move || {
        let mut pause = FIRST_PAUSE;
        while dropped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if claim::can_be_bound(port) {
                // Nobody listens any more when the launch is over.
                let _ = news.send(What::HomeIsFree(port));
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    // Without a thread the news stays untold; the next start goes home all the same.
    thread::Builder::new().name("home port".to_owned()).spawn(wait).ok().map(|_| held)
}
