//! A program under way: its processes, and the verification of what it does.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Instant,
};

use shared::{
    event::Event,
    launch::{LaunchInfo, UrlHost},
    message,
    port::Port,
    program_log,
    settings::{Expose, ReadyProbe},
};

use super::cover;
use crate::{
    allotment,
    forwarder::Forwarder,
    further_ports::HeldPorts,
    launch::Launch,
    os::{self, NotifySocket, ProgramInput, TerminalSize},
    program::{
        ProgramOptions, ProgramStreams,
        command::ResolvedCommand,
        environment::EnvironmentInputs,
        observer::Observer,
        probe,
        template::{TemplateError, TemplateWord},
        verification::{
            Loopback, MainExit, ProcessEnd, ProgramFailure, ReadinessProbe, Rules, Verification,
            VerificationEffect, VerificationEnd, VerificationInput, VerificationPhase,
            VerifiedListeners, says_address_in_use, step,
        },
        watcher::ProgramWatcher,
    },
    readiness::{NotReady, StartFailure, in_words},
    sitter::{
        self,
        messages::{ProgramStart, SitterOrder, SitterReport},
    },
    supervisor::{
        event::{ProgramEvent, SupervisorEvent},
        program_process::{ProgramProcess, sitter_arguments},
        state::ServerEvent,
    },
};

/// What the driver must know of a program.
#[derive(Debug)]
pub(super) enum ProgramReport {
    /// It was started as this process.
    Started(u32),
    /// This happened to it, for the decisions.
    Server(ServerEvent),
    /// A stranger listens on its port, at this address.
    LostRace(SocketAddr),
    /// It listens elsewhere or in another process than was published.
    Changed,
    /// The loopback address that it leaves open cannot be covered.
    NotCovered { address: SocketAddr, error: io::Error },
    /// A sentence for the person.
    Warning(String),
    /// What goes into the history.
    Record(Event),
}

/// One start of a program.
pub(super) struct RunningProgram {
    process: ProgramProcess,
    command: ResolvedCommand,
    attempt: u32,
    events: SyncSender<SupervisorEvent>,
    /// What an HTTP probe asks for; else a connection is enough.
    probe_path: Option<String>,
    rules: Rules,
    observer: Arc<Observer>,
    watcher: Option<ProgramWatcher>,
    verification: Option<Verification>,
    cover: Option<Forwarder>,
    /// A cover that could not be opened, for the next decision.
    failed_cover: Option<Loopback>,
    /// What is published of it.
    pub(super) verified: Option<VerifiedListeners>,
    /// The command line with its port, for a program that ignores `PORT`.
    with_port: Option<String>,
    /// What keeps it to loopback.
    loopback_option: Option<&'static str>,
    /// Whether it ended because of our reservation.
    cannot_bind: bool,
    /// Where it is to say that it is ready.
    _notify_socket: Option<NotifySocket>,
    /// Writes what is typed for it, if it has a terminal of its own.
    input: Option<io::PipeWriter>,
}

/// What reports to the driver what happens to the program of this attempt.
fn reporter(
    attempt: u32,
    events: &SyncSender<SupervisorEvent>,
) -> impl Fn(ProgramEvent) + Send + 'static {
    let events = events.clone();
    move |event| {
        // The driver takes no events after the end of the launch.
        let _ = events.send(SupervisorEvent::Program { attempt, event });
    }
}

/// Listens for the program's own word that it is ready, and tells it where.
fn listen_for_word(
    launch: &Launch,
    command: &mut Command,
    attempt: u32,
    events: &SyncSender<SupervisorEvent>,
) -> io::Result<NotifySocket> {
    let report = reporter(attempt, events);
    let on_ready = move || report(ProgramEvent::Notified);
    let path = launch.context.folders.notify_socket(&launch.context.app);
    let socket = NotifySocket::listen(&path, on_ready)?;
    command.env("NOTIFY_SOCKET", socket.path());
    Ok(socket)
}

