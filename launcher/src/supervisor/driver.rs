//! The event loop: reports what happened to [`state`](super::state) and performs what it decides.
//!
//! It must run on the main thread, because the server's life is bound to the thread that starts it.
//! While nothing happens it sleeps; there is no poll and no tick.

mod requests;

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use shared::{
    claim::Claim,
    control::{Adoption, ToLauncher, ToServer},
    event::{Ending, Event, ServerAt},
    identity::Secret,
    keys,
    port::Port,
    settings::LogLevel,
};
use slog::{debug, warn};

use super::{
    child::{Server, What},
    state::{Effect, Input, News, Outcome, Rules, State, step},
};
use crate::{
    choose::Choice,
    control::Answer,
    handover::Program,
    launch::Launch,
    os::{self, Signalled},
    readiness,
};

/// What a supervised launch consists of.
pub struct Watch<'a> {
    /// The launch.
    pub launch: &'a Launch,
    /// What to start.
    pub program: Program,
    /// What each server must know to prove itself.
    pub secret: Secret,
    /// The last good port before this launch.
    pub last_good: Option<Port>,
    /// The home port.
    pub home_port: Option<Port>,
    /// The rules.
    pub rules: Rules,
    /// How much the server's diagnostics tell.
    pub log_level: LogLevel,
}

/// What a launch does besides watching.
pub trait Host {
    /// Claims a port to move to: this one, or any but those that are held already. The first of
    /// these is the current one; the others still lead to it.
    ///
    /// # Errors
    ///
    /// Why there is none, for the person who asked.
    fn claim(&mut self, port: Option<Port>, held: &[Port]) -> Result<Choice, String>;

    /// Reads the settings again, and gives the rules if they can be read. Whoever changed them may
    /// have recorded it.
    fn reread(&mut self, is_recorded: bool) -> Option<Rules>;

    /// The home port, which was taken at the start, is free again.
    fn home_is_free(&mut self);

    /// A server has proved itself, on the port of `choice`.
    fn ready(&mut self, choice: &Choice, at: &ServerAt, occasion: Occasion);
}

/// Why a server has become ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It is the first of the launch.
    First,
    /// It takes the place of one that failed, or that a person had restarted.
    Again,
    /// The port has changed, because a person asked for it.
    Moved,
}

/// A launch under way.
struct Driver<'a, H> {
    watch: Watch<'a>,
    host: H,
    news: SyncSender<What>,
    servers: BTreeMap<u32, Server>,
    /// The server that the port belongs to, for whoever asks.
    serving: Option<u32>,
    choice: Choice,
    /// The claim of a move under way.
    next: Option<Choice>,
    /// Claims that were moved away from and still lead to the new one.
    left: Vec<Claim>,
    occasion: Occasion,
    /// The port before the last move.
    from: Port,
    tickets: BTreeMap<u64, Sender<Answer>>,
    issued: u64,
    /// Answers that may not have been written yet.
    untold: Vec<Receiver<()>>,
    was_signalled: bool,
}

/// How much may have happened that nobody has looked at yet. Whoever has more to tell waits: a server
/// that floods its stdout is held up, and the memory of it bounded.
const BACKLOG: usize = 64;

/// A channel whose news [`watch`] waits for; signals are fed into it from the first moment.
#[must_use]
pub fn news() -> (SyncSender<What>, Receiver<What>) {
    sync_channel(BACKLOG)
}

/// Feeds signals, whatever the system calls them, into `news`.
///
/// # Errors
///
/// If the system refuses the handlers.
pub fn listen_for_signals(news: &SyncSender<What>) -> io::Result<()> {
    let news = news.clone();
    os::on_signal(move |signal| {
        // Nobody listens any more when the launch is over.
        let _ = news.send(What::Signal(signal));
    })
}

