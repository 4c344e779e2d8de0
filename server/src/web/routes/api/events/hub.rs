//! The clients that follow the events, and the one thread that sends to them.
//!
//! The thread reads the history a few times a second while there are clients, and sleeps while there are
//! none. Every client has a queue of its own. A client whose queue is full is
//! dropped, so that a slow one neither uses memory without limit nor delays the others.

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
    history::{Appended, Cursor, Filter, Follower, Reader},
    port::Port,
    words::{StopKind, StreamEvent},
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::sse;
use crate::{
    problem::Problem,
    web::{app_state::AppState, routes::api::status::StatusAnswer},
};

/// How many clients may follow at once: more pages than a person has open, fewer than a process has
/// files.
const MAX_CLIENTS: usize = 64;

/// How many events are queued for a client that does not read. A launch writes some ten records, and the
/// busiest second of a test a hundred.
const MAX_QUEUED: usize = 512;

/// How many missed records are sent to a client that reconnects; they must fit in its queue.
const MAX_MISSED: usize = MAX_QUEUED / 2;

/// The interval at which the history is read while there are clients. A person does not notice it.
const READ_INTERVAL: Duration = Duration::from_millis(200);

/// The clients of one server. Clones share them.
#[derive(Clone, Default)]
pub struct EventHub(Arc<Mutex<HubState>>);

#[derive(Default)]
struct HubState {
    clients: Vec<Sender<Bytes>>,
    /// Whether the thread runs.
    is_watching: bool,
    /// There is one while it does, if there is a history.
    follower: Option<Follower>,
    /// The port of the last `moved` event.
    moved_to: Option<Port>,
    is_closed: bool,
}

impl EventHub {
    /// Adds a client, and queues what it has missed since `last` if it reconnects.
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
        if state.clients.len() >= MAX_CLIENTS {
            // A client that has gone is noticed when it is written to, and its place is free then.
            state.send(&sse::comment("still there?"));
            return Err(Problem::too_many_clients());
        }
        let (client, events) = channel(MAX_QUEUED);
        let now = state.update(app, self);
        let missed = last.map(|last| missed(app, last, now)).unwrap_or_default();
        // A client whose connection is lost before it got what it missed must resume at `last` again.
        let cursor = if missed.is_empty() { now } else { last };
        let first = event(StreamEvent::Status, &json!(StatusAnswer::of(app)), cursor);
        for event in [first].into_iter().chain(missed.iter().map(record)) {
            // There is room: the queue is new.
            let _ = client.try_send(event);
        }
        state.clients.push(client);
        Ok(events)
    }

    /// Sends `stopping` to every client and drops them, so that no stream delays the shutdown.
    pub(crate) fn close(&self, app: &AppState) {
        let mut state = self.state();
        state.send_news(app);
        let is_restart =
            app.requests.is_restart_last() || app.storage.launch_history.has_successor();
        let reason = if is_restart { StopKind::Restart } else { StopKind::Stop };
        state.send(&event(StreamEvent::Stopping, &json!({ "reason": reason }), None));
        state.clients.clear();
        state.is_closed = true;
    }

    fn state(&self) -> MutexGuard<'_, HubState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HubState {
    /// Sends what is new to every client, and returns the cursor behind it. Starts the thread if none runs.
    fn update(&mut self, app: &Data<AppState>, hub: &EventHub) -> Option<Cursor> {
        if !self.is_watching {
            self.follower = follower(app, None);
            let (watched, hub) = (app.clone(), hub.clone());
            let thread = thread::Builder::new().name("events".into());
            // If the system refuses a thread, the next client starts one.
            self.is_watching = thread.spawn(move || watch(&watched, &hub)).is_ok();
        }
        self.send_news(app);
        self.follower.as_ref().map(Follower::cursor)
    }

    /// Sends what has happened since the last call to every client.
    fn send_news(&mut self, app: &AppState) {
        // What cannot be read now is read in the next call.
        let news = self.follower.as_mut().map(|f| f.poll().unwrap_or_default());
        news.iter().flatten().for_each(|added| self.send(&record(added)));
        let moved_to = app.redirect_target.port();
        if let Some(to) = moved_to.filter(|_| moved_to != self.moved_to) {
            self.moved_to = moved_to;
            self.send_each(|| {
                let enter = app.access.one_time_url(to, Timestamp::now());
                let moved =
                    json!({ "from": app.launch.port, "to": to, "url": url(to), "enter": enter });
                event(StreamEvent::Moved, &moved, None)
            });
        }
    }

    fn send(&mut self, event: &Bytes) {
        self.send_each(|| event.clone());
    }

    /// Sends an event of its own to each client.
    fn send_each(&mut self, event: impl Fn() -> Bytes) {
        self.clients.retain(|client| client.try_send(event()).is_ok());
    }
}

/// Sends what is new until there are no clients.
fn watch(app: &AppState, hub: &EventHub) {
    loop {
        thread::sleep(READ_INTERVAL);
        let mut state = hub.state();
        state.clients.retain(|client| !client.is_closed());
        if state.clients.is_empty() {
            state.is_watching = false;
            return;
        }
        state.send_news(app);
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
fn missed(app: &AppState, last: Cursor, now: Option<Cursor>) -> Vec<Appended> {
    let (Some(mut follower), Some(now)) = (follower(app, Some(last)), now) else {
        return Vec::new();
    };
    let mut missed = follower.poll().unwrap_or_default();
    // What is behind `now` is sent to every client.
    missed.retain(|added| !added.cursor.is_behind(now));
    let is_all = !now.is_behind(follower.cursor());
    if is_all && missed.len() <= MAX_MISSED { missed } else { Vec::new() }
}

fn record(added: &Appended) -> Bytes {
    sse::event(StreamEvent::Record.word(), &added.entry.text, Some(added.cursor))
}

fn event(name: StreamEvent, data: &Value, id: Option<Cursor>) -> Bytes {
    sse::event(name.word(), &data.to_string(), id)
}