impl RunningProgram {
    /// Starts a program that is to listen on the main port of those that are `held`.
    pub(super) fn start(
        options: &ProgramOptions,
        launch: &Launch,
        info: &LaunchInfo,
        held: HeldPorts<'_>,
        attempt: u32,
        is_explicit: bool,
        events: &SyncSender<SupervisorEvent>,
    ) -> Result<Self, StartFailure> {
        let HeldPorts { main: hold, further } = held;
        let port = hold.port();
        let url = info.url();
        let folders = &launch.context.folders;
        let state = folders.assignment(&launch.context.app);
        let dir = state.parent().map(PathBuf::from).unwrap_or_default();
        let mut value = |word: &TemplateWord| -> Result<String, TemplateError> {
            Ok(match &word.in_command_of(&launch.context.app) {
                TemplateWord::Port { name: Some(name), app: None } => {
                    let port = further.port(name).map(|port| port.to_string());
                    port.ok_or_else(|| TemplateError::NotAvailable(word.to_string()))?
                }
                TemplateWord::Port { name: None, app: None } => port.to_string(),
                TemplateWord::Host => Ipv4Addr::LOCALHOST.to_string(),
                TemplateWord::Url { app: None } => url.clone(),
                TemplateWord::App => launch.context.app.to_string(),
                TemplateWord::Dir => {
                    // Where it cannot be made, the program finds that out.
                    let _ = shared::os::make_private_folder(&dir);
                    dir.display().to_string()
                }
                other => allotment::value(launch, other)?,
            })
        };
        let filled = options
            .command
            .fill(&mut value)
            .map_err(|error| StartFailure { why: error.to_string(), now: None })?;
        let mut command = Command::new(os::own_program());
        let output = program_log::file(folders, &launch.context.app, options.output);
        command.args(sitter_arguments(output, &filled.words));
        let facts = EnvironmentInputs {
            host: Ipv4Addr::LOCALHOST.into(),
            port: port.get(),
            url: &url,
            launch_id: launch.id,
            home: launch.context.home.as_deref(),
            log_dir: launch.context.log_dir.as_deref(),
            has_template: filled.has_template,
            no_port_env: filled.no_port_env,
            has_terminal: options.streams.has_terminal,
        };
        filled.prepare(&mut command, &facts);
        let notify_socket = match options.ready {
            ReadyProbe::Notify => Some(listen_for_word(launch, &mut command, attempt, events)?),
            _ => None,
        };
        let rules = Rules {
            port,
            is_explicit,
            may_delegate: options.may_delegate,
            probe: match options.ready {
                ReadyProbe::Tcp => ReadinessProbe::Tcp,
                ReadyProbe::Http(_) => ReadinessProbe::Http,
                ReadyProbe::Log(_) => ReadinessProbe::Log,
                ReadyProbe::Notify => ReadinessProbe::Notify,
            },
            on_elsewhere: options.on_elsewhere,
            on_exposed: options.on_exposed,
            ready_timeout: options.ready_timeout,
            is_reserved: hold.is_reserved(),
            may_drop_reservation: !is_explicit,
            can_cover: cover::is_possible(hold),
            // Until there is a watcher.
            must_look_while_serving: true,
            launcher_pid: std::process::id(),
        };
        let observer = Observer::new(port)?.with_further_ports(further.ports());
        let ProgramStreams { gives_terminal, reads_stdin, .. } = options.streams;
        let (typed, to_terminal) = io::pipe()?;
        let input = match reads_stdin {
            _ if gives_terminal => ProgramInput::Typed(typed),
            true => ProgramInput::Ours,
            false => ProgramInput::Nothing,
        };
        let started = os::sitter::start(&mut command, input, sitter::sit);
        let started = started.map_err(|error| match filled.cwd.is_dir() {
            true => error.into(),
            false => {
                let why = message!("failure.not_a_folder", folder = filled.cwd.display());
                StartFailure { why, now: None }
            }
        })?;
        let start = ProgramStart {
            app: launch.context.app.clone(),
            launch_id: launch.id,
            stop_signal: options.stop_signal,
            stop_timeout_ms: options.stop_timeout.as_millis() as u64,
            output: options.output,
            ready_pattern: filled.ready_pattern.clone(),
            secret_variables: filled.variables.iter().map(|set| set.name.clone()).collect(),
            terminal: gives_terminal.then(os::terminal_size),
        };
        let process =
            ProgramProcess::monitor(started, start, attempt, options.streams.shows_output, events)?;
        Ok(Self {
            process,
            command: filled,
            attempt,
            events: events.clone(),
            probe_path: match &options.ready {
                ReadyProbe::Http(path) => Some(path.clone()),
                _ => None,
            },
            rules,
            observer: Arc::new(observer),
            watcher: None,
            verification: None,
            cover: None,
            failed_cover: None,
            with_port: options.with_port.clone(),
            loopback_option: options.loopback_option,
            verified: None,
            cannot_bind: false,
            _notify_socket: notify_socket,
            input: gives_terminal.then_some(to_terminal),
        })
    }

