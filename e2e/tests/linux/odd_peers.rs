//! What may be at the other end of a connection: silence, a trickle, a flood, or a stranger who speaks
//! another protocol. Every command answers or refuses within its limit, others are served meanwhile, memory
//! stays small and nothing is lost.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use e2e::{
    Ended, Home, Invocation, RunContext, Running, WatchedProcess, get, quiet_port, wait_until,
};
use shared::{app::AppName, discovery::Discovery};

use crate::handover::listening_on;

/// What a command may take. Nothing that it asks is waited for longer than 4 s, and machines are slow.
const LIMIT: Duration = Duration::from_secs(20);

/// The most memory that a program may occupy, in bytes, whatever it is sent: more than twice what those take
/// that are not optimized. A flood sends as much within a tenth of a second.
const ROOM: u64 = 64 << 20;

/// How many hostile connections a program of ours gets. A control socket takes 16 at once.
const CROWD: usize = 8;

trait Connection: Read + Write + Send {}

impl<T: Read + Write + Send> Connection for T {}

/// What a peer does on a connection, until it is closed.
struct Evil {
    name: &'static str,
    act: fn(&mut dyn Connection),
}

const EVILS: [Evil; 5] = [
    Evil { name: "silence", act: wait_for_the_end },
    Evil {
        name: "a trickle",
        act: |peer| {
            while peer.write_all(b"G").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        },
    },
    Evil {
        name: "a flood",
        act: |peer| {
            let block = vec![b'x'; 1 << 16];
            while peer.write_all(&block).is_ok() {}
        },
    },
    Evil {
        name: "a flood of lines",
        act: |peer| {
            let block = b"HTTP/1.1 200 OK\r\n{}\r\n".repeat(1 << 12);
            while peer.write_all(&block).is_ok() {}
        },
    },
    Evil {
        name: "a stranger",
        act: |peer| {
            let _ = peer.write_all(b"220 mail.example.com ESMTP\r\n\x16\x03\x01\x02\x00\x01\xff\n");
            wait_for_the_end(peer);
        },
    },
];

/// What is received is dropped.
fn wait_for_the_end(peer: &mut dyn Connection) {
    let mut block = [0; 4096];
    while peer.read(&mut block).is_ok_and(|length| length > 0) {}
}

/// A hostile listener, until this is dropped.
struct Listening {
    is_over: Arc<AtomicBool>,
    wake: Box<dyn Fn() + Send>,
}

impl Listening {
    fn on_port(port: u16, evil: &Evil) -> Self {
        let listener = TcpListener::from(listening_on(port));
        let next = move || listener.accept().ok().map(|(peer, _)| Box::new(peer) as _);
        Self::start(evil, next, move || drop(TcpStream::connect(("127.0.0.1", port))))
    }

    fn at(path: PathBuf, evil: &Evil) -> Self {
        let listener = UnixListener::bind(&path).expect("the path is free");
        let next = move || listener.accept().ok().map(|(peer, _)| Box::new(peer) as _);
        Self::start(evil, next, move || drop(UnixStream::connect(&path)))
    }

    fn start(
        evil: &Evil,
        accept: impl Fn() -> Option<Box<dyn Connection>> + Send + 'static,
        wake: impl Fn() + Send + 'static,
    ) -> Self {
        let (is_over, act) = (Arc::new(AtomicBool::new(false)), evil.act);
        let over = Arc::clone(&is_over);
        thread::spawn(move || {
            while let Some(mut peer) = accept() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                thread::spawn(move || act(&mut *peer));
            }
        });
        Self { is_over, wake: Box::new(wake) }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        (self.wake)();
    }
}

/// Hostile connections to a program of ours, each made anew when it is closed, until this is dropped.
struct Connecting(Arc<AtomicBool>);

type Connect = dyn Fn() -> Option<Box<dyn Connection>> + Send + Sync;

