//! What the driver does with one server: starts it, has it prove itself, announces it.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use shared::{
    claim::Claim,
    event::{Event, ServerAt, ServerReady},
    handover::{Adoption, ToServer},
    port::Port,
};
use slog::debug;

use super::{Driver, Host, Occasion};
use crate::{
    readiness,
    supervisor::{child::Server, child::What, state::News},
};

/// What records tell of a server that was started, or was to be.
pub(super) struct Spawned {
    /// The port that it was given.
    port: Port,
    /// Its process, and when that was there; `None` if it could not be started.
    process: Option<(u32, Instant)>,
}

impl<H: Host> Driver<'_, H> {
    pub(super) fn spawn(&mut self, attempt: u32, on_next: bool) -> io::Result<()> {
        let (watch, before) = (&self.watch, Instant::now());
        let choice = if on_next { self.next.as_ref() } else { None }.unwrap_or(&self.choice);
        // The ends of all others have been recorded.
        self.spawned.retain(|attempt, _| self.servers.contains_key(attempt));
        let spawned = Spawned { port: choice.claim.port(), process: None };
        let spawned = self.spawned.entry(attempt).insert_entry(spawned).into_mut();
        let started = watch.program.start(&choice.claim, &watch.launch.basics, watch.log_level)?;
        spawned.process = Some((started.process.id(), Instant::now()));
        let mut server = Server::attend(started.process, attempt, &self.news)?;
        let at = at(&choice.claim, server.pid(), before.elapsed());
        watch.launch.history.record(&Event::ServerSpawned(at));
        let last_good = if on_next { Some(self.choice.claim.port()) } else { watch.last_good };
        let info = watch.launch.info(choice, last_good);
        let adoption = Adoption::new(&info, watch.secret.clone(), started.sockets);
        server.tell(&ToServer::Adopt(adoption));
        self.servers.insert(attempt, server);
        Ok(())
    }

    pub(super) fn prove(&self, attempt: u32) -> io::Result<()> {
        let launch = self.watch.launch;
        debug!(launch.log(), "asking the server who it is");
        let choice = self.next.as_ref().unwrap_or(&self.choice);
        let info = launch.info(choice, self.watch.last_good);
        let (secret, news) = (self.watch.secret.clone(), self.news.clone());
        let pid = self.servers.get(&attempt).map(Server::pid).unwrap_or_default();
        let prove = move || {
            let proof = readiness::prove(&secret, &info, pid);
            let proof = proof.map_or_else(News::Disproved, |()| News::Proved);
            // Nobody listens any more when the launch is over.
            let _ = news.send(What::Server { attempt, news: proof });
        };
        thread::Builder::new().name("proof".to_owned()).spawn(prove).map(drop)
    }

    pub(super) fn announce(&mut self, attempt: u32) {
        let Some(server) = self.servers.get(&attempt) else { return };
        let at = at(&self.choice.claim, server.pid(), self.watch.launch.started.elapsed());
        self.serving = Some(attempt);
        let process = self.spawned.get(&attempt).and_then(|spawned| spawned.process);
        let since_spawn = process.map(|(_, since)| since.elapsed());
        let ready = ServerReady { at: at.clone(), since_spawn };
        self.watch.launch.history.record(&Event::ServerReady(ready));
        let occasion = std::mem::replace(&mut self.occasion, Occasion::Again);
        self.host.ready(&self.choice, &at, occasion);
    }

    /// Writes a record. The decisions know servers by their attempts; which process one was, and on
    /// which port, is filled in here.
    pub(super) fn record(&self, mut event: Event) {
        if let Some(end) = event.server_end_mut()
            && let Some(spawned) = self.spawned.get(&end.attempt)
        {
            end.port = Some(spawned.port);
            end.server_pid = spawned.process.map(|(pid, _)| pid);
        }
        self.watch.launch.history.record(&event);
    }

    pub(super) fn tell(&mut self, attempt: u32, message: &ToServer) {
        if let Some(server) = self.servers.get_mut(&attempt) {
            server.tell(message);
        }
    }
}

fn at(claim: &Claim, server_pid: u32, elapsed: Duration) -> ServerAt {
    ServerAt { server_pid, port: claim.port(), addresses: claim.addresses(), elapsed }
}
