//! What an app does next: a launch from its beginning to its end, or something between two launches.
//!
//! The order of the records is that of the programs. Everything that an app remembers is carried from
//! one launch to the next, so that moves, generations and last good ports fit together.

use std::{net::SocketAddr, time::Duration};

use fastrand::Rng;
use jiff::Timestamp;
use uuid::Uuid;

use super::cast::{Planned, Resident, some_port};
use crate::{
    claim,
    conflict::{Class, Conflict, Holder, Origin, OsError},
    event::{
        EndReason, Ending, Event, EventName, LastFailure, LastFailureReason, MoveReason, Process,
        RecoverySource, Relation, RequestedBy, RestartReason, ServerAt, ServerEnd, ServerReady,
        ServerRestarting,
    },
    port::Port,
};

/// Plans what `resident` does next, which begins `pause` after the last, more or less.
pub(super) fn episode(
    random: &mut Rng,
    resident: &mut Resident,
    began: Timestamp,
    pause: Duration,
) {
    let pause = pause.mul_f64(2.0 * random.f64());
    let mut launch = PlannedLaunch::new(random, resident, began, Process::Launcher, pause);
    match launch.random.u32(0..100) {
        0..4 => launch.change_setting(),
        4..6 if launch.resident.last_good.is_some() => launch.forget(),
        6..12 => {
            launch.writer = Process::Server;
            launch.run_alone();
        }
        _ => launch.run(),
    }
}

/// A launch that is being planned.
struct PlannedLaunch<'a> {
    random: &'a mut Rng,
    resident: &'a mut Resident,
    id: Uuid,
    pid: u32,
    /// The program that most records are of.
    writer: Process,
    /// The count of its next record.
    seq: u64,
    /// The time to the next record.
    after: Duration,
    /// How many servers were started.
    attempt: u32,
    began: Timestamp,
}

impl<'a> PlannedLaunch<'a> {
    fn new(
        random: &'a mut Rng,
        resident: &'a mut Resident,
        began: Timestamp,
        writer: Process,
        after: Duration,
    ) -> Self {
        let (id, pid) = (id(random, began), random.u32(300..4_000_000));
        Self { random, resident, id, pid, writer, seq: 0, after, attempt: 0, began }
    }

    fn record(&mut self, event: Event) {
        let seq = self.seq;
        self.seq += 1;
        self.push(self.writer, self.pid, seq, event);
    }

    fn push(&mut self, process: Process, pid: u32, seq: u64, event: Event) {
        let next = self.random.u64(10..200_000);
        let after = std::mem::replace(&mut self.after, Duration::from_micros(next));
        let launch_id = self.id;
        self.resident.planned.push_back(Planned { after, process, pid, launch_id, seq, event });
    }

    fn some_time(&mut self) -> Duration {
        Duration::from_micros(self.random.u64(40..900_000))
    }

    /// Waits as long as a person does something else: up to some hours.
    fn wait(&mut self) {
        self.after = Duration::from_secs(self.random.u64(1..20_000));
    }

