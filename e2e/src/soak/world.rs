//! The app under test, and what must be true of it between two faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::{Duration, Instant},
};

use fastrand::Rng;
use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::Value;
use shared::{app::AppName, discovery::Discovery, identity::Secret, port::Port};

use super::{
    clients::Clients,
    control,
    event_log::EventLog,
    fault::Fault,
    resources::{Resources, programs_in},
};
use crate::{
    Ended, Home, Invocation, ReadyMessage, RunContext, Running, WatchedProcess, quiet_port,
    wait_for,
};

/// How long one of our servers may take to prove its identity.
const PROBE: Duration = Duration::from_secs(5);

/// When each killed launch was killed, by its id.
pub(super) type Killed = BTreeMap<String, Timestamp>;

/// The app under test.
pub(super) struct World<'a> {
    pub(super) home: &'a Home,
    /// The port that the settings name, when they do.
    pub(super) home_port: u16,
    pub(super) wants_home: bool,
    pub(super) ready_timeout: u32,
    pub(super) event_log: EventLog,
    /// The launcher, while there is one.
    pub(super) running: Option<Running>,
    pub(super) launch: String,
    pub(super) port: u16,
    pub(super) clients: Option<Clients>,
    pub(super) killed: Killed,
    /// The launches that had no room for records for a while.
    pub(super) without_room: BTreeSet<String>,
    /// How often the logs were renamed.
    pub(super) renamed: u32,
    /// When servers of this launch failed.
    pub(super) failures: Vec<Instant>,
    resources: Option<Resources>,
}

impl<'a> World<'a> {
    /// Starts the app for the first time.
    pub(super) fn open(home: &'a Home) -> Self {
        let mut world = Self {
            home,
            home_port: quiet_port(),
            wants_home: true,
            ready_timeout: 8,
            event_log: EventLog::of(&home.folders().history()),
            running: None,
            launch: String::new(),
            port: 0,
            clients: None,
            killed: Killed::new(),
            without_room: BTreeSet::new(),
            renamed: 0,
            failures: Vec::new(),
            resources: None,
        };
        world.write_settings();
        world.start(&[]);
        world.check();
        world
    }

    /// Performs a fault, and waits until it is over.
    pub(super) fn suffer(&mut self, fault: Fault, draws: &mut Rng) -> String {
        match fault {
            Fault::ServerKilled => self.server_killed(),
            Fault::ServerHalted => self.server_halted(draws),
            Fault::ServerKilledInRestart => self.server_killed_in_restart(),
            Fault::Restart => self.restart(),
            Fault::ErrandsAtOnce => self.errands_at_once(),
            Fault::MoveToFree => self.move_to_free(draws),
            Fault::MoveToTaken => self.move_to_taken(),
            Fault::MoveHome => self.move_home(),
            Fault::GoodSettings => self.good_settings(draws),
            Fault::BadSettings => self.bad_settings(draws),
            Fault::Garbage => self.garbage(draws),
            Fault::Flood => self.flood(draws),
            Fault::DiscoveryDeleted => self.discovery_deleted(),
            Fault::RunDeleted => self.run_deleted(),
            Fault::LockDeleted => self.lock_deleted(),
            Fault::LogsRenamed => self.logs_renamed(draws),
            Fault::LauncherHalted => self.launcher_halted(),
            Fault::SecondStart => self.second_start(),
            Fault::LauncherKilled => self.launcher_killed(),
            Fault::StopAndStart => self.stop_and_start(draws),
            Fault::StopInRestart => self.stop_in_restart(),
            Fault::Twins => self.twins(draws),
            Fault::Heir => self.heir(draws),
            Fault::Stranger => self.stranger(draws),
            Fault::AssignmentDeleted => self.assignment_deleted(draws),
            Fault::AssignmentCorrupted => self.assignment_corrupted(draws),
            Fault::ClockSet => self.clock_set(draws),
            Fault::DiskFull => self.disk_full(),
        }
    }