impl Connecting {
    fn through(connect: Box<Connect>, evil: &Evil) -> Self {
        let (is_over, connect) = (Arc::new(AtomicBool::new(false)), Arc::new(connect));
        for _ in 0..CROWD {
            let (over, connect, act) = (Arc::clone(&is_over), Arc::clone(&connect), evil.act);
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    match connect() {
                        Some(mut peer) => act(&mut *peer),
                        None => thread::sleep(Duration::from_millis(10)),
                    }
                }
            });
        }
        Self(is_over)
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs it to its end, which comes in time and without a panic, in little memory.
#[track_caller]
fn run(case: &str, invocation: &Invocation) -> Ended {
    let began = Instant::now();
    let running = invocation.start();
    let process = WatchedProcess::of(running.pid());
    let mut peak = 0;
    wait_until("it ends", || {
        peak = process.as_ref().map_or(0, WatchedProcess::peak_memory).max(peak);
        process.as_ref().is_none_or(WatchedProcess::has_ended)
    });
    let ended = running.exit();
    assert!(began.elapsed() < LIMIT, "{case}: {:?}: {ended:?}", began.elapsed());
    assert!(peak < ROOM, "{case}: {peak} bytes: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{case}: {ended:?}");
    ended
}

/// Fails if a program has panicked, which only its log shows.
#[track_caller]
fn assert_logs_no_panic(case: &str, home: &Home) {
    for log in ["launcher.jsonl", "server.jsonl"] {
        let text = fs::read(home.folders().logs().join(log)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&text).contains("panicked"), "{case}: {log}");
    }
}

/// Runs all cases at the same time, because they wait most of it.
fn for_each_evil<T: Sync>(sockets: &[T], act: impl Fn(&T, &Evil) + Sync) {
    thread::scope(|scope| {
        for socket in sockets {
            for evil in &EVILS {
                scope.spawn(|| act(socket, evil));
            }
        }
    });
}

/// Where a command or a start looks for the app, although nothing of it runs.
enum Place {
    Port(u16),
    ControlSocket(PathBuf),
}

fn launched(home: &Home) -> (Running, u16) {
    let mut running = home.launcher().port(quiet_port()).start();
    let port = running.ready().port;
    (running, port)
}

fn remembered_port(home: &Home) -> Place {
    let (running, port) = launched(home);
    assert_eq!(running.stop().code, Some(0));
    Place::Port(port)
}

fn port_of_a_killed_launch(home: &Home) -> Place {
    let (running, port) = launched(home);
    running.kill_both();
    Place::Port(port)
}

fn port_of_a_discovery_file_alone(home: &Home) -> Place {
    let place = port_of_a_killed_launch(home);
    let app = AppName::default();
    fs::write(home.folders().lock(&app), "").expect("written");
    fs::remove_file(home.folders().assignment(&app)).expect("it was there");
    place
}

fn control_socket(home: &Home) -> Place {
    remembered_port(home);
    Place::ControlSocket(home.folders().control(&AppName::default()))
}

fn control_socket_of_a_discovery_file(home: &Home) -> Place {
    port_of_a_killed_launch(home);
    let file = home.folders().discovery(&AppName::default());
    let socket = home.path().join("another.sock");
    let left = Discovery::read(&file).expect("it was left");
    let changed = Discovery { control: Some(socket.clone()), ..left };
    changed.publish(home.folders()).expect("written");
    Place::ControlSocket(socket)
}

type Prepare = fn(&Home) -> Place;

const PLACES: [(&str, Prepare); 5] = [
    ("the remembered port", remembered_port),
    ("the port of a killed launch", port_of_a_killed_launch),
    ("the port of a discovery file", port_of_a_discovery_file_alone),
    ("the control socket", control_socket),
    ("the control socket of a discovery file", control_socket_of_a_discovery_file),
];

