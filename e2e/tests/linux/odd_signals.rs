//! Each signal, once and twice, at the worst moments: a program ends or goes on as documented, its port is
//! released, no process is left, nothing is lost and the last good port stays.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use e2e::{
    Ended, Home, Invocation, RunContext, Running, WatchedProcess, get, is_free, quiet_port,
    wait_until,
};
use rustix::process::Signal;
use serde_json::Value;
use shared::logging::ROTATE_AT;

/// What a program does after a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It serves as before.
    GoesOn,
    /// It finishes what it has begun, and ends with exit code 0.
    Ends,
    /// The system ends it by that signal.
    Dies,
}

use Course::{Dies, Ends, GoesOn};

/// A launcher, and a server without one.
const SIGNALS: [(Signal, Course); 7] = [
    (Signal::INT, Ends),
    (Signal::TERM, Ends),
    (Signal::HUP, GoesOn),
    (Signal::USR1, GoesOn),
    (Signal::USR2, GoesOn),
    (Signal::PIPE, GoesOn),
    (Signal::QUIT, Dies),
];

/// A launch at some moment.
struct Moment {
    running: Running,
    /// The command that is waiting for it.
    asking: Option<Running>,
    /// The port on which it has served, if it has.
    port: Option<u16>,
}

type Reach = fn(&Home) -> Moment;

const MOMENTS: [(&str, Reach); 5] = [
    ("before its server is ready", before_it_is_ready),
    ("while it serves", while_it_serves),
    ("during a restart", |home| during(home, "restart")),
    ("during a move", |home| during(home, "move")),
    ("while it stops", while_it_stops),
];

/// On a port that no other test takes meanwhile.
fn launcher(home: &Home) -> Invocation {
    home.launcher().at(&RunContext::with_default_signals()).port(quiet_port())
}

fn before_it_is_ready(home: &Home) -> Moment {
    let launch = launcher(home).fake(&["never-ready"]).setting("ready_timeout = \"10m\"");
    let running = launch.start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    Moment { running, asking: None, port: None }
}

fn while_it_serves(home: &Home) -> Moment {
    let mut running = launcher(home).start();
    let port = running.ready().port;
    Moment { running, asking: None, port: Some(port) }
}

fn during(home: &Home, operation: &str) -> Moment {
    let launch = launcher(home).fake(&["after-first:never-ready"]);
    let mut running = launch.setting("ready_timeout = \"10m\"").start();
    let port = running.ready().port;
    let asking = home.command(operation).start();
    wait_until("the second is started", || home.events("server_spawned").len() == 2);
    Moment { running, asking: Some(asking), port: Some(port) }
}

fn while_it_stops(home: &Home) -> Moment {
    let launch = launcher(home).fake(&["deaf"]).setting("stop_timeout = \"3s\"");
    let mut running = launch.start();
    let port = running.ready().port;
    running.signal(Signal::TERM);
    wait_until("it is stopping", || {
        let told = home.ask("status");
        running.has_ended() || told.stdout.contains("\"state\":\"stopping\"")
    });
    Moment { running, asking: None, port: Some(port) }
}

/// Sends it, unless the process has ended: the first may have done it.
fn send(running: &mut Running, signal: Signal) {
    if let Some(process) = WatchedProcess::of(running.pid()).filter(|_| !running.has_ended()) {
        process.signal(signal);
    }
}

/// Sends it once or twice. The second comes when the first is handled, as far as that shows.
fn send_times(running: &mut Running, signal: Signal, times: usize) {
    for _ in 0..times {
        send(running, signal);
    }
}

#[track_caller]
fn assert_is_over(case: &str, ended: &Ended, signal: Signal, course: Course) {
    let (code, by) = match course {
        Dies => (None, Some(signal.as_raw())),
        Ends | GoesOn => (Some(0), None),
    };
    assert_eq!((ended.code, ended.signal), (code, by), "{case}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{case}: {ended:?}");
}

/// Every port that was claimed in this home is free.
fn are_ports_free(home: &Home) -> bool {
    let claimed = home.events("port_claimed").into_iter();
    claimed.map(|claim| claim["port"].as_u64().expect("a port") as u16).all(is_free)
}

