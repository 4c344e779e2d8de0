//! The event loop: reports what happened to [`state`](super::state) and performs what it decides.
//!
//! It must run on the main thread, because the server's life is bound to the thread that starts it.
//! While nothing happens it sleeps; there is no poll and no tick.

mod claims;
mod requests;
mod servers;

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel},
    time::Instant,
};

use shared::{
    claim::Claim, event::ServerAt, handover::ToLauncher, identity::Secret, keys, port::Port,
    settings::LogLevel,
};
use slog::warn;

use self::servers::Spawned;
use super::{
    child::{Server, What},
    state::{Effect, Input, News, Outcome, Requester, Rules, State, step},
};
use crate::{
    choose::Choice,
    control::Answer,
    handover::Program,
    launch::Launch,
    os::{self, Signalled},
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

    /// The home port, as it is set now.
    fn home_port(&self) -> Option<Port>;

    /// The home port, which was taken at the start, is free again.
    fn home_is_free(&mut self, port: Port);

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
    /// What records tell of the servers, by attempt, also of those that have just ended.
    spawned: BTreeMap<u32, Spawned>,
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
        spawned: BTreeMap::new(),
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
            Ok(What::Signal(Signalled::Stop(by))) => {
                match std::mem::replace(&mut self.was_signalled, true) {
                    false => Input::StopAsked(Requester::unanswered(Some(by))),
                    true => Input::StopDemanded(by),
                }
            }
            Ok(What::HomeIsFree(port)) => {
                self.host.home_is_free(port);
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
            Effect::Forsake(by) => self.forsake(by),
            Effect::Release { port, by } => self.release(port, by),
            Effect::Answer(ticket, answer) => self.answer(ticket, answer),
            Effect::Record(event) => self.record(event),
            Effect::Note(what) => {
                warn!(self.watch.launch.log(), "the server wrote something else than hand-over messages"; keys::LINE => what);
            }
            Effect::End(outcome) => return Performed::Last(outcome),
        }
        Performed::Quietly
    }
}