/// I13, I14: nothing runs, and at the place where it would be found there is something else.
#[test]
fn whatever_listens_where_an_app_is_looked_for_commands_end_and_a_launch_serves() {
    for_each_evil(&PLACES, |(place_name, make), evil| {
        let case = format!("{} on {place_name}", evil.name);
        let home = Home::new();
        let place = make(&home);
        let last_good = home.last_good();
        // What has the control socket could be the launcher: it is not said that nothing runs.
        let is_waited_for = matches!(place, Place::ControlSocket(_));
        let is_silent = is_waited_for && matches!(evil.name, "silence" | "a trickle");
        let (port, _listening) = match place {
            Place::Port(port) => (Some(port), Listening::on_port(port, evil)),
            Place::ControlSocket(path) => (None, Listening::at(path, evil)),
        };
        let absent = if is_silent { 75 } else { 3 };
        for words in ["status", "where", "stop", "restart", "open --print", "token"] {
            let ended = run(&case, &home.command(words));
            assert_eq!(ended.code, Some(absent), "{case}: {words}: {ended:?}");
            assert!(ended.stderr.contains("error: "), "{case}: {words}: {ended:?}");
        }
        let doctor = run(&case, &home.command("doctor"));
        assert_eq!(doctor.code, Some(if is_silent { 75 } else { 0 }), "{case}: {doctor:?}");
        if let Some(port) = port {
            let explained = run(&case, &home.command(&format!("explain {port}")));
            assert_eq!(explained.code, Some(0), "{case}: {explained:?}");
        }
        assert_eq!(home.last_good(), last_good, "{case}");

        let began = Instant::now();
        let mut running = home.launcher().start();
        let ready = running.ready();
        assert!(began.elapsed() < LIMIT, "{case}: {:?}", began.elapsed());
        assert_ne!(Some(ready.port), port, "{case}");
        let launcher = WatchedProcess::of(running.pid()).expect("it runs");
        assert!(launcher.peak_memory() < ROOM, "{case}: {}", launcher.peak_memory());
        assert_eq!(run(&case, &home.command("status")).code, Some(0), "{case}");
        assert_eq!(run(&case, &home.command("stop")).code, Some(0), "{case}");
        assert_eq!(running.exit().code, Some(0), "{case}");
        assert_logs_no_panic(&case, &home);
    });
}

/// The stranger is a server of another app, or of another home.
#[test]
fn another_server_of_ours_on_the_remembered_port_is_not_taken_for_the_app() {
    let (home, elsewhere) = (Home::new(), Home::new());
    for (case, other) in
        [("another app", home.launcher().app("other")), ("another home", elsewhere.launcher())]
    {
        let Place::Port(port) = remembered_port(&home) else { panic!("a port") };
        let mut other = other.port(port).start();
        let theirs = other.ready().url;
        for words in ["status", "where", "stop", "open --print"] {
            let ended = run(case, &home.command(words));
            assert_eq!(ended.code, Some(3), "{case}: {words}: {ended:?}");
            assert!(!ended.stdout.contains(&theirs), "{case}: {words}: {ended:?}");
        }
        let mut running = home.launcher().start();
        assert_ne!(running.ready().port, port, "{case}");
        assert_eq!(running.stop().code, Some(0), "{case}");
        assert_eq!(get(&format!("{theirs}_homeport/healthz")).expect("it serves").status, 200);
        assert_eq!(other.stop().code, Some(0), "{case}");
    }
}

fn to_server(_: &Home, port: u16) -> Box<Connect> {
    Box::new(move || Some(Box::new(TcpStream::connect(("127.0.0.1", port)).ok()?)))
}

fn to_launcher(home: &Home, _: u16) -> Box<Connect> {
    let path = home.folders().control(&AppName::default());
    Box::new(move || Some(Box::new(UnixStream::connect(&path).ok()?)))
}

type Reach = fn(&Home, u16) -> Box<Connect>;

const TARGETS: [(&str, Reach); 2] =
    [("the server's port", to_server), ("the control socket", to_launcher)];