/// The next launch has the port again, whatever ended the last one.
#[track_caller]
fn assert_comes_back(case: &str, home: &Home, port: Option<u16>) {
    assert_eq!(home.last_good(), port, "{case}");
    home.set("server", "");
    let mut next = home.launcher().start();
    let ready = next.ready();
    assert!(port.is_none_or(|port| ready.port == port), "{case}: {ready:?}");
    assert_eq!(next.stop().code, Some(0), "{case}");
}

fn launch_is_signalled(signal: Signal, course: Course, moment: &(&str, Reach), times: usize) {
    let (name, reach) = moment;
    let case = format!("{signal:?} {times} times {name}");
    let home = Home::new();
    let Moment { mut running, asking, port } = reach(&home);
    let mut servers = running.servers();
    let is_stopping = *name == "while it stops";
    send_times(&mut running, signal, times);
    if course == GoesOn && !is_stopping {
        let status = home.ask("status");
        assert_eq!(status.code, Some(0), "{case}: {status:?}");
        servers.extend(running.servers());
        let all_live = servers.iter().all(|server| !server.has_ended());
        assert!(all_live && !running.has_ended(), "{case}");
        running.signal(Signal::TERM);
    }
    let ended = running.exit();
    assert_is_over(&case, &ended, signal, course);
    wait_until("its servers are gone", || servers.iter().all(WatchedProcess::has_ended));
    wait_until("its ports are free", || are_ports_free(&home));
    if let Some(asking) = asking {
        let told = asking.exit();
        assert_eq!(told.code, Some(75), "{case}: {told:?}");
    }
    if course != Dies {
        assert_eq!(home.last("launch_stopped")["by"], "signal", "{case}");
        let left = fs::read_dir(home.folders().run()).expect("a folder").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left == ["server.lock"], "{case}: {left:?}");
    }
    assert_comes_back(&case, &home, port);
}

/// I3, I6, I9: whatever ends the launcher, at whatever moment.
#[test]
fn each_signal_to_a_launcher_has_its_course_at_each_moment() {
    for (signal, course) in SIGNALS {
        thread::scope(|scope| {
            for moment in &MOMENTS {
                for times in [1, 2] {
                    scope.spawn(move || launch_is_signalled(signal, course, moment, times));
                }
            }
        });
    }
}

/// As soon as the launch has come so far, from its first instruction on.
#[test]
fn a_launch_that_is_ended_at_any_step_of_its_start_leaves_nothing() {
    let steps = ["", "launch_started", "port_claimed", "server_spawned", "server_listening"];
    for step in steps.into_iter().chain(["server_ready", "port_assigned"]) {
        for (signal, course) in SIGNALS.into_iter().filter(|(_, course)| *course != GoesOn) {
            let case = format!("{signal:?} at `{step}`");
            let home = Home::new();
            let history = home.folders().history();
            let mut running = launcher(&home).start();
            let launch = WatchedProcess::of(running.pid()).expect("it is not waited for yet");
            wait_until("its program runs", || launch.has_ended() || launch.runs("launcher"));
            wait_until("it has come so far", || {
                let told = fs::read_to_string(&history).unwrap_or_default();
                step.is_empty() || told.contains(&format!("\"event\":\"{step}\""))
            });
            let servers = running.servers();
            send(&mut running, signal);
            let ended = running.exit();
            // Until there is a server the system ends it.
            let is_early = ended.signal == Some(signal.as_raw());
            let may_be_early = servers.is_empty() || course == Dies;
            let is_right = if is_early { may_be_early } else { ended.code == Some(0) };
            assert!(is_right, "{case}: {ended:?}");
            wait_until("its servers are gone", || servers.iter().all(WatchedProcess::has_ended));
            wait_until("its ports are free", || are_ports_free(&home));
            let last_good = home.last_good();
            assert_comes_back(&case, &home, last_good);
        }
    }
}

#[test]
fn each_signal_to_a_server_without_a_launcher_has_its_course() {
    for (signal, course) in SIGNALS {
        for times in [1, 2] {
            let case = format!("{signal:?} {times} times");
            let (home, port) = (Home::new(), quiet_port());
            let mut running =
                home.server().at(&RunContext::with_default_signals()).port(port).start();
            let url = running.ready().url;
            send_times(&mut running, signal, times);
            if course == GoesOn {
                let health = get(&format!("{url}_homeport/healthz"));
                assert_eq!(health.expect(&case).status, 200, "{case}");
                running.signal(Signal::TERM);
            }
            assert_is_over(&case, &running.exit(), signal, course);
            wait_until("its port is free", || is_free(port));
        }
    }
}

