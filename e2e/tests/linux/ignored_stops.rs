//! Servers that ignore requests to stop, and launchers that are killed at the wrong moment.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use e2e::{
    Home, Invocation, Running, WatchedProcess, get, is_free, quiet_port, wait_for, wait_until,
};
use rustix::process::Signal;

use crate::control::say;

const STATUS: &str = "{\"ask\":\"status\"}";

/// Every port that this launch has claimed.
fn ports(home: &Home) -> BTreeSet<u16> {
    let claimed = home.events("port_claimed").into_iter();
    claimed.map(|claim| claim["port"].as_u64().expect("a port") as u16).collect()
}

fn move_to(home: &Home, port: u16) -> Invocation {
    home.command("move").arg(port.to_string())
}

/// I9: the launcher is killed, and `count` servers are gone within two seconds, and their ports
/// free.
#[track_caller]
fn assert_takes_all_along(home: &Home, running: &mut Running, count: usize) {
    let servers = WatchedProcess::children_of(running.pid());
    assert_eq!(servers.len(), count, "{servers:?}");
    let killed = Instant::now();
    running.signal(Signal::KILL);
    let gone = wait_for(|| servers.iter().all(WatchedProcess::has_ended).then(|| killed.elapsed()));
    assert!(gone.is_some_and(|after| after < Duration::from_secs(2)), "{gone:?}");
    wait_until("the ports are free", || ports(home).iter().all(|port| is_free(*port)));
}

#[test]
fn a_launcher_that_is_killed_while_its_server_starts_takes_it_along() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["never-ready"]).start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    assert_takes_all_along(&home, &mut running, 1);
}

#[test]
fn a_launcher_that_is_killed_during_a_restart_or_a_move_takes_both_servers_along() {
    for name in ["restart", "move"] {
        let home = Home::new();
        let mut running =
            home.launcher().port(quiet_port()).fake(&["after-first:never-ready"]).start();
        running.ready();
        let asked = match name {
            "move" => move_to(&home, quiet_port()),
            _ => home.command(name),
        };
        let asked = asked.start();
        wait_until("the second is started", || home.events("server_spawned").len() == 2);
        assert_takes_all_along(&home, &mut running, 2);
        let asked = asked.exit();
        assert_eq!(asked.code, Some(75), "{name}: {asked:?}");
        assert!(asked.stderr.contains("without a response"), "{name}: {asked:?}");
    }
}

#[test]
fn a_launcher_that_is_killed_while_the_old_port_leads_to_the_new_one_takes_both_servers_along() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    assert_eq!(move_to(&home, quiet_port()).run().code, Some(0));
    assert_eq!(ports(&home).len(), 2);
    assert_takes_all_along(&home, &mut running, 2);
}

#[test]
fn a_launcher_that_is_killed_while_an_old_server_does_not_end_takes_both_along() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["deaf"]).start();
    running.ready();
    assert_eq!(home.ask("restart").code, Some(0));
    assert_takes_all_along(&home, &mut running, 2);
}

#[test]
fn a_launcher_that_is_killed_while_it_waits_to_start_a_server_again_leaves_the_port_free() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["ready-then-exit=1"]).start();
    running.ready();
    wait_until("it has failed thrice", || home.events("server_restarting").len() == 3);
    running.signal(Signal::KILL);
    running.exit();
    wait_until("the port is free", || ports(&home).iter().all(|port| is_free(*port)));
}

#[test]
fn a_server_that_is_stopped_does_not_outlive_its_launcher() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    running.server().signal(Signal::STOP);
    wait_until("it is stopped", || running.server().is_stopped());
    assert_takes_all_along(&home, &mut running, 1);
}

/// A hanging server is the usual reason for a restart or a move.
#[test]
fn a_server_that_hangs_can_be_restarted_and_moved_away_from() {
    for name in ["restart", "move"] {
        let home = Home::new();
        let mut running = home.launcher().port(quiet_port()).start();
        let ready = running.ready();
        running.server().signal(Signal::STOP);
        wait_until("it is stopped", || running.server().is_stopped());
        let told = match name {
            "move" => move_to(&home, quiet_port()).arg("--json").run(),
            _ => home.ask(name),
        };
        assert_eq!(told.code, Some(0), "{name}: {told:?}");
        let status = home.ask("status").line("status");
        assert_ne!(status["server_pid"], ready.server_pid, "{name}");
        let url = status["url"].as_str().expect("text");
        assert_eq!(get(&format!("{url}_homeport/healthz")).expect("it serves").status, 200);
        assert_takes_all_along(&home, &mut running, 2);
    }
}

#[test]
fn a_launch_whose_server_does_not_become_ready_can_be_asked() {
    let home = Home::new();
    let running = home.launcher().port(quiet_port()).fake(&["never-ready"]).start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    assert_eq!(home.ask("status").line("status")["state"], "starting");
    let refused = home.ask("restart");
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains("still starting"), "{refused:?}");
    assert_eq!(running.stop().code, Some(0));
}

