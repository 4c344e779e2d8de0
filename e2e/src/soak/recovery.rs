//! Faults that a launch recovers from without ending.

use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};

use fastrand::Rng;
use rustix::process::Signal;

use shared::diagnose;

use super::{
    control,
    world::{World, app},
};
use crate::{Stranger, WatchedProcess, is_free, quiet_port, wait_for, wait_until};

/// The fifth failure in a minute ends a launch, so there are no more than this many in somewhat
/// more than a minute.
const FAILURES: usize = 4;
const MINUTE: Duration = Duration::from_secs(62);

/// How long a command may wait for a launcher that is stopped, which it names in the end.
const GIVEN_UP: Duration = Duration::from_secs(6);

impl World<'_> {
    /// Whether one more failure of a server is forgiven.
    fn may_fail(&self) -> bool {
        self.failures.iter().filter(|failure| failure.elapsed() < MINUTE).count() < FAILURES
    }

    /// Kills a server; false if it has ended by now.
    fn kill_server(&mut self, pid: u64) -> bool {
        let server = self.servers().into_iter().find(|server| u64::from(server.pid()) == pid);
        let Some(server) = server else { return false };
        if let Some(clients) = &mut self.clients {
            clients.forgive();
        }
        self.failures.push(Instant::now());
        server.kill();
        true
    }

    fn server_pid(&mut self) -> u64 {
        self.settle()["server_pid"].as_u64().expect("a process")
    }

    pub(super) fn server_killed(&mut self) -> String {
        if !self.may_fail() {
            return "put off: one more failure in this minute would end the launch".to_owned();
        }
        let old = self.server_pid();
        assert!(self.kill_server(old), "it lives");
        wait_until("another server serves", || self.server_pid() != old);
        let exited = self.event_log.wait_for("the end of the server", |record| {
            record["event"] == "server_exited" && record["signal"] == 9
        });
        format!("after {} another one serves", exited["uptime_ms"])
    }

    pub(super) fn server_halted(&mut self, draws: &mut Rng) -> String {
        let server = self.servers().pop().expect("it serves");
        server.signal(Signal::STOP);
        wait_until("it stands still", || server.is_stopped());
        // The launcher is not held up by it.
        let status = control::status(&self.socket()).expect("the launcher answers");
        assert_eq!(status["server_pid"], server.pid());
        let until = Instant::now() + Duration::from_millis(draws.u64(50..800));
        let _ = wait_for(|| (Instant::now() >= until).then_some(()));
        server.signal(Signal::CONT);
        "it goes on".to_owned()
    }

    /// The kill may come before, while or after the new server takes over.
    pub(super) fn server_killed_in_restart(&mut self) -> String {
        if !self.may_fail() {
            return "put off: one more failure in this minute would end the launch".to_owned();
        }
        let (old, spawned) = (self.server_pid(), self.event_log.count("server_spawned"));
        let asked = self.command("restart").start();
        wait_until("the new server is started", || {
            self.event_log.count("server_spawned") > spawned
        });
        let is_killed = self.kill_server(old);
        let told = asked.exit();
        let code = told.code.expect("it exits");
        assert!(matches!(code, 0 | 75), "{told:?}");
        wait_until("another server serves", || self.server_pid() != old);
        format!(
            "the old one {}, the command ends with {code}",
            if is_killed { "was killed" } else { "had ended" }
        )
    }

    pub(super) fn restart(&mut self) -> String {
        let old = self.server_pid();
        let told = self.ask("restart").line("restarted");
        assert_eq!(told["port"], self.port);
        assert_ne!(told["server_pid"].as_u64(), Some(old));
        format!("in {} ms", told["elapsed_ms"])
    }

    pub(super) fn move_to_free(&mut self, draws: &mut Rng) -> String {
        // By name, or wherever there is room.
        let words = if draws.bool() { format!("move {}", quiet_port()) } else { "move".to_owned() };
        self.move_by(&words)
    }

    fn move_by(&mut self, words: &str) -> String {
        let from = self.port;
        let told = self.ask(words).line("moved");
        assert_eq!(told["from"], from);
        self.has_moved(told["to"].as_u64().expect("a port") as u16);
        format!("`{words}` from {from} to {} in {} ms", self.port, told["elapsed_ms"])
    }

    /// The old port redirects to the new one for a second, and is then released.
    fn has_moved(&mut self, to: u16) {
        let from = std::mem::replace(&mut self.port, to);
        assert_ne!(to, from);
        self.send_clients_home();
        wait_until("the old port is let go", || is_free(from));
    }

    /// Whichever comes first is done, and the other if the first is over by then.
    pub(super) fn errands_at_once(&mut self) -> String {
        let to = quiet_port();
        let asked = [self.command("restart").start(), self.command(&format!("move {to}")).start()];
        let [restarted, moved] = asked.map(|command| command.exit());
        let is_done = [&restarted, &moved].map(|told| {
            assert!(matches!(told.code, Some(0 | 75)), "{told:?}");
            told.code == Some(0)
        });
        assert!(is_done.contains(&true), "none is done: {restarted:?} {moved:?}");
        if is_done[1] {
            self.has_moved(to);
        }
        format!("restarted {}, moved {}", is_done[0], is_done[1])
    }

    pub(super) fn move_to_taken(&mut self) -> String {
        let stranger = Stranger::listening("127.0.0.1:0");
        let to = stranger.port.to_string();
        let refused = self.command(&format!("move {to}")).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        assert!(refused.stderr.contains(&to), "{refused:?}");
        let conflict = self.event_log.wait_for("the conflict", |record| {
            record["event"] == "port_conflict" && record["port"] == stranger.port
        });
        let took = Duration::from_secs_f64(conflict["elapsed_ms"].as_f64().expect("ms") / 1000.0);
        if took >= diagnose::BUDGET {
            return format!("{to} refused, and no time was left to see who holds it");
        }
        assert_eq!(conflict["holder"]["pid"], stranger.pid, "{conflict}");
        format!("{to} refused, as {} holds it", stranger.pid)
    }

    pub(super) fn move_home(&mut self) -> String {
        let words = format!("move {}", self.home_port);
        if self.port != self.home_port {
            return self.move_by(&words);
        }
        let refused = self.command(&words).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        assert!(refused.stderr.contains("already"), "{refused:?}");
        "it is there already, and says so".to_owned()
    }

    pub(super) fn good_settings(&mut self, draws: &mut Rng) -> String {
        let told = self.event_log.count("settings_changed");
        self.ready_timeout = if self.ready_timeout == 8 { 9 } else { 8 };
        self.wants_home = draws.u8(..3) > 0;
        self.write_settings();
        self.signal(Signal::HUP);
        wait_until("the change is recorded", || self.event_log.count("settings_changed") > told);
        format!("ready_timeout {} s, home port {}", self.ready_timeout, self.wants_home)
    }

    pub(super) fn bad_settings(&mut self, draws: &mut Rng) -> String {
        let bad = ["prot = 1\n", "port = \"x\"\n", "port = 0\n", "=\n", "range = \"9-1\"\n"];
        let bad = *draws.choice(&bad).expect("there are some");
        let complaints = |world: &Self| {
            world.running().stderr().matches("the settings stay as they were").count()
        };
        let before = complaints(self);
        self.home.set("server", bad);
        self.signal(Signal::HUP);
        wait_until("the mistake is reported", || complaints(self) > before);
        self.write_settings();
        format!("{:?} is refused", bad.trim())
    }

    pub(super) fn garbage(&mut self, draws: &mut Rng) -> String {
        let mut count = 0;
        for _ in 0..draws.usize(3..20) {
            let mut said: Vec<u8> = (0..draws.usize(1..200)).map(|_| draws.u8(..)).collect();
            said.retain(|byte| *byte != b'\n');
            said.insert(0, b'x');
            said.push(b'\n');
            let answer = control::ask(&self.socket(), &said).expect("an answer");
            assert_eq!(answer["answer"], "refused", "{answer}");
            count += 1;
        }
        format!("{count} lines refused")
    }

    pub(super) fn flood(&mut self, draws: &mut Rng) -> String {
        let many: Vec<_> = (0..draws.usize(20..80))
            .filter_map(|_| control::connect(&self.socket()))
            .map(|mut stream| {
                // Some send too much, some half a message, some nothing; a closed connection
                // refuses it.
                let _ = stream.set_write_timeout(Some(Duration::from_millis(50)));
                let _ = stream.write_all(&vec![b'x'; [0, 1, 1 << 17][draws.usize(..3)]]);
                stream
            })
            .collect();
        let count = many.len();
        drop(many);
        wait_until("others are heard again", || control::status(&self.socket()).is_some());
        format!("{count} connections")
    }

    pub(super) fn discovery_deleted(&mut self) -> String {
        let file = self.home.folders().discovery(&app());
        fs::remove_file(&file).expect("it is published");
        let found = self.command("where").run();
        assert_eq!(found.code, Some(0), "{found:?}");
        assert_eq!(found.line("where")["port"], self.port, "{found:?}");
        self.settle();
        let answer = control::ask(&self.socket(), b"{\"ask\":\"restart\"}\n").expect("an answer");
        assert_eq!(answer["answer"], "done", "{answer}");
        assert!(file.exists(), "a command has it written anew");
        "it is found all the same, and published again".to_owned()
    }

    pub(super) fn run_deleted(&mut self) -> String {
        let run = self.home.folders().run().to_owned();
        fs::remove_dir_all(&run).expect("it is there");
        let found = self.second_start();
        assert!(self.ask("status").stdout.contains(&self.launch));
        let files = [self.home.folders().discovery(&app()), self.socket()];
        wait_until("its files are there again", || files.iter().all(|file| file.exists()));
        found
    }

    pub(super) fn lock_deleted(&mut self) -> String {
        let lock = self.home.folders().lock(&app());
        fs::remove_file(&lock).expect("it is held");
        let found = self.second_start();
        assert!(self.ask("status").stdout.contains(&self.launch));
        wait_until("it is there again", || lock.exists());
        found
    }

    /// Then it moves, so that the history at the path has the last good port.
    pub(super) fn logs_renamed(&mut self, draws: &mut Rng) -> String {
        self.renamed += 1;
        let logs = self.home.folders().logs().to_owned();
        let count = self.renamed;
        let renamed = |log: &str| logs.join(format!("{log}.{count:06}"));
        for log in ["port-history.jsonl", "launcher.jsonl", "server.jsonl"] {
            // The launcher may have written nothing since the last time.
            let _ = fs::rename(logs.join(log), renamed(log));
        }
        let moved = self.move_to_free(draws);
        assert!(logs.join("port-history.jsonl").is_file(), "the record is at the path");
        assert!(logs.join("server.jsonl").is_file(), "the lines are at the path");
        // Only the history is audited.
        for log in ["launcher.jsonl", "server.jsonl"] {
            let _ = fs::remove_file(renamed(log));
        }
        format!("and are written anew; {moved}")
    }

    /// What it is asked meanwhile is given up, and not carried out later.
    pub(super) fn launcher_halted(&mut self) -> String {
        let launcher = WatchedProcess::of(self.running().pid()).expect("it runs");
        launcher.signal(Signal::STOP);
        wait_until("it stands still", || launcher.is_stopped());
        let began = Instant::now();
        let given_up = self.command("stop").run();
        assert_eq!(given_up.code, Some(75), "{given_up:?}");
        assert!(given_up.stderr.contains("kill -CONT"), "{given_up:?}");
        let after = began.elapsed();
        assert!(after < GIVEN_UP, "{after:?}");
        launcher.signal(Signal::CONT);
        wait_until("it answers", || control::status(&self.socket()).is_some());
        format!("and a stop was given up after {} ms", after.as_millis())
    }

    pub(super) fn second_start(&mut self) -> String {
        let second = self.home.launcher().run();
        assert_eq!(second.code, Some(0), "{second:?}");
        assert_eq!(second.line("instance_found")["port"], self.port);
        "it finds the first".to_owned()
    }
}
