//! The servers of a launch: starting one, having it prove itself, ending it.

use std::{
    collections::BTreeMap, io, net::SocketAddr, sync::mpsc::SyncSender, thread, time::Instant,
};

use serde_json::Value;
use shared::{
    event::{Event, ServerAt, ServerReady},
    handover::{Adoption, ToServer},
    identity::Secret,
    launch::{LaunchInfo, UrlHost},
    message,
    port::Port,
    program_log::{OutputFormat, ProgramAuthor, ProgramLog, Secrets},
    settings::{Effective, LogLevel},
    words::ProgramMode,
};
use slog::debug;

use super::programs::{ProgramReport, RunningProgram};
use crate::{
    choose::Choice,
    further_ports::{FurtherPorts, HeldPorts},
    handover::ServerProgram,
    hold::Hold,
    launch::Launch,
    os::{TerminalRelay, TerminalSize},
    program::{ProgramOptions, ServerKind},
    readiness::{self, StartFailure},
    supervisor::{
        event::{ProgramEvent, SupervisorEvent},
        server_process::ServerProcess,
        settings::SupervisorSettings,
        state::ServerEvent,
    },
};

/// The servers of a launch. Each is named by its attempt, from 1.
pub(super) struct Servers<'a> {
    pub(super) launch: &'a Launch,
    pub(super) source: ServerSource,
    /// The further ports of a program.
    pub(super) further: FurtherPorts,
    /// What a server proves its identity with.
    pub(super) secret: Secret,
    /// The level of the server's diagnostics.
    pub(super) log_level: LogLevel,
    pub(super) events: SyncSender<SupervisorEvent>,
    /// Ours, if the programs get one of their own.
    pub(super) terminal: Option<TerminalRelay>,
    pub(super) running: BTreeMap<u32, RunningServer>,
    /// What records name, also of servers that have just ended.
    pub(super) spawned: BTreeMap<u32, Spawned>,
    /// The attempt of the current server, while it runs.
    pub(super) serving: Option<u32>,
    /// The signal that asks a program to end, if it is another than usual.
    pub(super) stop_signal: Option<i32>,
    /// The last lines of the server that ended last, and its attempt.
    pub(super) last_lines: (u32, Vec<String>),
}

/// What is started for the app.
pub enum ServerSource {
    /// A server of ours, or one that speaks as ours does.
    Own(ServerProgram),
    /// Any other program.
    Program(Box<ProgramOptions>),
}

impl ServerSource {
    /// What its supervision depends on.
    pub(super) fn settings(&self, settings: &Effective) -> SupervisorSettings {
        let supervisor = SupervisorSettings::from(settings);
        match self {
            Self::Own(_) => supervisor,
            Self::Program(options) => {
                supervisor.of_program(options.ready_timeout, options.stop_timeout)
            }
        }
    }

    /// Our terminal, if the programs get one of their own. Without it they run, and are told nothing of what is typed.
    pub(super) fn relay_terminal(
        &self,
        launch: &Launch,
        events: &SyncSender<SupervisorEvent>,
    ) -> Option<TerminalRelay> {
        let Self::Program(options) = self else { return None };
        let events = events.clone();
        let relay = options.streams.gives_terminal.then(|| {
            // The driver takes no events after the end of the launch.
            TerminalRelay::start(move |size| drop(events.send(SupervisorEvent::Resized(size))))
        });
        let warn = |error| launch.warn(&message!("warning.no_terminal"), &error);
        relay.and_then(|relay| relay.map_err(warn).ok())
    }

    /// Whose server it is.
    pub fn kind(&self) -> ServerKind {
        match self {
            Self::Own(_) => ServerKind::Own,
            Self::Program(_) => ServerKind::Program,
        }
    }
}

/// A server under way.
pub(super) enum RunningServer {
    Own(ServerProcess),
    Program(Box<RunningProgram>),
}

/// What the status of a launch has of its program.
#[derive(Debug, Default)]
pub(super) struct ProgramStatus {
    /// With its templates, secrets masked.
    pub(super) command: Vec<String>,
    pub(super) folder: Option<String>,
    pub(super) main_pid: Option<u32>,
    /// Whether it was ready and does not listen now.
    pub(super) is_waiting: bool,
}

