//! The event loop: reports what happened to [`state`](super::state) and performs what it decides.
//!
//! It must run on the main thread, because the server's life is bound to the thread that starts it.
//! While nothing happens it sleeps; there is no poll and no tick.

mod claims;
mod replies;
mod servers;

mod programs;

mod cover;

use std::{
    collections::BTreeMap,
    mem,
    net::SocketAddr,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use shared::{
    claim::Reservation, conflict::Conflict, event::RequestedBy, exit::ONE_SIGNAL,
    handover::ToLauncher, keys, launch::LaunchInfo, message, port::Port, settings::Span,
    words::LaunchPhase,
};
use slog::warn;

pub use self::servers::ServerSource;
use self::{claims::Claims, programs::ProgramReport, replies::PendingReplies, servers::Servers};
use super::{
    event::{EventChannel, SupervisorEvent},
    settings::SupervisorSettings,
    state::{Effect, Input, LaunchOutcome, Reply, Requester, ServerEvent, State, step},
};
use crate::{
    choose::Choice,
    control::{ClientEvent, IncomingRequest, LaunchStatus, Request, Response},
    error::LaunchError,
    further_ports::FurtherPorts,
    launch_state::{LaunchState, ReadyReason, WantedPort},
    os::Signalled,
    readiness::{NotReady, PROOF_TIMEOUT, StartFailure},
};

/// What a terminal sends for Ctrl-C, SIGINT.
const INTERRUPT: i32 = 2;

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
    /// The last lines that its last server wrote to stderr, if it failed.
    pub last_lines: Vec<String>,
}

/// Starts the server on the claim of `choice`, with the `further` ports of a program, and supervises it until the launch
/// ends.
pub fn supervise(
    launch_state: LaunchState<'_>,
    source: ServerSource,
    choice: Choice,
    further: FurtherPorts,
    events: EventChannel,
) -> EndedLaunch {
    let EventChannel { sender, receiver } = events;
    let mut driver = Driver {
        settings: source.settings(&launch_state.options.settings),
        last_good: launch_state.last_good_port(),
        servers: Servers {
            launch: launch_state.launch,
            terminal: source.relay_terminal(launch_state.launch, &sender),
            source,
            further,
            secret: launch_state.remembered.secret.clone(),
            log_level: launch_state.options.settings.log.value,
            events: sender,
            running: BTreeMap::new(),
            spawned: BTreeMap::new(),
            serving: None,
            stop_signal: None,
            last_lines: (0, vec![]),
        },
        claims: Claims::new(&launch_state.launch.history, choice),
        launch_state,
        replies: PendingReplies::default(),
        ready_reason: ReadyReason::FirstStart,
        signalled_at: None,
        lost: Vec::new(),
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
                    let last_lines = match outcome.is_failure() {
                        true => driver.servers.last_lines(state.current),
                        false => vec![],
                    };
                    let choice = driver.claims.into_current();
                    return EndedLaunch { outcome, choice, was_ready, last_lines };
                }
            }
        }
        effects = Vec::new();
        if reports.is_empty() {
            let deadlines = [state.deadline(&driver.settings), driver.servers.deadline()];
            match next_event(&receiver, deadlines.into_iter().flatten().min()) {
                Some(event) => reports.extend(driver.inputs(event, &state)),
                None => {
                    reports.push(Input::DeadlineReached);
                    reports.extend(driver.programs_overdue());
                }
            }
        }
        for input in reports {
            let (next, decided) = step(&driver.settings, state, input, Instant::now());
            state = next;
            effects.extend(decided);
        }
    }
}

/// Whether other computers may reach this address.
fn is_exposed(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
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
    /// The ports that were lost to other programs.
    lost: Vec<Port>,
}

enum Performed {
    Done,
    /// The result is an input of the next step.
    With(Input),
    Last(LaunchOutcome),
}