    /// The process id of the sitter.
    pub(super) fn sitter_pid(&self) -> u32 {
        self.process.sitter_pid()
    }

    /// The process that listens, or else main.
    pub(super) fn pid(&self) -> Option<u32> {
        let listens = self.verified.as_ref().and_then(|verified| verified.pid);
        listens.or(self.verification.as_ref().map(|verification| verification.main))
    }

    /// The process that its command was started as, or the one that it has left in its place.
    pub(super) fn main_pid(&self) -> Option<u32> {
        self.verification.as_ref().map(|verification| verification.main)
    }

    /// Whether it was ready and does not listen now.
    pub(super) fn is_waiting(&self) -> bool {
        let phase = self.verification.as_ref().map(|verification| &verification.phase);
        matches!(phase, Some(VerificationPhase::Waiting { .. }))
    }

    /// Where it listens, for records and files.
    pub(super) fn at(&self, port: Port) -> Option<(u32, Vec<SocketAddr>, UrlHost)> {
        let verified = self.verified.as_ref()?;
        let addresses = match &verified.bound[..] {
            [] => vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port.get()))],
            bound => bound.to_vec(),
        };
        Some((self.pid()?, addresses, verified.host))
    }

    /// Where we listen for it, once it is published.
    pub(super) fn covered_address(&self) -> Option<SocketAddr> {
        self.verified.as_ref()?.cover.map(|loopback| loopback.at(self.rules.port))
    }

    /// As published; `127.0.0.1` before.
    pub(super) fn host(&self) -> UrlHost {
        self.verified.as_ref().map(|verified| verified.host).unwrap_or_default()
    }

    /// The last lines that it has written, once it has ended.
    pub(super) fn last_lines(&self) -> Vec<String> {
        self.process.last_lines()
    }

    /// Asks the tree to end, by this signal instead of the stop signal.
    pub(super) fn stop(&mut self, signal: Option<i32>) {
        self.give_up_proof();
        self.process.order(&SitterOrder::Stop { signal });
    }

    /// What is typed for it is to be written there; once.
    pub(super) fn take_input(&mut self) -> Option<io::PipeWriter> {
        self.input.take()
    }

    /// Gives its terminal another size.
    pub(super) fn resize(&mut self, size: TerminalSize) {
        self.process.order(&SitterOrder::Resize(size));
    }

    /// Whether it has ended by the Ctrl-C that was typed into its terminal.
    pub(super) fn is_interrupted(&self) -> bool {
        self.process.is_interrupted()
    }

    /// Looks no more at what it does, and listens no more in its place.
    fn give_up_proof(&mut self) {
        self.watcher = None;
        self.verification = None;
        self.cover = None;
    }

    /// Kills the tree, and waits until it has ended.
    pub(super) fn kill(&mut self, keep: &[u32]) {
        self.give_up_proof();
        self.process.kill(keep);
    }

    /// How it ended.
    pub(super) fn wait(&mut self, keep: &[u32]) -> ServerEvent {
        match (self.process.wait(keep), self.cannot_bind) {
            (ServerEvent::Ended { exit_code, signal }, true) => {
                ServerEvent::CannotBind { exit_code, signal }
            }
            (ended, _) => ended,
        }
    }

    /// When [`time_is_up`](Self::time_is_up) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.verification.as_ref()?.deadline(&self.rules)
    }

    /// What follows now that the deadline has come.
    pub(super) fn time_is_up(&mut self) -> Vec<ProgramReport> {
        self.decide(VerificationInput::DeadlineReached)
    }

    /// What follows from this event.
    pub(super) fn happened(&mut self, event: ProgramEvent) -> Vec<ProgramReport> {
        match event {
            ProgramEvent::Reported(report) => self.reported(&report),
            ProgramEvent::Observed(at, Ok(observation)) => {
                self.decide(VerificationInput::Observed { at, observation })
            }
            // It is looked at again, and the time to become ready runs.
            ProgramEvent::Observed(_, Err(_)) => vec![],
            ProgramEvent::Notified => self.decide(VerificationInput::Notified),
            ProgramEvent::Probed(number, result) => {
                let has_passed = result.is_ok();
                self.decide(VerificationInput::Probed { number, has_passed })
            }
        }
    }

    fn reported(&mut self, report: &SitterReport) -> Vec<ProgramReport> {
        self.process.heard(report);
        match report {
            SitterReport::Started { pid } => self.started(*pid),
            SitterReport::NotStarted { error } => {
                let why = self.command.start_error(error);
                let failure = StartFailure { why, now: None };
                vec![ProgramReport::Server(ServerEvent::NotStarted(failure))]
            }
            SitterReport::Exited(exit) => {
                let Some(main) = self.verification.as_ref().map(|verification| verification.main)
                else {
                    return vec![];
                };
                let end = match (exit.exit_code, exit.signal) {
                    (Some(code), _) => ProcessEnd::Exited(code),
                    (None, Some(signal)) => ProcessEnd::Signalled(signal),
                    (None, None) => ProcessEnd::Unknown,
                };
                self.decide(VerificationInput::MainExited(MainExit {
                    pid: main,
                    end,
                    others_live: exit.left_others,
                    said_address_in_use: exit
                        .last_lines
                        .iter()
                        .any(|line| says_address_in_use(line)),
                }))
            }
            SitterReport::LineMatched => self.decide(VerificationInput::LineMatched),
            SitterReport::TreeEmpty => self.decide(VerificationInput::TreeEmpty),
            SitterReport::Refused { pid } => {
                vec![ProgramReport::Warning(message!("program.refuses_signals", pid))]
            }
        }
    }

    fn started(&mut self, pid: u32) -> Vec<ProgramReport> {
        let mut news = vec![ProgramReport::Started(pid)];
        let (verification, effects) = Verification::begin(pid, Instant::now());
        self.verification = Some(verification);
        let report = reporter(self.attempt, &self.events);
        let report = move |at, seen| report(ProgramEvent::Observed(at, seen));
        let (observer, root) = (Arc::clone(&self.observer), self.process.sitter_pid());
        match ProgramWatcher::start(observer, root, report) {
            Ok(watcher) => {
                self.rules.must_look_while_serving = !watcher.is_monitored();
                self.watcher = Some(watcher);
            }
            Err(error) => {
                let reason = NotReady::WrongAnswer(message!("readiness.no_proof", error));
                news.push(ProgramReport::Server(ServerEvent::Disproved(reason)));
            }
        }
        news.extend(effects.into_iter().flat_map(|effect| self.perform(effect)));
        news
    }

    fn decide(&mut self, input: VerificationInput) -> Vec<ProgramReport> {
        let (mut news, mut inputs) = (vec![], Some(input));
        while let Some(input) = inputs.take()
            && let Some(verification) = self.verification.take()
        {
            let (verification, effects) = step(&self.rules, verification, input, Instant::now());
            self.verification = Some(verification);
            news.extend(effects.into_iter().flat_map(|effect| self.perform(effect)));
            // It comes after all effects of the decision that wanted the cover.
            inputs = self.failed_cover.take().map(VerificationInput::CoverFailed);
        }
        news
    }

    fn perform(&mut self, effect: VerificationEffect) -> Vec<ProgramReport> {
        match effect {
            VerificationEffect::Look => {
                if let Some(watcher) = &self.watcher {
                    watcher.look();
                }
                vec![]
            }
            VerificationEffect::Probe { number, address } => self.probe(number, address),
            VerificationEffect::Ready(verified) => {
                self.verified = Some(verified);
                let ready = shared::handover::ToLauncher::Ready;
                vec![ProgramReport::Server(ServerEvent::Message(ready))]
            }
            VerificationEffect::Changed(verified) => {
                self.verified = Some(verified);
                vec![ProgramReport::Changed]
            }
            VerificationEffect::Daemonised { main } => {
                self.process.order(&SitterOrder::Adopt { pid: main });
                vec![]
            }
            VerificationEffect::Exposed(addresses) => self.exposed(addresses),
            VerificationEffect::Waiting => vec![],
            VerificationEffect::PrintWaiting => {
                vec![ProgramReport::Warning(message!("program.waiting", port = self.rules.port))]
            }
            VerificationEffect::ServingAgain { verified, was_printed } => {
                self.verified = Some(verified);
                let again = message!("program.serving_again", port = self.rules.port);
                let warning = was_printed.then_some(ProgramReport::Warning(again));
                [ProgramReport::Changed].into_iter().chain(warning).collect()
            }
            VerificationEffect::OpenCover(loopback) => self.open_cover(loopback),
            VerificationEffect::CloseCover(_) => {
                self.cover = None;
                vec![]
            }
            VerificationEffect::End(end) => self.ended(end),
        }
    }
}

