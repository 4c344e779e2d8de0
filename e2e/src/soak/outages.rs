//! Faults that end a launch, or happen while it is down or starting.

use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fastrand::Rng;
use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::Value;

use super::{control, resources::programs_in, world::World};
use crate::{ReadyMessage, Running, Stranger, WatchedProcess, is_free, wait_for, wait_until};

/// How long a server may outlive its launcher (I9).
const SURVIVAL: Duration = Duration::from_secs(2);

impl World<'_> {
    /// Starts the launcher beside these strangers, and checks that it has the home port or the last good
    /// one, if one is free.
    #[track_caller]
    pub(super) fn start(&mut self, strangers: &[&Stranger]) -> String {
        let mut running = self.launcher().start();
        let ready = running.ready();
        self.came_back(running, &ready, strangers)
    }

    /// Checks that a launch is on the home port or the last good port, or elsewhere if both are held.
    #[track_caller]
    fn came_back(
        &mut self,
        running: Running,
        ready: &ReadyMessage,
        strangers: &[&Stranger],
    ) -> String {
        let home = self.wants_home.then_some(self.home_port);
        let last_good = Some(self.port).filter(|port| *port != 0 && Some(*port) != home);
        let mut passed = Vec::new();
        for wanted in home.into_iter().chain(last_good) {
            if wanted == ready.port {
                break;
            }
            passed.push(self.excuse(wanted, ready, strangers));
        }
        self.adopt(running, ready);
        format!("back on {} ({}){}", ready.port, ready.origin, passed.concat())
    }

    /// A port that should have been claimed was not: another program must have held it.
    #[track_caller]
    fn excuse(&mut self, port: u16, ready: &ReadyMessage, strangers: &[&Stranger]) -> String {
        let of_it = |record: &&Value| {
            record["event"] == "port_conflict"
                && record["port"] == port
                && record["launch_id"] == *ready.launch_id
        };
        let conflict = self.event_log.read().iter().find(of_it).cloned();
        let conflict = conflict.unwrap_or_else(|| panic!("I6: {port} was passed over: {ready:?}"));
        let holder = conflict["holder"]["pid"].as_u64();
        if strangers.iter().any(|stranger| stranger.port == port) {
            let is_known = strangers.iter().any(|stranger| Some(u64::from(stranger.pid)) == holder);
            assert!(is_known, "the holder of {port} is another: {conflict}");
            return format!(", {port} is a stranger's ({})", conflict["class"]);
        }
        // Another program on this machine may have taken it, but none of this test.
        let ours = programs_in(self.home.path().to_str().expect("a path of text"));
        let is_ours = ours.iter().any(|(pid, _)| Some(u64::from(*pid)) == holder);
        assert!(holder.is_some() && !is_ours, "I6: no other program had it: {conflict}");
        format!(", {port} is held by {}", conflict["holder"])
    }

    /// Ends the launcher and its server at once.
    #[track_caller]
    fn kill(&mut self) {
        self.send_clients_home();
        let servers = self.servers();
        let (launch, killed) = (self.launch.clone(), Instant::now());
        self.killed.insert(launch, Timestamp::now());
        let port = self.port;
        drop(self.running.take().expect("it runs").kill());
        let gone =
            wait_for(|| servers.iter().all(WatchedProcess::has_ended).then(|| killed.elapsed()));
        assert!(gone.is_some_and(|after| after < SURVIVAL), "I9: gone after {gone:?}");
        wait_until("the port is free (I9)", || is_free(port));
        assert!(killed.elapsed() < SURVIVAL, "I9: free after {:?}", killed.elapsed());
    }

    /// Asks it to stop, by a command or by a signal.
    #[track_caller]
    fn stop(&mut self, by_command: bool) {
        self.send_clients_home();
        if by_command {
            let _ = self.ask("stop").line("stopped");
        } else {
            self.signal(Signal::TERM);
        }
        self.has_stopped();
    }

    #[track_caller]
    fn has_stopped(&mut self) {
        let ended = self.running.take().expect("it ran").exit();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(is_free(self.port), "it holds its port in the end");
        let left: Vec<_> = programs_in(self.home.path().to_str().expect("a path of text"));
        assert!(left.is_empty(), "it leaves programs behind: {left:?}");
    }

    /// Ends it, one way or another: in a word.
    #[track_caller]
    fn go_down(&mut self, draws: &mut Rng) -> &'static str {
        match draws.u8(..3) {
            0 => self.kill(),
            way => self.stop(way == 1),
        }
        if self.killed.contains_key(&self.launch) { "killed" } else { "stopped" }
    }

    pub(super) fn launcher_killed(&mut self) -> String {
        self.kill();
        self.start(&[])
    }

    pub(super) fn stop_and_start(&mut self, draws: &mut Rng) -> String {
        self.stop(draws.bool());
        self.start(&[])
    }

    /// The new server may be anywhere between its start and its readiness.
    pub(super) fn stop_in_restart(&mut self) -> String {
        self.send_clients_home();
        let spawned = self.event_log.count("server_spawned");
        let asked = self.command("restart").start();
        wait_until("the new server is started", || {
            self.event_log.count("server_spawned") > spawned
        });
        self.signal(Signal::TERM);
        let code = asked.exit().code;
        self.has_stopped();
        assert!(matches!(code, Some(0 | 75)), "the restart ends with {code:?}");
        format!("the restart ends with {code:?}; {}", self.start(&[]))
    }

    pub(super) fn twins(&mut self, draws: &mut Rng) -> String {
        let way = self.go_down(draws);
        let mut twins = [self.launcher().start(), self.launcher().start()];
        let ended = wait_for(|| twins.iter_mut().position(Running::has_ended));
        let [one, other] = twins;
        let (second, mut first) = match ended {
            Some(0) => (one, other),
            Some(_) => (other, one),
            None => panic!("I8: both of them stay"),
        };
        let second = second.exit();
        assert_eq!(second.code, Some(0), "{second:?}");
        let ready = first.ready();
        assert_eq!(second.line("instance_found")["port"], ready.port);
        format!("{way}; one of them is {}", self.came_back(first, &ready, &[]))
    }

    /// The server does not answer, so a second start waits, and takes over when the first is gone:
    /// with what the first has remembered until its end.
    pub(super) fn heir(&mut self, draws: &mut Rng) -> String {
        self.send_clients_home();
        let server = self.servers().pop().expect("it serves");
        server.signal(Signal::STOP);
        wait_until("it stands still", || server.is_stopped());
        let mut heir = self.launcher().start();
        let pid = heir.pid();
        self.event_log.wait_for("the second start", |record| {
            record["event"] == "launch_started" && record["pid"] == pid
        });
        let moves = draws.u8(..3) > 0;
        if moves {
            let answer = control::ask(&self.socket(), b"{\"ask\":\"move\",\"port\":null}\n");
            let answer = answer.expect("an answer");
            assert_eq!(answer["answer"], "done", "{answer}");
            let from = self.port;
            self.port = answer["port"].as_u64().expect("a port") as u16;
            if heir.has_ended() {
                // It was quick enough to hear of the first, before it had moved or after.
                server.signal(Signal::CONT);
                let found = heir.exit().line("instance_found")["port"].clone();
                assert!(found == from || found == self.port, "{found}");
                return format!("it has found the first on {found}, which moved to {}", self.port);
            }
        }
        self.killed.insert(self.launch.clone(), Timestamp::now());
        drop(self.running.take().expect("it runs").kill());
        if let Some(ready) = self.heir_is_ready(&mut heir) {
            let came = self.came_back(heir, &ready, &[]);
            return format!("{}it is {came}", if moves { "after a move, " } else { "" });
        }
        let ended = heir.exit();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let found = ended.line("instance_found");
        format!("it had found the first on {}; {}", found["port"], self.start(&[]))
    }

    /// It becomes ready, unless it has found the first one just before that was killed.
    fn heir_is_ready(&self, heir: &mut Running) -> Option<ReadyMessage> {
        let ready = wait_for(|| {
            let has_ended = heir.has_ended();
            let told = heir.stdout();
            if told.contains("\"event\":\"server_ready\"") {
                return Some(true);
            }
            has_ended.then_some(false)
        });
        assert!(ready.is_some(), "neither ready nor ended: {}", heir.stderr());
        (ready == Some(true)).then(|| heir.ready())
    }

    pub(super) fn stranger(&mut self, draws: &mut Rng) -> String {
        let way = self.go_down(draws);
        let home = self.wants_home.then_some(self.home_port).filter(|_| draws.bool());
        let port = home.unwrap_or(self.port);
        let address = format!("127.0.0.1:{port}");
        let other = format!("[::1]:{port}");
        let orders: [&[&str]; 5] = [
            &["listen", &address],
            &["reuseport", &address],
            &["listen", &other],
            &["http", &address, "all-ok"],
            &["http", &address, "drip"],
        ];
        let orders = draws.choice(&orders).expect("there are some");
        let stranger = Stranger::start(&crate::RunContext::direct(), orders);
        let came = self.start(&[&stranger]);
        self.settle();
        format!("{way}; {} {port}; {came}", orders[0])
    }

    pub(super) fn assignment_deleted(&mut self, draws: &mut Rng) -> String {
        let way = self.go_down(draws);
        fs::remove_file(self.home.assignment_file("server")).expect("it is written");
        format!("{way}; {}", self.start(&[]))
    }

    pub(super) fn assignment_corrupted(&mut self, draws: &mut Rng) -> String {
        let way = self.go_down(draws);
        let file = self.home.assignment_file("server");
        let good = fs::read(&file).expect("it is written");
        let half = good[..draws.usize(..good.len())].to_vec();
        let noise: Vec<u8> = (0..draws.usize(1..4000)).map(|_| draws.u8(..)).collect();
        let bad = match draws.u8(..3) {
            0 => half,
            1 => noise,
            _ => b"schema = 1\ngeneration = 1\n[last_good]\nport = 0\n".to_vec(),
        };
        fs::write(&file, &bad).expect("written");
        format!("{way}; {} bytes of something; {}", bad.len(), self.start(&[]))
    }

    /// One launch has a clock that is a day ahead or behind.
    pub(super) fn clock_set(&mut self, draws: &mut Rng) -> String {
        let offset = if draws.bool() { "+1d" } else { "-1d" };
        let Some(launcher) = self.launcher().with_clock(offset) else {
            return format!("faketime is missing; {}", self.stop_and_start(draws));
        };
        self.stop(true);
        let mut running = launcher.start();
        let ready = running.ready();
        let came = self.came_back(running, &ready, &[]);
        self.settle();
        self.stop(true);
        format!("{offset}, {came}; and set back, {}", self.start(&[]))
    }

    /// Records and memory are lost, the launch is not. After it another one has room again.
    pub(super) fn disk_full(&mut self) -> String {
        let Some(filler) = self.filler() else {
            return format!("only root can mount a small disk; {}", self.restart());
        };
        self.send_clients_home();
        self.without_room.insert(self.launch.clone());
        fill(&filler);
        let restarted = self.ask("restart");
        let _ = restarted.line("restarted");
        self.settle();
        fs::remove_file(&filler).expect("it was made");
        self.stop(true);
        self.start(&[])
    }

    /// Where a file takes all the room of a disk of its own, if the home is on one.
    fn filler(&self) -> Option<PathBuf> {
        let home = self.home.path();
        let parent = home.parent()?.metadata().ok()?;
        let is_mounted = home.metadata().is_ok_and(|own| own.dev() != parent.dev());
        is_mounted.then(|| home.join("filler"))
    }
}

/// Takes all the room that is left.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).expect("made");
    let piece = vec![b'x'; 1 << 20];
    while file.write_all(&piece).is_ok() {}
    while file.write_all(b"x").is_ok() {}
}