    /// Everything that must be true of a launch that serves.
    #[track_caller]
    pub(super) fn check(&mut self) {
        let status = self.settle();
        let launcher = self.running().pid();
        let discovery = Discovery::read(&self.home.folders().discovery(&app()));
        let discovery = discovery.expect("it is published");
        let found = self.ask("where").line("where");
        for key in ["port", "server_pid", "launcher_pid", "launch_id"] {
            assert_eq!(found[key], status[key], "`where` and `status` differ: {found} {status}");
        }
        assert_eq!(found["port"], self.port);
        assert_eq!(found["launcher_pid"], launcher);
        assert_eq!(found["launch_id"], *self.launch);
        let published = (discovery.port.get(), discovery.launcher_pid, discovery.server_pid);
        let server = status["server_pid"].as_u64().expect("a process") as u32;
        assert_eq!(published, (self.port, Some(launcher), server));
        let secret = Secret::load(&self.home.folders().secret()).expect("it is kept");
        let identity = secret.probe(Port::new(self.port).expect("a port"), PROBE);
        let identity = identity.expect("the server proves itself");
        assert_eq!((identity.pid, identity.launch_id.to_string()), (server, self.launch.clone()));
        assert_eq!(self.home.last_good(), Some(self.port), "the port is remembered");
        self.resources.get_or_insert_with(|| Resources::of(launcher)).check();
        if self.clients.as_ref().is_none_or(|clients| clients.port() != self.port) {
            self.send_clients_home();
            self.clients = Some(Clients::of(self.port));
        }
        self.clients.as_ref().expect("they were just made").check();
        assert!(!self.running_mut().has_ended(), "the launcher has ended");
    }

    /// Waits until there are one launcher and one server, and that one serves; returns its status.
    #[track_caller]
    pub(super) fn settle(&mut self) -> Value {
        let home = self.home.path().to_str().expect("a path of text").to_owned();
        let (launcher, socket) = (self.running().pid(), self.socket());
        let mut seen = None;
        let settled = wait_for(|| {
            let status = control::status(&socket)?;
            let mut programs = programs_in(&home);
            programs.sort_by_key(|(pid, _)| *pid != launcher);
            let names: Vec<_> = programs.iter().map(|(_, name)| name.as_str()).collect();
            // A build has the server under both of its names.
            let are_two = matches!(names[..], ["launcher", "server" | "homeport-server"])
                && programs[0].0 == launcher
                && status["server_pid"] == programs[1].0;
            let serves = are_two && status["state"] == "serving";
            seen = Some((status.clone(), programs));
            serves.then_some(status)
        });
        settled.unwrap_or_else(|| panic!("not one launcher and one server that serves: {seen:?}"))
    }

    /// Ends the clients, if there are any, and looks at what they have seen.
    #[track_caller]
    pub(super) fn send_clients_home(&mut self) {
        if let Some(clients) = self.clients.take() {
            clients.end();
        }
    }

    /// Stops the app; returns the launches that were killed, and those that had no room for records.
    pub(super) fn close(mut self) -> (Killed, BTreeSet<String>) {
        self.send_clients_home();
        let ended = self.running.take().expect("it runs").stop();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(self.home.last_good(), Some(self.port));
        (self.killed, self.without_room)
    }

    /// Takes over a launch that has just become ready.
    pub(super) fn adopt(&mut self, running: Running, ready: &ReadyMessage) {
        self.running = Some(running);
        self.port = ready.port;
        self.launch.clone_from(&ready.launch_id);
        self.failures.clear();
        self.resources = None;
    }

    /// Writes settings without a fault, with the home port if that is wanted.
    pub(super) fn write_settings(&self) {
        let port =
            if self.wants_home { format!("port = {}\n", self.home_port) } else { String::new() };
        let rest = format!("ready_timeout = \"{}s\"\nredirect_for = \"1s\"\n", self.ready_timeout);
        self.home.set("server", port + rest.as_str());
    }

    /// Asks a command of the launcher, which must succeed.
    #[track_caller]
    pub(super) fn ask(&self, words: &str) -> Ended {
        let ended = self.command(words).run();
        assert_eq!(ended.code, Some(0), "{words}: {ended:?}");
        ended
    }

    /// A start of the launcher.
    pub(super) fn launcher(&self) -> Invocation {
        self.home.launcher().at(&RunContext::with_default_signals())
    }

    /// A command of the launcher.
    pub(super) fn command(&self, words: &str) -> Invocation {
        self.home.command(words).arg("--json")
    }

    pub(super) fn running(&self) -> &Running {
        self.running.as_ref().expect("a step leaves a launcher behind")
    }

    pub(super) fn running_mut(&mut self) -> &mut Running {
        self.running.as_mut().expect("a step leaves a launcher behind")
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        self.running_mut().signal(signal);
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.home.folders().control(&app())
    }

    /// The running servers.
    pub(super) fn servers(&self) -> Vec<WatchedProcess> {
        WatchedProcess::children_of(self.running().pid())
    }

    /// The launcher's process id, its port and the home port, for messages.
    pub(super) fn whereabouts(&self) -> String {
        let home = if self.wants_home { self.home_port.to_string() } else { "none".to_owned() };
        format!("launcher {} on {} (home {home})", self.running().pid(), self.port)
    }
}

pub(super) fn app() -> AppName {
    AppName::default()
}
