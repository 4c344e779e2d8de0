//! The event loop: reports what happened to [`state`](super::state) and performs what it decides.
//!
//! It must run on the main thread, because the server's life is bound to the thread that starts it.
//! While nothing happens it sleeps; there is no poll and no tick.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use shared::{
    claim::Claim,
    control::{Adoption, ToServer},
    event::{Event, ServerAt},
    history,
    identity::Secret,
    settings::LogLevel,
};
use slog::{Logger, debug, warn};

use super::{
    child::{News, Server, What},
    state::{Effect, Input, Outcome, Rules, State, step},
};
use crate::{handover::Program, options::Basics, os, readiness};

/// What a supervised launch consists of.
pub struct Watch<'a> {
    /// The app and its folders.
    pub basics: &'a Basics,
    /// What to start.
    pub program: Program,
    /// The sockets; kept as long as the launch lasts.
    pub claim: &'a Claim,
    /// What each server is told first.
    pub adoption: Adoption,
    /// What the server must know to prove itself.
    pub secret: &'a Secret,
    /// The rules.
    pub rules: Rules,
    /// How much the server's diagnostics tell.
    pub log_level: LogLevel,
    /// Where records go.
    pub history: &'a history::Writer,
    /// Where diagnostics go.
    pub log: &'a Logger,
    /// When the launch began.
    pub started: Instant,
}

/// A launch under way.
struct Driver<'a, F> {
    watch: Watch<'a>,
    server: Option<Server>,
    news: Sender<News>,
    on_ready: F,
}

/// A channel whose news [`watch`] waits for; stop requests are fed into it from the first moment.
#[must_use]
pub fn news() -> (Sender<News>, Receiver<News>) {
    channel()
}

/// Feeds requests to stop, whatever the system calls them, into `news`.
///
/// # Errors
///
/// If the system refuses the handlers.
pub fn listen_for_stop(news: &Sender<News>) -> std::io::Result<()> {
    let news = news.clone();
    os::on_stop(move || {
        // Nobody listens any more when the launch is over.
        let _ = news.send(News { attempt: None, what: What::Input(Input::StopAsked) });
    })
}

/// Starts the server and watches over it until the launch ends; `on_ready` is called every time a
/// server has proved itself.
pub fn watch(
    watch: Watch<'_>,
    news: (Sender<News>, Receiver<News>),
    on_ready: impl FnMut(&ServerAt),
) -> Outcome {
    let rules = watch.rules;
    let mut driver = Driver { watch, server: None, news: news.0, on_ready };
    let (mut state, mut effects) = State::begin(Instant::now());
    loop {
        if let Some(outcome) = driver.perform(effects, state.attempt) {
            return outcome;
        }
        let input = driver.next_input(&news.1, &state, state.deadline(&rules));
        (state, effects) = step(&rules, state, input, Instant::now());
    }
}

impl<F: FnMut(&ServerAt)> Driver<'_, F> {
    fn next_input(&mut self, news: &Receiver<News>, state: &State, due: Option<Instant>) -> Input {
        loop {
            let received = match due {
                Some(due) => news.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let Ok(news) = received else { return Input::TimeIsUp };
            if news.attempt.is_some_and(|attempt| attempt != state.attempt) {
                continue;
            }
            match (news.what, &mut self.server) {
                (What::Input(input), _) => return input,
                (What::Ended, Some(server)) => return server.end(),
                (What::Ended, None) => {}
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>, attempt: u32) -> Option<Outcome> {
        for effect in effects {
            match effect {
                Effect::Spawn => self.spawn(attempt),
                Effect::Prove => self.prove(attempt),
                Effect::Announce => self.announce(),
                Effect::Tell(message) => self.tell(&message),
                Effect::Kill => self.server.iter_mut().for_each(Server::kill),
                Effect::Record(event) => self.watch.history.record(&event),
                Effect::Note(what) => {
                    warn!(self.watch.log, "the server wrote something else than control messages"; shared::keys::LINE => what);
                }
                Effect::End(outcome) => return Some(outcome),
            }
        }
        None
    }

    fn spawn(&mut self, attempt: u32) {
        let (watch, before) = (&self.watch, Instant::now());
        let server = watch
            .program
            .start(watch.claim, watch.basics, watch.log_level)
            .and_then(|process| Server::attend(process, attempt, &self.news));
        match server {
            Ok(mut server) => {
                watch
                    .history
                    .record(&Event::ServerSpawned(self.at(server.pid(), before.elapsed())));
                server.tell(&ToServer::Adopt(self.watch.adoption.clone()));
                self.server = Some(server);
            }
            Err(error) => self.report(attempt, Input::NotStarted(error.to_string())),
        }
    }

    fn prove(&self, attempt: u32) {
        debug!(self.watch.log, "asking the server who it is");
        let (secret, app) = (self.watch.secret.clone(), self.watch.basics.app.clone());
        let (launch_id, port) = (self.watch.adoption.launch_id, self.watch.claim.port());
        let news = self.news.clone();
        let prove = move || {
            let proof = readiness::prove(&secret, &app, launch_id, port);
            let input = proof.map_or_else(Input::Disproved, |()| Input::Proved);
            // Nobody listens any more when the launch is over.
            let _ = news.send(News { attempt: Some(attempt), what: What::Input(input) });
        };
        if let Err(error) = thread::Builder::new().name("proof".to_owned()).spawn(prove) {
            self.report(attempt, Input::Disproved(format!("it could not be asked: {error}")));
        }
    }

    fn announce(&mut self) {
        if let Some(server) = &self.server {
            let at = self.at(server.pid(), self.watch.started.elapsed());
            self.watch.history.record(&Event::ServerReady(at.clone()));
            (self.on_ready)(&at);
        }
    }

    fn tell(&mut self, message: &ToServer) {
        self.server.iter_mut().for_each(|server| server.tell(message));
    }

    fn at(&self, server_pid: u32, elapsed: Duration) -> ServerAt {
        let claim = self.watch.claim;
        ServerAt { server_pid, port: claim.port(), addresses: claim.addresses(), elapsed }
    }

    /// Something that happened here and not on another thread.
    fn report(&self, attempt: u32, input: Input) {
        // The receiver lives in `watch`, on this very thread.
        let _ = self.news.send(News { attempt: Some(attempt), what: What::Input(input) });
    }
}
