//! The event loop: reports what happened to [`state`](super::state) and performs what it decides.
//!
//! It must run on the main thread, because the server's life is bound to the thread that starts it.
//! While nothing happens it sleeps; there is no poll and no tick.

mod claims;
mod replies;
mod servers;

use std::{
    collections::BTreeMap,
    mem,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use shared::{
    claim, event::RequestedBy, exit::ONE_SIGNAL, handover::ToLauncher, keys, message, port::Port,
    settings::Span,
};
use slog::warn;

use self::{claims::Claims, replies::PendingReplies, servers::Servers};
use super::{
    event::{EventChannel, SupervisorEvent},
    settings::SupervisorSettings,
    state::{Effect, Input, LaunchOutcome, Reply, Requester, ServerEvent, State, step},
};
use crate::{
    choose::Choice,
    control::{ClientEvent, IncomingRequest, LaunchStatus, Request, Response},
    handover::ServerProgram,
    launch_state::{LaunchState, ReadyReason},
    os::Signalled,
    readiness::{NotReady, PROOF_TIMEOUT, StartFailure},
};

/// How long after a deadline this process is awake, unless it was stopped or the machine is very busy.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// How a supervised launch ended.
pub struct EndedLaunch {
    /// An end that was asked for, or a failure.
    pub outcome: LaunchOutcome,
    /// The claim of the port that it had last; the port is held until this is dropped.
    pub choice: Choice,
    /// Whether a server of it became ready.
    pub was_ready: bool,
}

/// Starts the server on the claim of `choice` and supervises it until the launch ends.
pub fn supervise(
    launch_state: LaunchState<'_>,
    program: ServerProgram,
    choice: Choice,
    events: EventChannel,
) -> EndedLaunch {
    let EventChannel { sender, receiver } = events;
    let mut driver = Driver {
        settings: SupervisorSettings::from(&launch_state.options.settings),
        last_good: launch_state.last_good_port(),
        servers: Servers {
            launch: launch_state.launch,
            program,
            secret: launch_state.remembered.secret.clone(),
            log_level: launch_state.options.settings.log.value,
            events: sender,
            processes: BTreeMap::new(),
            spawned: BTreeMap::new(),
            serving: None,
        },
        claims: Claims::new(&launch_state.launch.history, choice),
        launch_state,
        replies: PendingReplies::default(),
        ready_reason: ReadyReason::FirstStart,
        signalled_at: None,
    };
    let (mut state, mut effects) = State::begin(Instant::now());
    loop {
        // What an effect reports at once is decided at once, before anything else happens.
        let mut reports = Vec::new();
        for effect in effects {
            match driver.perform(effect) {
                Performed::Done => {}
                Performed::With(report) => reports.push(report),
                Performed::Last(outcome) => {
                    driver.replies.finish();
                    let was_ready = driver.ready_reason != ReadyReason::FirstStart;
                    let choice = driver.claims.into_current();
                    return EndedLaunch { outcome, choice, was_ready };
                }
            }
        }
        effects = Vec::new();
        if reports.is_empty() {
            let event = next_event(&receiver, state.deadline(&driver.settings));
            reports.extend(match event {
                Some(event) => driver.input(event, &state),
                None => Some(Input::DeadlineReached),
            });
        }
        for input in reports {
            let (next, decided) = step(&driver.settings, state, input, Instant::now());
            state = next;
            effects.extend(decided);
        }
    }
}

/// Waits for the next event; `None` if `deadline` comes first.
fn next_event(
    events: &Receiver<SupervisorEvent>,
    deadline: Option<Instant>,
) -> Option<SupervisorEvent> {
    let Some(due) = deadline else { return events.recv().ok() };
    let in_time = events.recv_timeout(due.saturating_duration_since(Instant::now()));
    // The threads of a launcher that was stopped have yet to report what happened meanwhile.
    let was_stopped = due.elapsed() > OVERSLEPT;
    let event = in_time.or_else(|error| match was_stopped {
        true => events.recv_timeout(PROOF_TIMEOUT),
        false => Err(error),
    });
    event.ok()
}

/// A launch under way.
struct Driver<'a> {
    launch_state: LaunchState<'a>,
    settings: SupervisorSettings,
    /// The last good port before this launch.
    last_good: Option<Port>,
    servers: Servers<'a>,
    claims: Claims<'a>,
    replies: PendingReplies,
    /// Why the next server that proves its identity becomes ready.
    ready_reason: ReadyReason,
    /// When the first signal to stop came.
    signalled_at: Option<Instant>,
}

enum Performed {
    Done,
    /// The result is an input of the next step.
    With(Input),
    Last(LaunchOutcome),
}