/// A killed launch leaves its files behind. They do not affect later starts.
#[test]
fn what_a_killed_launch_has_left_behind_neither_stops_nor_misleads_a_start() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.kill_both();
    let app = shared::app::AppName::default();
    let folders = home.folders();
    for file in [folders.control(&app), folders.discovery(&app), folders.lock(&app)] {
        assert!(file.exists(), "{} is left", file.display());
    }
    for name in ["where", "status", "restart", "move", "stop"] {
        let told = home.ask(name);
        assert_eq!((told.code, told.stdout.as_str()), (Some(3), ""), "{name}: {told:?}");
    }
    let mut starts: Vec<Running> = (0..5).map(|_| home.launcher().port(port).start()).collect();
    wait_until("all but one have ended", || {
        starts.iter_mut().map(Running::has_ended).filter(|ended| !ended).count() == 1
    });
    let mut serving =
        starts.into_iter().find_map(|mut start| (!start.has_ended()).then_some(start));
    let serving = serving.as_mut().expect("one");
    assert_eq!(serving.ready().port, port);
    let status = home.ask("status").line("status");
    assert_eq!(status["launcher_pid"], serving.pid());
    assert_eq!(home.ask("restart").code, Some(0));
    assert_eq!(home.ask("stop").code, Some(0));
    assert!(is_free(port));
}

/// It is given ten seconds to finish what it had begun.
#[test]
fn a_server_that_does_not_finish_when_it_is_told_to_is_killed_when_its_time_is_over() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["deaf"]).start();
    let ready = running.ready();
    assert_eq!(home.ask("restart").code, Some(0));
    assert_eq!(get(&ready.url).expect("one of them serves").status, 200);
    wait_until("the old one is killed", || running.server().has_ended());
    wait_until("that is on record", || !home.events("server_exited").is_empty());
    let exited = home.last("server_exited");
    assert_eq!((&exited["attempt"], &exited["signal"]), (&1.into(), &9.into()));
    assert_eq!(get(&ready.url).expect("the new one serves").status, 200);
    let restarts = home.events("server_restarting");
    assert!(restarts.iter().all(|record| record["why"] == "asked"), "that was no failure");
}

/// The second server has the socket, as has the child process that inherited it.
#[test]
fn a_child_that_keeps_the_socket_of_a_dead_server_holds_up_neither_a_restart_nor_the_end() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).fake(&["forks"]).start();
    let ready = running.ready();
    let mut children = Children::of(ready.server_pid);
    running.server().kill();
    wait_until("the next one serves", || home.events("server_ready").len() == 2);
    let second = home.last("server_ready")["server_pid"].as_u64().expect("a process");
    children.add(second as u32);
    assert_eq!(get(&ready.url).expect("it serves").status, 200);
    let asked = Instant::now();
    assert_eq!(home.ask("stop").code, Some(0));
    assert_eq!(running.exit().code, Some(0));
    // A server that does not end has twelve seconds.
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());

    // The port is theirs now, and one of them is named.
    let mut running = home.launcher().start();
    assert_ne!(running.ready().port, port);
    let conflict = home.conflict_over(port);
    let pids: Vec<_> = children.0.iter().map(WatchedProcess::pid).collect();
    let holder = conflict["holder"]["pid"].as_u64().expect("a process") as u32;
    assert!(pids.contains(&holder), "{conflict}");
}

/// Processes that are killed when this is dropped.
struct Children(Vec<WatchedProcess>);

impl Children {
    #[track_caller]
    fn of(server: u32) -> Self {
        let mut children = Self(Vec::new());
        children.add(server);
        children
    }

    #[track_caller]
    fn add(&mut self, server: u32) {
        let found =
            wait_for(|| Some(WatchedProcess::children_of(server)).filter(|c| !c.is_empty()));
        self.0.extend(found.expect("it leaves a child behind"));
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.0.iter().for_each(WatchedProcess::kill);
    }
}

/// Ten megabytes a second, in lines of this many bytes, for as long as a restart and some questions
/// take: the launcher reads all lines, and stores none.
#[track_caller]
fn assert_bears(length: usize) {
    let home = Home::new();
    let mut running = home.launcher().fake(&[&format!("floods={length}")]).start();
    let ready = running.ready();
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    let before = launcher.memory();
    let began = Instant::now();
    let mut most = 0;
    wait_until("two seconds are over", || {
        let asked = Instant::now();
        assert_eq!(say(&home, STATUS)["state"], "serving");
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        most = most.max(launcher.memory());
        began.elapsed() > Duration::from_secs(2)
    });
    let grown = most.saturating_sub(before);
    assert!(grown < 16 << 20, "lines of {length}: it has grown by {grown} bytes");
    assert_eq!(get(&ready.url).expect("it serves").status, 200);
    assert_eq!(home.ask("restart").code, Some(0));
    let asked = Instant::now();
    assert_eq!(home.ask("stop").code, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn a_server_that_writes_lines_without_end_is_borne() {
    assert_bears(64);
    assert_bears(4096);
}

#[test]
fn a_server_that_writes_one_line_without_end_is_borne() {
    assert_bears(1 << 20);
}

#[test]
fn a_launch_that_is_given_up_leaves_its_port_free() {
    let home = Home::new();
    let ended = home.launcher().port(quiet_port()).fake(&["ready-then-signal=9"]).run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let failed = ended.line("launch_failed");
    assert_eq!(failed["exit_code"], 75);
    assert_eq!(home.last("launch_gave_up")["signal"], 9);
    let ports = ports(&home);
    assert!(ports.len() == 1 && ports.iter().all(|port| is_free(*port)), "{ports:?}");
    assert_eq!(home.last("port_released")["port"].as_u64(), ports.first().map(|p| (*p).into()));
    assert_eq!(home.ask("status").code, Some(3));
    let app = shared::app::AppName::default();
    assert!(!home.folders().discovery(&app).exists() && !home.folders().control(&app).exists());
}