/// Starts the server on the claim of `choice` and watches over it until the launch ends. Gives back
/// how it ended and the port that it had last, which is still held until the choice is dropped.
pub fn watch(
    watch: Watch<'_>,
    choice: Choice,
    (sender, receiver): (SyncSender<What>, Receiver<What>),
    host: impl Host,
) -> (Outcome, Choice) {
    let mut driver = Driver {
        from: choice.claim.port(),
        watch,
        host,
        news: sender,
        servers: BTreeMap::new(),
        serving: None,
        choice,
        next: None,
        left: Vec::new(),
        occasion: Occasion::First,
        tickets: BTreeMap::new(),
        issued: 0,
        untold: Vec::new(),
        was_signalled: false,
    };
    let (mut state, mut effects) = State::begin(Instant::now());
    loop {
        // What an effect reports at once is decided at once, before anything else happens.
        let mut reports = Vec::new();
        for effect in effects {
            match driver.perform(effect) {
                Performed::Quietly => {}
                Performed::With(report) => reports.push(report),
                Performed::Last(outcome) => {
                    driver.see_answers_off();
                    return (outcome, driver.choice);
                }
            }
        }
        effects = Vec::new();
        if reports.is_empty() {
            reports.extend(driver.next_input(
                &receiver,
                &state,
                state.deadline(&driver.watch.rules),
            ));
        }
        for input in reports {
            let (next, decided) = step(&driver.watch.rules, state, input, Instant::now());
            state = next;
            effects.extend(decided);
        }
    }
}

/// What came of an effect.
enum Performed {
    Quietly,
    With(Input),
    Last(Outcome),
}