/// A running app: others are served meanwhile, a restart works, and a stop is not held up.
#[test]
fn whatever_connects_to_a_running_app_others_are_served_and_it_ends_in_time() {
    for_each_evil(&TARGETS, |(target, connect), evil| {
        let case = format!("{} on {target}", evil.name);
        let home = Home::new();
        let (running, port) = launched(&home);
        let url = format!("http://127.0.0.1:{port}/");
        let crowd = Connecting::through(connect(&home, port), evil);
        let launcher = WatchedProcess::of(running.pid()).expect("it runs");
        for _ in 0..2 {
            let health = get(&format!("{url}_homeport/healthz"));
            assert_eq!(health.expect(&case).status, 200, "{case}");
            for words in ["status", "where", "doctor", "restart"] {
                let ended = run(&case, &home.command(words));
                // On a slow machine the proof may not reach the new server among so many; the old one stays.
                let is_refused = words == "restart" && ended.code == Some(75);
                assert!(ended.code == Some(0) || is_refused, "{case}: {words}: {ended:?}");
            }
            let programs = running.servers();
            for program in programs.iter().chain([&launcher]) {
                let peak = program.peak_memory();
                assert!(peak < ROOM, "{case}: {peak} bytes, process {}", program.pid());
            }
        }
        let stopped = run(&case, &home.command("stop"));
        assert_eq!(stopped.code, Some(0), "{case}: {stopped:?}");
        drop(crowd);
        assert_eq!(running.exit().code, Some(0), "{case}");
        assert_eq!(home.last_good(), Some(port), "{case}");
        assert_logs_no_panic(&case, &home);
    });
}

/// The hand-over messages of a server that is another program, and why its launch fails.
#[test]
fn whatever_a_server_says_instead_of_hand_over_messages_its_launch_fails_in_time() {
    for (order, reason) in [
        ("never-ready", "timed_out"),
        ("drips", "timed_out"),
        ("flood", "wrong_answer"),
        ("flood-of-lines", "wrong_answer"),
        ("garbage", "wrong_answer"),
    ] {
        let home = Home::new();
        let launch = home.launcher().port(quiet_port()).fake(&[order]);
        let failed = run(order, &launch.arg("--ready-timeout").arg("1s"));
        assert_eq!(failed.code, Some(75), "{order}: {failed:?}");
        assert_eq!(failed.line("launch_failed")["reason"], reason, "{order}: {failed:?}");
        assert_logs_no_panic(order, &home);
        let log = fs::metadata(home.folders().logs().join("launcher.jsonl")).expect("a log");
        assert!(log.len() < 1 << 20, "{order}: {} bytes", log.len());
    }
}

/// The hand-over messages of a launcher that is another program: a shell, here.
#[test]
fn whatever_a_server_reads_instead_of_its_adoption_it_ends_in_time() {
    for (name, peer) in [
        ("silence", "sleep 8"),
        ("a trickle", "while printf G; do sleep 0.1; done"),
        ("a flood", "tr '\\0' x < /dev/zero"),
        ("a flood of lines", "yes"),
        ("a stranger", "printf '220 mail.example.com ESMTP\\r\\n'; sleep 8"),
        ("nothing", "true"),
    ] {
        let script = format!("exec 3<&0; {{ {peer}; }} 2>/dev/null | LISTEN_FDS=1 \"$@\"");
        let shell = RunContext::direct().through(["sh", "-c", &script, "sh"]);
        let socket = TcpListener::from(listening_on(0));
        let port = socket.local_addr().expect("bound").port();
        let home = Home::new();
        let server = home.server().at(&shell).stdin(socket).port(port).arg("--hand-over");
        let ended = run(name, &server);
        assert!(ended.stderr.contains("error: "), "{name}: {ended:?}");
        assert_eq!(ended.code, Some(70), "{name}: {ended:?}");
    }
}

/// As a terminal that is held by Ctrl-S, or a program that has lost interest.
#[test]
fn output_that_is_not_read_holds_up_no_launch() {
    const INTO_FULL_PIPE: &str = "mkfifo \"$0\" && exec 1<>\"$0\" 2>&1 && \
         dd if=/dev/zero bs=4096 count=16 2>/dev/null; exec \"$@\"";
    let home = Home::new();
    let pipe = home.path().join("pipe");
    let pipe = pipe.to_str().expect("text");
    let unread = RunContext::direct().through(["sh", "-c", INTO_FULL_PIPE, pipe]);
    let mut running = home.launcher().at(&unread).start();
    wait_until("it serves", || home.command("where").run().code == Some(0));
    for command in ["status", "restart", "move", "status"] {
        let ended = run(command, &home.command(command));
        assert_eq!(ended.code, Some(0), "{command}: {ended:?}");
    }
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.exit().code, Some(0));
}