impl RunningProgram {
    /// Looks once more at a program whose last process has ended, so that it is known why.
    pub(super) fn last_look(&mut self) -> Vec<ProgramReport> {
        let mut news = self.decide(VerificationInput::TreeEmpty);
        let at = Instant::now();
        if self.verification.is_some()
            && let Ok(observation) = self.observer.observe_after_end()
        {
            news.extend(self.decide(VerificationInput::Observed { at, observation }));
        }
        news
    }

    /// Probes the program at this address, on a thread of its own, which reports the result.
    fn probe(&self, number: u32, address: SocketAddr) -> Vec<ProgramReport> {
        let report = reporter(self.attempt, &self.events);
        let path = self.probe_path.clone();
        let probe = move || {
            let result = match path {
                Some(path) => probe::http(address, &path),
                None => probe::tcp(address),
            };
            report(ProgramEvent::Probed(number, result));
        };
        match thread::Builder::new().name("probe".to_owned()).spawn(probe) {
            Ok(_) => vec![],
            Err(error) => {
                let reason = NotReady::WrongAnswer(message!("readiness.no_proof", error));
                vec![ProgramReport::Server(ServerEvent::Disproved(reason))]
            }
        }
    }

    fn open_cover(&mut self, loopback: Loopback) -> Vec<ProgramReport> {
        match cover::open(loopback, self.rules.port, self.rules.is_reserved) {
            Ok(cover) => {
                self.cover = Some(cover);
                vec![]
            }
            Err(error) => {
                self.failed_cover = Some(loopback);
                let address = loopback.at(self.rules.port);
                vec![ProgramReport::NotCovered { address, error }]
            }
        }
    }