    fn change_setting(&mut self) {
        let to = self.random.choice([r#""debug""#, "3030", r#""fail""#, r#""20000-20999""#]);
        let key = self.random.choice(["log", "port", "on_conflict", "range"]).unwrap_or_default();
        // A word that is searched for, where it means nothing.
        let from = self.random.bool().then(|| EventName::PortConflict.to_string());
        let (key, to) = (key.to_owned(), to.map(str::to_owned));
        self.record(Event::SettingsChanged { key, from, to });
    }

    fn forget(&mut self) {
        if let Some(port) = self.resident.last_good.take() {
            self.resident.generation += 1;
            let generation = self.resident.generation;
            self.record(Event::PortForgotten { port, generation });
        }
    }

    fn start(&mut self) {
        let mut argv = vec![self.writer.to_string(), "--no-open".to_owned()];
        if self.random.u32(0..20) == 0 {
            argv.extend(
                ["--token", "***", "--title", "Zoë's \"notes\"\n\u{1f4d3}"].map(str::to_owned),
            );
        }
        let (last_good, home_port) = (self.resident.last_good, self.resident.home);
        self.record(Event::LaunchStarted { argv, last_good, home_port });
        if last_good.is_some() && self.random.u32(0..40) == 0 {
            self.record(Event::StateRecovered {
                file: "/home/ada/.local/state/homeport/server/assignment.toml".to_owned(),
                problem: "it is missing".to_owned(),
                source: RecoverySource::PortHistory,
            });
        }
    }

    /// A server without a launcher: it remembers nothing.
    fn run_alone(&mut self) {
        self.start();
        let port = some_port(self.random);
        if self.random.u32(0..4) == 0 {
            self.conflict(port, Origin::Explicit);
            return self.fail(Some(port), EndReason::PortUnavailable, 69);
        }
        self.claim(port, Origin::Explicit, 1);
        let at = ServerAt { server_pid: self.pid, ..self.server_at(port) };
        self.record(Event::ServerListening(at.clone()));
        self.record(Event::ServerReady(ServerReady { at, since_spawn: None }));
        if self.random.u32(0..5) == 0 {
            let addresses = vec![([0, 0, 0, 0], port.get()).into()];
            self.record(Event::PortExposed { port, addresses, server_pid: self.pid });
        }
        self.wait();
        if self.random.u32(0..8) > 0 {
            let by = Some(RequestedBy::Signal);
            self.record(Event::PortReleased(Ending { by, ..Ending::of(port, EndReason::Asked) }));
            self.stop(port, EndReason::Asked, by);
        }
    }

    fn run(&mut self) {
        self.start();
        let remembered = self.resident.home.map(|port| (port, Origin::Home));
        let remembered =
            remembered.or(self.resident.last_good.map(|port| (port, Origin::LastGood)));
        let mut candidate = remembered.unwrap_or((self.resident.first_choice, Origin::FirstChoice));
        let conflicts = match self.random.u32(0..100) {
            0..70 => 0,
            70..92 => 1,
            92..98 => 2,
            _ => 8,
        };
        for _ in 0..conflicts {
            self.conflict(candidate.0, candidate.1);
            candidate = (some_port(self.random), Origin::Range);
        }
        if conflicts > 0 && self.random.u32(0..30) == 0 {
            return self.fail(None, EndReason::NoPort, 69);
        }
        let (port, origin) = candidate;
        self.claim(port, origin, conflicts + 1);
        let Some(server) = self.serve(port) else { return };
        let why = match origin {
            Origin::Home => MoveReason::HomePortFree,
            _ => MoveReason::Conflict,
        };
        self.remember(port, why);
        self.live(port, server);
    }

    /// Starts a server. `None` if it did not become ready, which ends the launch.
    fn serve(&mut self, port: Port) -> Option<u32> {
        self.attempt += 1;
        let at = self.server_at(port);
        let server_pid = at.server_pid;
        self.record(Event::ServerSpawned(at.clone()));
        self.push(Process::Server, server_pid, 0, Event::ServerListening(at.clone()));
        if self.random.u32(0..60) == 0 {
            let end = self.server_end(port, server_pid, Some(1), None);
            self.record(Event::ServerExited(end));
            self.record(Event::PortReleased(Ending::of(port, EndReason::Exited)));
            self.fail(Some(port), EndReason::Exited, 75);
            return None;
        }
        if self.random.u32(0..40) == 0 {
            self.be_odd(port, server_pid);
        }
        let since_spawn = Some(self.some_time());
        self.record(Event::ServerReady(ServerReady { at, since_spawn }));
        Some(server_pid)
    }

    /// What a program may do that a server of ours does not.
    fn be_odd(&mut self, port: Port, server_pid: u32) {
        let took = some_port(self.random);
        let (here, everywhere) = (addresses(took), vec![([0, 0, 0, 0], port.get()).into()]);
        let is_elsewhere = self.random.bool();
        self.record(if is_elsewhere {
            Event::ProgramElsewhere { asked: port, took, addresses: here, server_pid }
        } else {
            Event::ProgramExposed { port, addresses: everywhere, server_pid }
        });
    }

    fn remember(&mut self, port: Port, why: MoveReason) {
        let previous = self.resident.last_good.replace(port);
        if let Some(from) = previous.filter(|from| *from != port) {
            self.record(Event::PortMoved { from, to: port, why });
        }
        self.resident.generation += 1;
        let generation = self.resident.generation;
        self.record(Event::PortAssigned { port, generation, previous });
    }

    /// What happens while it serves, and how that ends.
    fn live(&mut self, mut port: Port, mut server: u32) {
        loop {
            self.wait();
            let next = match self.random.u32(0..100) {
                0..8 => self.crash(port, server),
                8..14 => self.restart(port, server),
                14..22 => {
                    let moved = self.relocate(port, server);
                    port = moved.map_or(port, |(to, _)| to);
                    moved.map(|(_, server)| server)
                }
                22..28 => {
                    self.start_again(port);
                    Some(server)
                }
                28..30 => {
                    if let Some(home) = self.resident.home.filter(|home| *home != port) {
                        let freed = Ending::of(home, EndReason::HomePortFree);
                        self.record(Event::PortReleased(freed));
                    }
                    Some(server)
                }
                30..34 => return self.give_up(port, server),
                34..37 => return self.finish(port, server),
                // The launcher and its server are killed.
                37..46 => return,
                _ => return self.end(port, server),
            };
            match next {
                Some(next) => server = next,
                None => return,
            }
        }
    }

    fn crash(&mut self, port: Port, server: u32) -> Option<u32> {
        let mut end = self.server_end(port, server, None, Some(11));
        self.record(Event::ServerExited(end.clone()));
        end.delay = Some(Duration::from_millis(100));
        let (why, by) = (RestartReason::Failed, None);
        self.record(Event::ServerRestarting(ServerRestarting { end, why, by }));
        self.serve(port)
    }

    fn restart(&mut self, port: Port, server: u32) -> Option<u32> {
        let end = self.server_end(port, server, None, None);
        let by = self.asker();
        let why = RestartReason::Asked;
        self.record(Event::ServerRestarting(ServerRestarting { end, why, by }));
        let next = self.serve(port)?;
        let end = self.server_end(port, server, Some(0), None);
        self.record(Event::ServerExited(end));
        Some(next)
    }

    fn relocate(&mut self, port: Port, server: u32) -> Option<(Port, u32)> {
        let to = some_port(self.random);
        if to == port || self.random.u32(0..6) == 0 {
            self.conflict(to, Origin::Explicit);
            return Some((port, server));
        }
        self.claim(to, Origin::Explicit, 1);
        let next = self.serve(to)?;
        self.remember(to, MoveReason::Asked);
        let end = self.server_end(port, server, Some(0), None);
        self.record(Event::ServerExited(end));
        self.record(Event::PortReleased(Ending::of(port, EndReason::Moved)));
        Some((to, next))
    }

    /// A second start of the app, which finds this one.
    fn start_again(&mut self, port: Port) {
        let after = self.after;
        let mut second =
            PlannedLaunch::new(self.random, self.resident, self.began, Process::Launcher, after);
        second.start();
        let relation = second.random.choice(Relation::ALL).copied().unwrap_or_default();
        second.record(Event::InstanceFound { port, url: claim::url(port), relation });
        second.stop(port, EndReason::InstanceFound, None);
    }

    fn give_up(&mut self, port: Port, server: u32) {
        let end = self.server_end(port, server, Some(1), None);
        self.record(Event::ServerExited(end.clone()));
        self.record(Event::LaunchGaveUp(LastFailure {
            end,
            why: LastFailureReason::FailedTooOften,
        }));
        self.record(Event::PortReleased(Ending::of(port, EndReason::GaveUp)));
        self.fail(Some(port), EndReason::GaveUp, 75);
    }

    fn finish(&mut self, port: Port, server: u32) {
        let end = self.server_end(port, server, Some(0), None);
        self.record(Event::ServerExited(end));
        self.record(Event::PortReleased(Ending::of(port, EndReason::ServerFinished)));
        self.stop(port, EndReason::ServerFinished, None);
    }

    fn end(&mut self, port: Port, server: u32) {
        let end = self.server_end(port, server, Some(0), None);
        let by = self.asker();
        self.record(Event::ServerExited(end));
        self.record(Event::PortReleased(Ending { by, ..Ending::of(port, EndReason::Asked) }));
        self.stop(port, EndReason::Asked, by);
    }

    fn stop(&mut self, port: Port, reason: EndReason, by: Option<RequestedBy>) {
        let ending = Ending { exit_code: Some(0), by, ..Ending::of(port, reason) };
        self.record(Event::LaunchStopped(ending));
    }

    fn fail(&mut self, port: Option<Port>, reason: EndReason, exit_code: i32) {
        let error = Some("the server said:\n  \"no such folder: C:\\srv\"".to_owned());
        let exit_code = Some(exit_code);
        self.record(Event::LaunchFailed(Ending { port, reason, exit_code, error, by: None }));
    }

    fn asker(&mut self) -> Option<RequestedBy> {
        self.random.choice(RequestedBy::ALL).copied()
    }

    fn claim(&mut self, port: Port, origin: Origin, tried: usize) {
        let (addresses, elapsed) = (addresses(port), self.some_time());
        let is_of_a_program = self.writer == Process::Launcher && self.random.u32(0..8) == 0;
        self.record(if is_of_a_program {
            Event::PortReserved { port, origin, addresses, tried, elapsed }
        } else {
            Event::PortClaimed { port, origin, addresses, tried, elapsed }
        });
    }

    fn conflict(&mut self, port: Port, origin: Origin) {
        let class = self.random.choice(Class::ALL).copied().unwrap_or_default();
        let is_refused_by_the_system = !matches!(
            class,
            Class::Crowded | Class::Ephemeral | Class::BrowserBlocked | Class::ReservedByApp
        ) || self.random.u32(0..4) == 0;
        let os_error = is_refused_by_the_system
            .then(|| OsError { code: Some(98), kind: "AddrInUse".to_owned() });
        let holder = os_error.as_ref().and_then(|_| self.holder());
        let (last_good, elapsed) = (self.resident.last_good == Some(port), self.some_time());
        self.record(Event::PortConflict(Conflict {
            port,
            origin,
            class,
            os_error,
            holder,
            last_good,
            elapsed,
        }));
    }

    /// A program that holds a port, as far as it is known.
    fn holder(&mut self) -> Option<Holder> {
        let (name, exe, user) = self.random.choice([
            (Some("node"), Some("/usr/bin/node"), Some("ada")),
            (Some("docker-proxy"), Some("/usr/bin/docker-proxy"), Some("root")),
            (Some("java.exe"), Some(r"C:\Program Files\Müller\java.exe"), Some(r"BÜRO\grace")),
            (Some("node"), None, None),
            (None, None, Some("root")),
            (None, None, None),
        ])?;
        let started = self.began.as_second() - self.random.i64(0..100_000);
        Some(Holder {
            pid: name.map(|_| self.random.u32(300..4_000_000)),
            name: name.map(str::to_owned),
            exe: exe.map(str::to_owned),
            user: user.map(str::to_owned),
            started_at: Timestamp::from_second(started).ok().filter(|_| exe.is_some()),
        })
    }

    fn server_at(&mut self, port: Port) -> ServerAt {
        let (server_pid, elapsed) = (self.random.u32(300..4_000_000), self.some_time());
        ServerAt { server_pid, port, addresses: addresses(port), elapsed }
    }

    fn server_end(
        &mut self,
        port: Port,
        server: u32,
        exit_code: Option<i32>,
        signal: Option<i32>,
    ) -> ServerEnd {
        ServerEnd {
            exit_code,
            signal,
            uptime: Some(self.some_time() * 1000),
            attempt: self.attempt,
            delay: None,
            port: Some(port),
            server_pid: Some(server),
            error: None,
        }
    }
}

fn addresses(port: Port) -> Vec<SocketAddr> {
    vec![([127, 0, 0, 1], port.get()).into(), ([0, 0, 0, 0, 0, 0, 0, 1], port.get()).into()]
}

/// The id of a launch that begins at this moment.
fn id(random: &mut Rng, began: Timestamp) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(began.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}