impl<H: Host> Driver<'_, H> {
    fn next_input(
        &mut self,
        news: &Receiver<What>,
        state: &State,
        due: Option<Instant>,
    ) -> Option<Input> {
        let received = match due {
            Some(due) => news.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        Some(match received {
            Err(_) => Input::TimeIsUp,
            Ok(What::Server { news: News::Said(ToLauncher::Reread), .. }) => {
                self.reread(true);
                return None;
            }
            Ok(What::Server { attempt, news }) => Input::Server { attempt, news },
            Ok(What::Ended { attempt }) => {
                let news = self.servers.remove(&attempt)?.end();
                self.serving = self.serving.filter(|serving| *serving != attempt);
                Input::Server { attempt, news }
            }
            Ok(What::Signal(Signalled::Reread)) => {
                self.reread(false);
                return None;
            }
            Ok(What::Signal(Signalled::Stop)) => {
                match std::mem::replace(&mut self.was_signalled, true) {
                    false => Input::StopAsked(None),
                    true => Input::StopDemanded,
                }
            }
            Ok(What::HomeIsFree) => {
                self.host.home_is_free();
                return None;
            }
            Ok(What::Asked(asked)) => self.asked(asked, state)?,
        })
    }

    fn reread(&mut self, is_recorded: bool) {
        self.watch.rules = self.host.reread(is_recorded).unwrap_or(self.watch.rules);
    }

    fn perform(&mut self, effect: Effect) -> Performed {
        match effect {
            Effect::Spawn { attempt, on_next } => {
                if let Err(error) = self.spawn(attempt, on_next) {
                    let news = News::NotStarted(error.to_string());
                    return Performed::With(Input::Server { attempt, news });
                }
            }
            Effect::Prove(attempt) => {
                if let Err(error) = self.prove(attempt) {
                    let news = News::Disproved(format!("it could not be asked: {error}"));
                    return Performed::With(Input::Server { attempt, news });
                }
            }
            Effect::Announce(attempt) => self.announce(attempt),
            Effect::Tell(attempt, message) => self.tell(attempt, &message),
            Effect::Kill(attempt) => {
                if let Some(server) = self.servers.get_mut(&attempt) {
                    server.kill();
                }
            }
            Effect::Claim(port) => return Performed::With(self.claim(port)),
            Effect::Move { from, .. } => self.take_next(from),
            Effect::Forsake => self.forsake(),
            Effect::Release(port) => self.release(port),
            Effect::Answer(ticket, answer) => self.answer(ticket, answer),
            Effect::Record(event) => self.watch.launch.history.record(&event),
            Effect::Note(what) => {
                warn!(self.watch.launch.log(), "the server wrote something else than control messages"; keys::LINE => what);
            }
            Effect::End(outcome) => return Performed::Last(outcome),
        }
        Performed::Quietly
    }

    fn spawn(&mut self, attempt: u32, on_next: bool) -> io::Result<()> {
        let (watch, before) = (&self.watch, Instant::now());
        let choice = if on_next { self.next.as_ref() } else { None }.unwrap_or(&self.choice);
        let process = watch.program.start(&choice.claim, &watch.launch.basics, watch.log_level)?;
        let mut server = Server::attend(process, attempt, &self.news)?;
        let at = at(&choice.claim, server.pid(), before.elapsed());
        watch.launch.history.record(&Event::ServerSpawned(at));
        server.tell(&ToServer::Adopt(Adoption {
            launch_id: watch.launch.id,
            port: choice.claim.port(),
            origin: choice.origin,
            last_good: if on_next { Some(self.choice.claim.port()) } else { watch.last_good },
            launcher_pid: std::process::id(),
            secret: watch.secret.clone(),
        }));
        self.servers.insert(attempt, server);
        Ok(())
    }

    fn prove(&self, attempt: u32) -> io::Result<()> {
        let launch = self.watch.launch;
        debug!(launch.log(), "asking the server who it is");
        let (secret, app, id) = (self.watch.secret.clone(), launch.basics.app.clone(), launch.id);
        let claim = &self.next.as_ref().unwrap_or(&self.choice).claim;
        let (port, news) = (claim.port(), self.news.clone());
        let pid = self.servers.get(&attempt).map(Server::pid).unwrap_or_default();
        let prove = move || {
            let proof = readiness::prove(&secret, &app, (id, pid), port);
            let proof = proof.map_or_else(News::Disproved, |()| News::Proved);
            // Nobody listens any more when the launch is over.
            let _ = news.send(What::Server { attempt, news: proof });
        };
        thread::Builder::new().name("proof".to_owned()).spawn(prove).map(drop)
    }

    fn announce(&mut self, attempt: u32) {
        let Some(server) = self.servers.get(&attempt) else { return };
        let at = at(&self.choice.claim, server.pid(), self.watch.launch.started.elapsed());
        self.serving = Some(attempt);
        self.watch.launch.history.record(&Event::ServerReady(at.clone()));
        let occasion = std::mem::replace(&mut self.occasion, Occasion::Again);
        self.host.ready(&self.choice, &at, occasion);
    }

    fn tell(&mut self, attempt: u32, message: &ToServer) {
        if let Some(server) = self.servers.get_mut(&attempt) {
            server.tell(message);
        }
    }

    fn claim(&mut self, port: Option<Port>) -> Input {
        let from = self.choice.claim.port();
        let left = self.left.iter().map(Claim::port);
        let held: Vec<_> = [from].into_iter().chain(left).collect();
        match self.host.claim(port, &held) {
            Ok(next) => {
                let to = next.claim.port();
                self.next = Some(next);
                Input::Claimed { from, to }
            }
            Err(why) => Input::NotClaimed(why),
        }
    }

    fn take_next(&mut self, from: Port) {
        self.from = from;
        if let Some(next) = self.next.take() {
            let old = std::mem::replace(&mut self.choice, next);
            self.left.push(old.claim);
            self.occasion = Occasion::Moved;
        }
    }

    fn release(&mut self, port: Port) {
        self.left.retain(|claim| claim.port() != port);
        self.released(port, "moved");
    }

    fn forsake(&mut self) {
        if let Some(next) = self.next.take() {
            let port = next.claim.port();
            drop(next);
            self.released(port, "move_failed");
        }
    }

    fn released(&self, port: Port, reason: &'static str) {
        let ending = Ending { port: Some(port), reason, ..Ending::default() };
        self.watch.launch.history.record(&Event::PortReleased(ending));
    }
}

fn at(claim: &Claim, server_pid: u32, elapsed: Duration) -> ServerAt {
    ServerAt { server_pid, port: claim.port(), addresses: claim.addresses(), elapsed }
}
