//! The processes of the servers: starting one, having it prove its identity, ending it.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};

use shared::{
    claim::Claim,
    event::{Event, ServerAt, ServerReady},
    handover::{Adoption, ToServer},
    identity::Secret,
    launch::LaunchInfo,
    port::Port,
    settings::LogLevel,
};
use slog::debug;

use crate::{
    choose::Choice,
    handover::ServerProgram,
    launch::Launch,
    readiness::{self, StartFailure},
    supervisor::{event::SupervisorEvent, server_process::ServerProcess, state::ServerEvent},
};

/// The servers of a launch. Each is named by its attempt, from 1.
pub(super) struct Servers<'a> {
    pub(super) launch: &'a Launch,
    pub(super) program: ServerProgram,
    /// What a server proves its identity with.
    pub(super) secret: Secret,
    /// The level of the server's diagnostics.
    pub(super) log_level: LogLevel,
    pub(super) events: SyncSender<SupervisorEvent>,
    pub(super) processes: BTreeMap<u32, ServerProcess>,
    /// What records name, also of servers that have just ended.
    pub(super) spawned: BTreeMap<u32, Spawned>,
    /// The attempt of the current server, while it runs.
    pub(super) serving: Option<u32>,
}

/// What records name of a server that was started, or could not be.
pub(super) struct Spawned {
    port: Port,
    /// `None` if it could not be started.
    process: Option<SpawnedProcess>,
}

#[derive(Clone, Copy)]
struct SpawnedProcess {
    pid: u32,
    since: Instant,
}

impl Servers<'_> {
    /// Starts a server on the sockets of `choice`.
    pub(super) fn spawn(
        &mut self,
        attempt: u32,
        choice: &Choice,
        last_good: Option<Port>,
    ) -> Result<(), StartFailure> {
        let before = Instant::now();
        // The ends of all others have been recorded.
        self.spawned.retain(|attempt, _| self.processes.contains_key(attempt));
        let spawned = Spawned { port: choice.claim.port(), process: None };
        let spawned = self.spawned.entry(attempt).insert_entry(spawned).into_mut();
        let started = self.program.start(&choice.claim, &self.launch.context, self.log_level)?;
        let (pid, since) = (started.process.id(), Instant::now());
        spawned.process = Some(SpawnedProcess { pid, since });
        let mut server = ServerProcess::monitor(started.process, attempt, &self.events)?;
        let at = server_at(&choice.claim, server.pid(), before.elapsed());
        self.launch.history.record(&Event::ServerSpawned(at));
        let info = self.launch.info(choice, last_good);
        let adoption =
            Adoption::new(&info, self.secret.clone(), self.launch.token.clone(), started.sockets);
        server.send(&ToServer::Adopt(adoption));
        self.processes.insert(attempt, server);
        Ok(())
    }

    /// Asks the server for its identity, on a thread of its own, which reports the result.
    pub(super) fn prove(&self, attempt: u32, info: LaunchInfo) -> io::Result<()> {
        debug!(self.launch.log(), "asking the server who it is");
        let (secret, events) = (self.secret.clone(), self.events.clone());
        let pid = self.processes.get(&attempt).map(ServerProcess::pid).unwrap_or_default();
        let prove = move || {
            let proof = readiness::prove(&secret, &info, pid);
            let event = proof.map_or_else(ServerEvent::Disproved, |()| ServerEvent::Proved);
            // The driver takes no events after the end of the launch.
            let _ = events.send(SupervisorEvent::Server { attempt, event });
        };
        thread::Builder::new().name("proof".to_owned()).spawn(prove).map(drop)
    }

    /// Makes a server the current one, and records that it is ready. `None` if it has ended.
    pub(super) fn ready(&mut self, attempt: u32, claim: &Claim) -> Option<ServerAt> {
        let pid = self.processes.get(&attempt)?.pid();
        let at = server_at(claim, pid, self.launch.started.elapsed());
        self.serving = Some(attempt);
        let process = self.spawned.get(&attempt).and_then(|spawned| spawned.process);
        let since_spawn = process.map(|process| process.since.elapsed());
        let ready = ServerReady { at: at.clone(), since_spawn };
        self.launch.history.record(&Event::ServerReady(ready));
        Some(at)
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
        if let Some(server) = self.processes.get_mut(&attempt) {
            server.send(message);
        }
    }

    pub(super) fn kill(&mut self, attempt: u32) {
        if let Some(server) = self.processes.get_mut(&attempt) {
            server.kill();
        }
    }

    /// Takes the exit status of a process that has ended. `None` if that was done already.
    pub(super) fn reap(&mut self, attempt: u32) -> Option<ServerEvent> {
        let event = self.processes.remove(&attempt)?.wait();
        self.serving = self.serving.filter(|serving| *serving != attempt);
        Some(event)
    }

    /// The process id of the current server, while it runs.
    pub(super) fn serving_pid(&self) -> Option<u32> {
        self.processes.get(&self.serving?).map(ServerProcess::pid)
    }
}

fn server_at(claim: &Claim, server_pid: u32, elapsed: Duration) -> ServerAt {
    ServerAt { server_pid, port: claim.port(), addresses: claim.addresses(), elapsed }
}