impl Driver<'_> {
    /// What the decisions must know of an event; `None` if nothing.
    fn input(&mut self, event: SupervisorEvent, state: &State) -> Option<Input> {
        match event {
            SupervisorEvent::Server { event: ServerEvent::Message(ToLauncher::Reread), .. } => {
                self.reload_settings(true);
                None
            }
            SupervisorEvent::Server { attempt, event } => Some(Input::Server { attempt, event }),
            SupervisorEvent::ProcessEnded { attempt } => {
                self.servers.reap(attempt).map(|event| Input::Server { attempt, event })
            }
            SupervisorEvent::Signal(Signalled::Reread) => {
                self.restore_files();
                self.reload_settings(false);
                None
            }
            SupervisorEvent::Signal(Signalled::Restore) => {
                self.restore_files();
                None
            }
            SupervisorEvent::Signal(Signalled::Stop(by)) => match self.signalled_at {
                None => {
                    self.signalled_at = Some(Instant::now());
                    Some(Input::StopRequested(Requester::unanswered(Some(by))))
                }
                Some(first) if first.elapsed() < ONE_SIGNAL => None,
                Some(_) => Some(Input::ForceStopRequested(by)),
            },
            SupervisorEvent::HomePortFree(port) => {
                self.launch_state.home_port_is_free(port);
                None
            }
            SupervisorEvent::Client(ClientEvent::Asks(request)) => self.request(request, state),
            SupervisorEvent::Client(ClientEvent::Left) => {
                self.replies.take_left().map(Input::RequesterLeft)
            }
        }
    }

    /// Writes lost files anew, and opens the logs anew, which may have been renamed.
    fn restore_files(&mut self) {
        self.launch_state.restore_files();
        self.launch_state.launch.reopen_logs();
    }

    /// A request on the control socket. The status is answered at once.
    fn request(&mut self, incoming: IncomingRequest, state: &State) -> Option<Input> {
        if incoming.is_expired() {
            return None;
        }
        self.launch_state.restore_files();
        let IncomingRequest { request, reply, written, .. } = incoming;
        if request == Request::Status {
            // A client that has gone away meanwhile does not want the answer.
            let _ = reply.send(Response::Status(Box::new(self.status(state))));
            return None;
        }
        // This socket is for the commands of the command line.
        let by = Some(RequestedBy::Cli);
        let requester = Requester { by, ticket: self.replies.add(reply, written) };
        match request {
            Request::Status => None,
            Request::Stop => Some(Input::StopRequested(requester)),
            Request::Restart => Some(Input::RestartRequested(requester)),
            Request::Move { port } => Some(Input::MoveRequested(port, requester)),
        }
    }

    /// Reads the settings again; `is_recorded` is true if the change is in the history already.
    fn reload_settings(&mut self, is_recorded: bool) {
        self.launch_state.reload_settings(is_recorded);
        self.settings = SupervisorSettings::from(&self.launch_state.options.settings);
    }

    fn perform(&mut self, effect: Effect) -> Performed {
        match effect {
            Effect::Spawn { attempt, on_new_port } => {
                if let Err(error) = self.spawn(attempt, on_new_port) {
                    let event = ServerEvent::NotStarted(error);
                    return Performed::With(Input::Server { attempt, event });
                }
            }
            Effect::Prove(attempt) => {
                let launch = self.launch_state.launch;
                let info = launch.info(self.claims.newest(), self.last_good);
                if let Err(error) = self.servers.prove(attempt, info) {
                    let event = ServerEvent::Disproved(NotReady::WrongAnswer(message!(
                        "readiness.no_proof",
                        error
                    )));
                    return Performed::With(Input::Server { attempt, event });
                }
            }
            Effect::Announce(attempt) => self.announce(attempt),
            Effect::Send(attempt, message) => self.servers.send(attempt, &message),
            Effect::Kill(attempt) => self.servers.kill(attempt),
            Effect::Claim(port) => return Performed::With(self.claim(port)),
            Effect::Move { from, .. } => {
                if self.claims.switch() {
                    self.ready_reason = ReadyReason::Move { from };
                }
            }
            Effect::AbandonClaim(by) => self.claims.abandon_claim(by),
            Effect::Release { port, by } => self.claims.release(port, by),
            Effect::Reply(ticket, reply) => {
                let response = self.response(reply);
                self.replies.send(ticket, response);
            }
            Effect::Record(event) => self.servers.record(event),
            Effect::LogInvalidLine(line) => {
                let log = self.launch_state.launch.log();
                warn!(log, "the server wrote something else than hand-over messages"; keys::LINE => line);
            }
            Effect::End(outcome) => return Performed::Last(outcome),
        }
        Performed::Done
    }

    fn spawn(&mut self, attempt: u32, on_new_port: bool) -> Result<(), StartFailure> {
        if on_new_port {
            let last_good = Some(self.claims.port());
            self.servers.spawn(attempt, self.claims.newest(), last_good)
        } else {
            self.servers.spawn(attempt, self.claims.current(), self.last_good)
        }
    }

    fn announce(&mut self, attempt: u32) {
        let choice = self.claims.current();
        if let Some(at) = self.servers.ready(attempt, &choice.claim) {
            let reason = mem::replace(&mut self.ready_reason, ReadyReason::Restart);
            self.launch_state.server_ready(choice, &at, reason);
        }
    }

    fn claim(&mut self, port: Option<Port>) -> Input {
        match self.launch_state.claim_for_move(port, &self.claims.held()) {
            Ok(next) => {
                let (from, to) = (self.claims.port(), next.claim.port());
                self.claims.prepare(next);
                Input::Claimed { from, to }
            }
            Err(why) => Input::NotClaimed(why),
        }
    }

    fn response(&self, reply: Reply) -> Response {
        let port = self.claims.port();
        match reply {
            Reply::Stopping => Response::Stopping { port },
            Reply::Refused(reason) => Response::Refused { reason, about_port: false },
            Reply::NoPort(reason) => Response::Refused { reason, about_port: true },
            Reply::Done => Response::Done {
                url: claim::url(port),
                from: self.claims.previous_port(),
                port,
                server_pid: self.servers.serving_pid().unwrap_or_default(),
                warning: self.launch_state.warning(),
                redirect_for: Some(Span(self.settings.redirect_for)),
            },
        }
    }

    fn status(&self, state: &State) -> LaunchStatus {
        let launch = self.launch_state.launch;
        let uptime = launch.started.elapsed();
        LaunchStatus {
            launch: launch.info(self.claims.current(), self.last_good),
            state: state.phase.for_status(),
            server_pid: self.servers.serving_pid(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: launch.started_at,
            uptime_ms: uptime.as_micros() as f64 / 1000.0,
            restarts: state.restarts,
            home_port: self.launch_state.home_port(),
            lost_records: launch.history.lost(),
        }
    }
}