/// SIGINT is left to the launcher, which a terminal sends it too; SIGTERM is a wish to end the app. What the
/// system ends is started again.
#[test]
fn each_signal_to_the_server_of_a_launcher_has_its_course() {
    for (signal, course) in SIGNALS {
        for times in [1, 2] {
            let case = format!("{signal:?} {times} times");
            let home = Home::new();
            let mut running = launcher(&home).start();
            let ready = running.ready();
            for _ in 0..times {
                running.server().signal(signal);
            }
            if signal == Signal::TERM {
                let ended = running.exit();
                assert_is_over(&case, &ended, signal, Ends);
                assert!(is_free(ready.port), "{case}");
                continue;
            }
            let is_replaced = course == Dies;
            if is_replaced {
                wait_until("a server is started again", || {
                    home.ask("status").stdout.contains("\"restarts\":1")
                });
            }
            wait_until("it serves", || {
                get(&format!("{}_homeport/readyz", ready.url)).is_ok_and(|it| it.status == 200)
            });
            let status = home.ask("status").line("status");
            assert_eq!(status["port"], ready.port, "{case}");
            assert_eq!(status["server_pid"] != ready.server_pid, is_replaced, "{case}: {status}");
            assert_is_over(&case, &running.stop(), signal, GoesOn);
            assert_comes_back(&case, &home, Some(ready.port));
        }
    }
}

/// Signals of programs that rotate logs, while the logs are put aside and requests are answered: each line is
/// whole, and each request has one.
#[test]
fn no_line_is_lost_while_signals_come_and_logs_are_put_aside() {
    let home = Home::new();
    let log = home.folders().logs().join("server.jsonl");
    fs::create_dir_all(home.folders().logs()).expect("made");
    // A few requests more, and it is put aside.
    let filler = "{\"event\":\"filler\"}\n".repeat(ROTATE_AT as usize / 19 - 200);
    fs::write(&log, filler).expect("written");
    let mut running = launcher(&home).start();
    let url = running.ready().url;
    let (answered, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let is_aside = || {
        let entries = fs::read_dir(home.folders().logs()).expect("there").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("server.")).count()
            > 1
    };
    thread::scope(|scope| {
        let ask = || {
            while !is_over.load(Ordering::Relaxed) {
                let answer = get(&format!("{url}_homeport/readyz")).expect("it serves");
                assert_eq!(answer.status, 200);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        };
        scope.spawn(ask);
        let mut rounds = 0;
        wait_until("the log is put aside", || {
            for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
                running.server().signal(signal);
                running.signal(signal);
            }
            rounds += 1;
            // Some come after it.
            is_aside() && rounds > 100
        });
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(running.stop().code, Some(0));
    let entries = fs::read_dir(home.folders().logs()).expect("there").flatten();
    let logs = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("server."));
    let lines: Vec<Value> = logs
        .flat_map(|log| {
            let text = fs::read_to_string(log.path()).expect("text");
            let line = |line| serde_json::from_str(line).expect("each line is whole");
            text.lines().map(line).collect::<Vec<Value>>()
        })
        .collect();
    let requests = lines.iter().filter(|line| line["path"] == "/_homeport/readyz").count();
    assert_eq!(requests as u64, answered.into_inner());
}

/// The system would keep no exit code.
#[test]
fn the_exit_code_of_a_server_counts_also_where_the_end_of_children_was_ignored_at_the_start() {
    let ignored = RunContext::direct().through(["env", "--ignore-signal=CHLD"]);
    for code in [0, 78] {
        let home = Home::new();
        let launch = home.launcher().at(&ignored).fake(&[&format!("ready-then-exit={code}")]);
        let ended = launch.run();
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(home.events("server_spawned").len(), 1, "{ended:?}");
    }
}

/// As some supervisors leave them to what they start.
#[test]
fn signals_that_were_blocked_at_the_start_end_a_launch_all_the_same() {
    let home = Home::new();
    let blocked = RunContext::direct().through(["env", "--block-signal=TERM,INT"]);
    let mut running = home.launcher().at(&blocked).start();
    running.ready();
    running.signal(Signal::TERM);
    assert_eq!(running.exit().code, Some(0));
    let mut server = home.server().at(&blocked).port(quiet_port()).start();
    server.ready();
    server.signal(Signal::TERM);
    assert_eq!(server.exit().code, Some(0));
}