/// What records name of a server that was started, or could not be.
pub(super) struct Spawned {
    port: Port,
    before: Instant,
    /// `None` if it could not be started.
    process: Option<SpawnedProcess>,
}

#[derive(Clone, Copy)]
struct SpawnedProcess {
    pid: u32,
    since: Instant,
}

impl RunningServer {
    /// The process that serves, or is to.
    fn pid(&self) -> Option<u32> {
        match self {
            Self::Own(server) => Some(server.pid()),
            Self::Program(program) => program.pid(),
        }
    }
}

impl Servers<'_> {
    /// Starts a server on the port of `choice`. `is_explicit` is true if no other port will do.
    pub(super) fn spawn(
        &mut self,
        attempt: u32,
        choice: &Choice,
        last_good: Option<Port>,
        is_explicit: bool,
    ) -> Result<(), StartFailure> {
        // The ends of all others have been recorded.
        self.spawned.retain(|attempt, _| self.running.contains_key(attempt));
        let (port, before) = (choice.hold.port(), Instant::now());
        self.spawned.insert(attempt, Spawned { port, before, process: None });
        let info = self.launch.info(choice, last_good);
        let running = match &self.source {
            ServerSource::Own(program) => {
                let started = program.start(&choice.hold, &self.launch.context, self.log_level)?;
                let log = self.output_log(started.process.id());
                let mut server =
                    ServerProcess::monitor(started.process, attempt, log, &self.events)?;
                self.started(attempt, server.pid(), choice.hold.addresses());
                let (secret, token) = (self.secret.clone(), self.launch.token.clone());
                let adoption = Adoption::new(&info, secret, token, started.sockets);
                server.send(&ToServer::Adopt(adoption));
                RunningServer::Own(server)
            }
            // The sitter reports its start.
            ServerSource::Program(options) => {
                let mut program = RunningProgram::start(
                    options,
                    self.launch,
                    &info,
                    HeldPorts { main: &choice.hold, further: &self.further },
                    attempt,
                    is_explicit,
                    &self.events,
                )?;
                if let (Some(terminal), Some(input)) = (&self.terminal, program.take_input()) {
                    terminal.program_started(input);
                }
                RunningServer::Program(Box::new(program))
            }
        };
        self.running.insert(attempt, running);
        Ok(())
    }

    /// Where the stderr of a server is kept.
    fn output_log(&self, pid: u32) -> ProgramLog {
        let context = &self.launch.context;
        let author = ProgramAuthor { app: context.app.clone(), launch_id: self.launch.id, pid };
        // What it is sent, and may repeat.
        let sent = [serde_json::to_value(&self.secret), serde_json::to_value(&self.launch.token)];
        let secrets = Secrets::of_values(sent.iter().flatten().filter_map(Value::as_str));
        ProgramLog::new(&context.folders, author, OutputFormat::Json, secrets)
    }

    /// Takes note of the process of a server, and records it.
    pub(super) fn started(&mut self, attempt: u32, pid: u32, addresses: Vec<SocketAddr>) {
        let Some(spawned) = self.spawned.get_mut(&attempt) else { return };
        spawned.process = Some(SpawnedProcess { pid, since: Instant::now() });
        let (port, elapsed) = (spawned.port, spawned.before.elapsed());
        let at = ServerAt { server_pid: pid, port, addresses, elapsed };
        self.launch.history.record(&Event::ServerSpawned(at));
    }

    /// How a program is given the port; `None` for our own server.
    pub(super) fn mode(&self) -> Option<ProgramMode> {
        self.is_program().then_some(ProgramMode::Number)
    }

    /// Whether the app is served by a program, whose word is not asked for.
    pub(super) fn is_program(&self) -> bool {
        self.source.kind() == ServerKind::Program
    }

    /// Asks the server for its identity, on a thread of its own, which reports the result.
    pub(super) fn prove(&self, attempt: u32, info: LaunchInfo) -> io::Result<()> {
        debug!(self.launch.log(), "asking the server who it is");
        let (secret, events) = (self.secret.clone(), self.events.clone());
        let pid = self.running.get(&attempt).and_then(RunningServer::pid).unwrap_or_default();
        let prove = move || {
            let proof = readiness::prove(&secret, &info, pid);
            let event = proof.map_or_else(ServerEvent::Disproved, |()| ServerEvent::Proved);
            // The driver takes no events after the end of the launch.
            let _ = events.send(SupervisorEvent::Server { attempt, event });
        };
        thread::Builder::new().name("proof".to_owned()).spawn(prove).map(drop)
    }

    /// Makes a server the current one, and records that it is ready. `None` if it has ended.
    pub(super) fn ready(&mut self, attempt: u32, hold: &Hold) -> Option<(ServerAt, UrlHost)> {
        let (at, host) = self.own_place(attempt, hold)?;
        self.serving = Some(attempt);
        let process = self.spawned.get(&attempt).and_then(|spawned| spawned.process);
        let since_spawn = process.map(|process| process.since.elapsed());
        let ready = ServerReady { at: at.clone(), since_spawn };
        self.launch.history.record(&Event::ServerReady(ready));
        Some((self.with_cover(attempt, at), host))
    }

    /// Where a server answers, the cover of a program included. `None` if it has ended, or is not ready.
    pub(super) fn at(&self, attempt: u32, hold: &Hold) -> Option<(ServerAt, UrlHost)> {
        let (at, host) = self.own_place(attempt, hold)?;
        Some((self.with_cover(attempt, at), host))
    }

    fn with_cover(&self, attempt: u32, mut at: ServerAt) -> ServerAt {
        if let Some(RunningServer::Program(program)) = self.running.get(&attempt) {
            at.addresses.extend(program.covered_address());
        }
        at
    }

    /// Where a server itself listens.
    fn own_place(&self, attempt: u32, hold: &Hold) -> Option<(ServerAt, UrlHost)> {
        let (port, elapsed) = (hold.port(), self.launch.started.elapsed());
        let (server_pid, addresses, host) = match self.running.get(&attempt)? {
            RunningServer::Own(server) => (server.pid(), hold.addresses(), UrlHost::default()),
            RunningServer::Program(program) => program.at(port)?,
        };
        Some((ServerAt { server_pid, port, addresses, elapsed }, host))
    }

    /// Writes a record. The decisions name servers by their attempts; the process and the port are
    /// added here.
    pub(super) fn record(&self, mut event: Event) {
        if let Some(end) = event.server_end_mut()
            && let Some(spawned) = self.spawned.get(&end.attempt)
        {
            end.port = Some(spawned.port);
            end.server_pid = spawned.process.map(|process| process.pid);
        }
        self.launch.history.record(&event);
    }

    pub(super) fn send(&mut self, attempt: u32, message: &ToServer) {
        match self.running.get_mut(&attempt) {
            Some(RunningServer::Own(server)) => server.send(message),
            // A program knows no hand-over: what it can be asked is to end.
            Some(RunningServer::Program(program)) if *message == ToServer::Drain => {
                program.stop(self.stop_signal);
            }
            Some(RunningServer::Program(_)) | None => {}
        }
    }

    pub(super) fn kill(&mut self, attempt: u32) {
        let keep = self.sitters_but(attempt);
        match self.running.get_mut(&attempt) {
            Some(RunningServer::Own(server)) => server.kill(),
            Some(RunningServer::Program(program)) => program.kill(&keep),
            None => {}
        }
    }

    /// Takes the exit status of a process that has ended. `None` if that was done already.
    pub(super) fn reap(&mut self, attempt: u32) -> Option<ServerEvent> {
        let keep = self.sitters_but(attempt);
        let (event, last_lines) = match self.running.remove(&attempt)? {
            RunningServer::Own(mut server) => (server.wait(), server.last_lines()),
            RunningServer::Program(mut program) => (program.wait(&keep), program.last_lines()),
        };
        if let Some(terminal) = self.terminal.as_ref().filter(|_| self.running.is_empty()) {
            terminal.program_ended();
        }
        self.last_lines = (attempt, last_lines);
        self.serving = self.serving.filter(|serving| *serving != attempt);
        Some(event)
    }

    /// What follows from something that happened to a program.
    pub(super) fn happened(&mut self, attempt: u32, event: ProgramEvent) -> Vec<ProgramReport> {
        self.program(attempt).map_or_else(Vec::new, |program| program.happened(event))
    }

    /// Our terminal has another size, and so have those of the programs.
    pub(super) fn resize(&mut self, size: TerminalSize) {
        for running in self.running.values_mut() {
            if let RunningServer::Program(program) = running {
                program.resize(size);
            }
        }
    }

    /// Whether a program has ended by the Ctrl-C that was typed into its terminal.
    pub(super) fn is_interrupted(&mut self, attempt: u32) -> bool {
        self.program(attempt).is_some_and(|program| program.is_interrupted())
    }

    /// What a last look at a program tells that has ended.
    pub(super) fn last_look(&mut self, attempt: u32) -> Vec<ProgramReport> {
        self.program(attempt).map_or_else(Vec::new, RunningProgram::last_look)
    }

    /// When a program has to be decided about without news.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let programs = self.running.values().filter_map(|running| match running {
            RunningServer::Program(program) => program.deadline(),
            RunningServer::Own(_) => None,
        });
        programs.min()
    }

    /// What follows for each program whose time is up.
    pub(super) fn time_is_up(&mut self) -> Vec<(u32, Vec<ProgramReport>)> {
        let now = Instant::now();
        let overdue = self.running.iter_mut().filter_map(|(attempt, running)| match running {
            RunningServer::Program(program) if program.deadline().is_some_and(|due| due <= now) => {
                Some((*attempt, program.time_is_up()))
            }
            RunningServer::Program(_) | RunningServer::Own(_) => None,
        });
        overdue.collect()
    }

    fn program(&mut self, attempt: u32) -> Option<&mut RunningProgram> {
        match self.running.get_mut(&attempt)? {
            RunningServer::Program(program) => Some(program),
            RunningServer::Own(_) => None,
        }
    }

    /// The sitters of all programs but one.
    fn sitters_but(&self, attempt: u32) -> Vec<u32> {
        let others = self.running.iter().filter(|(other, _)| **other != attempt);
        let sitters = others.filter_map(|(_, running)| match running {
            RunningServer::Program(program) => Some(program.sitter_pid()),
            RunningServer::Own(_) => None,
        });
        sitters.collect()
    }

    /// The last lines of a server that has ended, or is killed.
    pub(super) fn last_lines(&self, attempt: u32) -> Vec<String> {
        match (self.running.get(&attempt), &self.last_lines) {
            (Some(RunningServer::Own(server)), _) => server.last_lines(),
            (Some(RunningServer::Program(program)), _) => program.last_lines(),
            (None, (ended, lines)) if *ended == attempt => lines.clone(),
            (None, _) => vec![],
        }
    }

    /// The process that serves, while one does.
    pub(super) fn serving_pid(&self) -> Option<u32> {
        self.running.get(&self.serving?)?.pid()
    }

    /// What the status of the launch has of its program; empty for our own server.
    pub(super) fn program_status(&self) -> ProgramStatus {
        let ServerSource::Program(options) = &self.source else { return ProgramStatus::default() };
        // The newest one, which may not be ready yet.
        let program = self.running.values().rev().find_map(|running| match running {
            RunningServer::Program(program) => Some(program),
            RunningServer::Own(_) => None,
        });
        ProgramStatus {
            command: options.command.in_words(),
            folder: Some(options.command.folder().display().to_string()),
            main_pid: program.and_then(|program| program.main_pid()),
            is_waiting: program.is_some_and(|program| program.is_waiting()),
        }
    }

    /// The addresses of the current server.
    pub(super) fn serving_addresses(&self, hold: &Hold) -> Vec<SocketAddr> {
        let at = self.serving.and_then(|serving| self.at(serving, hold));
        at.map(|(at, _)| at.addresses).unwrap_or_default()
    }

    /// The host in the URL of the current server.
    pub(super) fn serving_host(&self) -> UrlHost {
        match self.serving.and_then(|serving| self.running.get(&serving)) {
            Some(RunningServer::Program(program)) => program.host(),
            _ => UrlHost::default(),
        }
    }
}