impl Driver<'_> {
    /// What the decisions must know of an event.
    fn inputs(&mut self, event: SupervisorEvent, state: &State) -> Vec<Input> {
        match event {
            SupervisorEvent::Program { attempt, event } => {
                let news = self.servers.happened(attempt, event);
                self.of_program(attempt, news)
            }
            SupervisorEvent::ProcessEnded { attempt } => self.process_ended(attempt),
            event => self.input(event, state).into_iter().collect(),
        }
    }

    /// What the decisions must know of an event; `None` if nothing.
    fn input(&mut self, event: SupervisorEvent, state: &State) -> Option<Input> {
        match event {
            SupervisorEvent::Program { .. } | SupervisorEvent::ProcessEnded { .. } => None,
            SupervisorEvent::Server { event: ServerEvent::Message(ToLauncher::Reread), .. } => {
                self.reload_settings(true);
                None
            }
            SupervisorEvent::Server { attempt, event } => Some(Input::Server { attempt, event }),
            SupervisorEvent::Signal(Signalled::Reread) => {
                self.restore_files();
                self.reload_settings(false);
                None
            }
            SupervisorEvent::Signal(Signalled::Restore) => {
                self.restore_files();
                None
            }
            SupervisorEvent::Signal(Signalled::Interrupt) => {
                self.servers.stop_signal = Some(INTERRUPT);
                self.stop_signalled(RequestedBy::Signal)
            }
            SupervisorEvent::Signal(Signalled::Stop(by)) => self.stop_signalled(by),
            SupervisorEvent::Resized(size) => {
                self.servers.resize(size);
                None
            }
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

    fn stop_signalled(&mut self, by: RequestedBy) -> Option<Input> {
        match self.signalled_at {
            None => {
                self.signalled_at = Some(Instant::now());
                Some(Input::StopRequested(Requester::unanswered(Some(by))))
            }
            Some(first) if first.elapsed() < ONE_SIGNAL => None,
            Some(_) => Some(Input::ForceStopRequested(by)),
        }
    }

    /// What the decisions must know of a program, whose news are recorded and printed.
    fn of_program(&mut self, attempt: u32, news: Vec<ProgramReport>) -> Vec<Input> {
        news.into_iter().filter_map(|news| self.of_news(attempt, news)).collect()
    }

    fn of_news(&mut self, attempt: u32, news: ProgramReport) -> Option<Input> {
        match news {
            ProgramReport::Started(pid) => {
                self.servers.started(attempt, pid, vec![]);
                None
            }
            ProgramReport::Server(event) => Some(Input::Server { attempt, event }),
            ProgramReport::LostRace(address) => {
                let conflict = self.launch_state.lost_race(self.claims.newest(), address);
                let event = ServerEvent::LostRace(Box::new(conflict));
                Some(Input::Server { attempt, event })
            }
            ProgramReport::Changed => {
                let choice = self.claims.current();
                if self.servers.serving == Some(attempt)
                    && let Some((at, host)) = self.servers.at(attempt, &choice.hold)
                {
                    self.launch_state.publish_anew(choice, &at, host);
                }
                None
            }
            ProgramReport::NotCovered { address, error } => {
                let (log, address) = (self.launch_state.launch.log(), address.to_string());
                warn!(log, "going on without a cover"; keys::ADDRESSES => address, keys::ERROR => %error);
                None
            }
            ProgramReport::Warning(text) => {
                self.launch_state.launch.warn_of_program(&text);
                None
            }
            ProgramReport::Record(event) => {
                self.launch_state.launch.history.record(&event);
                None
            }
        }
    }

    /// The process of a server has ended, or the sitter of a program: it is looked at once more before that is believed
    /// to be all.
    fn process_ended(&mut self, attempt: u32) -> Vec<Input> {
        let news = self.servers.last_look(attempt);
        let mut inputs = self.of_program(attempt, news);
        let is_interrupted = self.servers.is_interrupted(attempt);
        let event = self.servers.reap(attempt);
        if inputs.is_empty() {
            // Ctrl-C was typed for the program alone, and asks for the end of the launch like any other.
            let by = Requester::unanswered(Some(RequestedBy::Signal));
            inputs.extend(is_interrupted.then_some(Input::StopRequested(by)));
            inputs.extend(event.map(|event| Input::Server { attempt, event }));
        }
        inputs
    }

    /// What the decisions must know of programs for which time is up.
    fn programs_overdue(&mut self) -> Vec<Input> {
        let overdue = self.servers.time_is_up();
        overdue.into_iter().flat_map(|(attempt, news)| self.of_program(attempt, news)).collect()
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
        self.settings = self.servers.source.settings(&self.launch_state.options.settings);
    }

    fn perform(&mut self, effect: Effect) -> Performed {
        match effect {
            Effect::Spawn { attempt, on_new_port } => {
                if let Err(error) = self.spawn(attempt, on_new_port) {
                    let event = ServerEvent::NotStarted(error);
                    return Performed::With(Input::Server { attempt, event });
                }
            }
            Effect::Prove(attempt) if self.servers.is_program() => {
                // What was seen of it is the proof.
                let event = ServerEvent::Proved;
                return Performed::With(Input::Server { attempt, event });
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
            Effect::ReleaseReservation => self.claims.newest_mut().hold.release(),
            Effect::ChooseAgain(conflict) => {
                return Performed::With(self.choose_again(*conflict));
            }
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
        if self.servers.is_program() && Reservation::must_be_released_before_start() {
            self.claims.newest_mut().hold.release();
        }
        let explicit = self.launch_state.options.port.as_ref().map(|port| port.value);
        if on_new_port {
            let (choice, last_good) = (self.claims.newest(), Some(self.claims.port()));
            self.servers.spawn(attempt, choice, last_good, false)
        } else {
            let choice = self.claims.current();
            let is_explicit = explicit == Some(choice.hold.port());
            self.servers.spawn(attempt, choice, self.last_good, is_explicit)
        }
    }

    /// Another port in place of one that was lost to another program.
    fn choose_again(&mut self, conflict: Conflict) -> Input {
        let explicit = self.launch_state.options.port.as_ref().map(|port| port.value);
        if explicit == Some(conflict.port) {
            return Input::NotChosen(vec![conflict]);
        }
        self.lost.push(conflict.port);
        let wanted = WantedPort { explicit: None, except: self.lost.clone() };
        match self.launch_state.choose(&wanted) {
            Ok(mut choice) => {
                choice.refused.insert(0, conflict);
                self.claims.replace(choice);
                if self.ready_reason == ReadyReason::Restart {
                    self.ready_reason = ReadyReason::LostRace;
                }
                Input::Chosen
            }
            Err(error) => {
                let conflicts = LaunchError::from(error).conflicts().to_vec();
                Input::NotChosen([vec![conflict], conflicts].concat())
            }
        }
    }

    fn announce(&mut self, attempt: u32) {
        let choice = self.claims.current();
        if let Some((at, host)) = self.servers.ready(attempt, &choice.hold) {
            let reason = mem::replace(&mut self.ready_reason, ReadyReason::Restart);
            self.launch_state.server_ready(choice, &at, host, reason);
        }
    }

    fn claim(&mut self, port: Option<Port>) -> Input {
        match self.launch_state.claim_for_move(port, &self.claims.held()) {
            Ok(next) => {
                let (from, to) = (self.claims.port(), next.hold.port());
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
                url: self.servers.serving_host().url(port),
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
        let info = launch.info(self.claims.current(), self.last_good);
        let program = self.servers.program_status();
        let phase = match state.phase.for_status() {
            // Its process lives, and its listener is gone for a while.
            LaunchPhase::Serving if program.is_waiting => LaunchPhase::Waiting,
            phase => phase,
        };
        let addresses = self.servers.serving_addresses(&self.claims.current().hold);
        LaunchStatus {
            launch: LaunchInfo { host: self.servers.serving_host(), ..info },
            state: phase,
            server_pid: self.servers.serving_pid(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: launch.started_at,
            uptime_ms: uptime.as_micros() as f64 / 1000.0,
            restarts: state.restarts,
            home_port: self.launch_state.home_port(),
            mode: self.servers.mode(),
            command: program.command,
            folder: program.folder,
            main_pid: program.main_pid,
            exposed: addresses.iter().filter(|address| is_exposed(address)).copied().collect(),
            addresses,
            ports: self.launch_state.further.clone(),
            lost_records: launch.history.lost(),
        }
    }
}