    fn exposed(&self, addresses: Vec<SocketAddr>) -> Vec<ProgramReport> {
        let port = self.rules.port;
        let warning = (self.rules.on_exposed == Expose::Warn).then(|| {
            let list = in_words(&addresses);
            ProgramReport::Warning(match self.loopback_option {
                Some(option) => message!("program.exposed_option", addresses = list, option),
                None => message!("program.exposed", addresses = list),
            })
        });
        let server_pid = self.pid().unwrap_or_default();
        let record = Event::ProgramExposed { port, addresses, server_pid };
        [ProgramReport::Record(record)].into_iter().chain(warning).collect()
    }

    fn ended(&mut self, end: VerificationEnd) -> Vec<ProgramReport> {
        let disproved = |reason| ProgramReport::Server(ServerEvent::Disproved(reason));
        match end {
            VerificationEnd::LostRace { stranger, .. } => {
                vec![ProgramReport::LostRace(stranger.address)]
            }
            VerificationEnd::Elsewhere { asked, took, addresses, pid, .. } => {
                let listening = addresses.clone();
                let instead = self.with_port.clone();
                let reason = NotReady::Elsewhere { asked, addresses: listening, instead };
                let server_pid = pid;
                let record = Event::ProgramElsewhere { asked, took, addresses, server_pid };
                vec![ProgramReport::Record(record), disproved(reason)]
            }
            VerificationEnd::Failed(ProgramFailure::TimedOut { after, listening }) => {
                vec![disproved(NotReady::NoListener { after, listening })]
            }
            VerificationEnd::Failed(ProgramFailure::Exposed(addresses)) => {
                vec![disproved(NotReady::Exposed(addresses))]
            }
            VerificationEnd::DropReservation => {
                self.cannot_bind = true;
                self.process.order(&SitterOrder::Kill);
                vec![]
            }
            // What is left of the tree ends, and with it the sitter, whose end comes next.
            VerificationEnd::Failed(ProgramFailure::Exited(_)) | VerificationEnd::MainEnded(_) => {
                self.process.order(&SitterOrder::Stop { signal: None });
                vec![]
            }
        }
    }
}
