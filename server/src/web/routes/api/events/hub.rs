//! Everybody who follows the events, and the one thread that tells them.
//!
//! The thread looks at the history a few times a second, and only while somebody listens: a server
//! without clients never wakes up. Every client has a queue of its own, and one whose queue is full
//! is let go, so that nobody's slowness costs memory or holds up the others.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use actix_web::web::{Bytes, Data};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    claim::url,
    history::{Added, Cursor, Filter, Follower, Reader},
    port::Port,
    words::{StopKind, StreamEvent},
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::sse;
use crate::{
    problem::Problem,
    web::{app_state::AppState, routes::api::status::Status},
};

/// How many may follow at once: more pages than anyone has open, fewer than a process has files.
const MOST_CLIENTS: usize = 64;

/// How many events wait for a client that does not read. A launch writes some ten records, and the
/// busiest second of a test a hundred.
const QUEUE: usize = 512;

/// How many missed records a client that comes back is told; they must fit in its queue.
const MOST_MISSED: usize = QUEUE / 2;

/// How often the history is looked at while somebody listens: a person calls it at once.
const LOOK: Duration = Duration::from_millis(200);

/// Everybody who follows. Clones are the same.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    clients: Vec<Sender<Bytes>>,
    /// Whether the thread runs.
    is_watching: bool,
    /// There is one while it does, if there is a history.
    follower: Option<Follower>,
    /// Where clients were told that the app has moved to.
    moved_to: Option<Port>,
    is_closed: bool,
}

impl Hub {
    /// Lets a client in, which has heard everything up to `last`, if it was here before.
    pub(super) fn join(
        &self,
        app: &Data<AppState>,
        last: Option<Cursor>,
    ) -> Result<Receiver<Bytes>, Problem> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Problem::stopping());
        }
        state.clients.retain(|client| !client.is_closed());
        if state.clients.len() >= MOST_CLIENTS {
            // A client that is gone is noticed when it is written to. Whoever comes back finds room.
            state.tell(&sse::comment("still there?"));
            return Err(Problem::too_many_clients());
        }
        let (client, events) = channel(QUEUE);
        let now = state.catch_up(app, self);
        let missed = last.map(|last| missed(app, last, now)).unwrap_or_default();
        // What it missed has not reached it yet: a connection that is lost now resumes there again.
        let heard = if missed.is_empty() { now } else { last };
        let first = event(StreamEvent::Status, &json!(Status::of(app)), heard);
        for told in [first].into_iter().chain(missed.iter().map(record)) {
            // There is room: the queue is new.
            let _ = client.try_send(told);
        }
        state.clients.push(client);
        Ok(events)
    }

    /// Tells everybody that the server stops, and lets them go, so that no stream holds up the end.
    pub(crate) fn close(&self, app: &AppState) {
        let mut state = self.state();
        state.look(app);
        let is_restart =
            app.requests.is_restart_last() || app.storage.launch_history.has_successor();
        let reason = if is_restart { StopKind::Restart } else { StopKind::Stop };
        state.tell(&event(StreamEvent::Stopping, &json!({ "reason": reason }), None));
        state.clients.clear();
        state.is_closed = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells everybody what is new, and where that leaves them. Starts the thread if none runs.
    fn catch_up(&mut self, app: &Data<AppState>, hub: &Hub) -> Option<Cursor> {
        if !self.is_watching {
            self.follower = follower(app, None);
            let (watched, hub) = (app.clone(), hub.clone());
            let thread = thread::Builder::new().name("events".into());
            // If there can be no thread, whoever comes next tries again.
            self.is_watching = thread.spawn(move || watch(&watched, &hub)).is_ok();
        }
        self.look(app);
        self.follower.as_ref().map(Follower::cursor)
    }

    /// Tells what has happened since the last look.
    fn look(&mut self, app: &AppState) {
        // What cannot be read now is told when it can.
        let news = self.follower.as_mut().map(|f| f.news().unwrap_or_default());
        news.iter().flatten().for_each(|added| self.tell(&record(added)));
        let moved_to = app.redirect_target.port();
        if let Some(to) = moved_to.filter(|_| moved_to != self.moved_to) {
            self.moved_to = moved_to;
            self.tell_each(|| {
                let enter = app.access.one_time_url(to, Timestamp::now());
                let moved =
                    json!({ "from": app.launch.port, "to": to, "url": url(to), "enter": enter });
                event(StreamEvent::Moved, &moved, None)
            });
        }
    }

    fn tell(&mut self, event: &Bytes) {
        self.tell_each(|| event.clone());
    }

    /// Tells everybody an event of his own.
    fn tell_each(&mut self, event: impl Fn() -> Bytes) {
        self.clients.retain(|client| client.try_send(event()).is_ok());
    }
}

/// Tells what is new for as long as somebody listens.
fn watch(app: &AppState, hub: &Hub) {
    loop {
        thread::sleep(LOOK);
        let mut state = hub.state();
        state.clients.retain(|client| !client.is_closed());
        if state.clients.is_empty() {
            state.is_watching = false;
            return;
        }
        state.look(app);
    }
}

fn follower(app: &AppState, from: Option<Cursor>) -> Option<Follower> {
    let reader = Reader::of_history(&app.storage.history_file()?);
    let filter = Filter { app: Some(app.launch.app.clone()), ..Filter::default() };
    Some(match from {
        None => reader.follow(&filter),
        Some(cursor) => reader.follow_from(&filter, cursor),
    })
}

/// What was written behind `last` and up to `now`; nothing if it is too much.
fn missed(app: &AppState, last: Cursor, now: Option<Cursor>) -> Vec<Added> {
    let (Some(mut follower), Some(now)) = (follower(app, Some(last)), now) else {
        return Vec::new();
    };
    let mut missed = follower.news().unwrap_or_default();
    // What is behind `now` is told to everybody.
    missed.retain(|added| !added.cursor.is_behind(now));
    let is_all = !now.is_behind(follower.cursor());
    if is_all && missed.len() <= MOST_MISSED { missed } else { Vec::new() }
}

fn record(added: &Added) -> Bytes {
    sse::event(StreamEvent::Record.word(), &added.entry.text, Some(added.cursor))
}

fn event(name: StreamEvent, data: &Value, heard: Option<Cursor>) -> Bytes {
    sse::event(name.word(), &data.to_string(), heard)
}
