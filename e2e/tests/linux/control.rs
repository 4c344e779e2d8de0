//! The control socket: valid, invalid and hostile requests.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    time::{Duration, Instant},
};

use e2e::{
    Home, PATIENCE, RunContext, Running, WatchedProcess, get, program, quiet_port, skip, wait_until,
};
use rustix::process::Signal;
use serde_json::Value;
use shared::app::AppName;

pub(crate) const STATUS: &str = "{\"ask\":\"status\"}";

/// The memory, in bytes, that a launcher may take for any request.
const ROOM: u64 = 5 << 20;

#[track_caller]
fn connect(home: &Home) -> UnixStream {
    let path = home.folders().control(&AppName::default());
    let stream = UnixStream::connect(&path).expect("the launcher listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// What is answered to `bytes`, and nothing if the connection is closed.
#[track_caller]
fn answer(mut stream: UnixStream, bytes: &[u8]) -> String {
    // Writing fails when the launcher does not read to the end.
    let _ = stream.write_all(bytes);
    let mut line = String::new();
    match BufReader::new(stream).read_line(&mut line) {
        Ok(_) => line,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => String::new(),
        Err(error) => panic!("neither answered nor closed: {error}"),
    }
}

/// What the launcher answers to one line.
#[track_caller]
pub(crate) fn say(home: &Home, line: &str) -> Value {
    let told = answer(connect(home), format!("{line}\n").as_bytes());
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// A launch, and a handle of its launcher.
fn serving(home: &Home) -> (Running, WatchedProcess, String) {
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    // What it needs once, it has from here on.
    assert_eq!(say(home, STATUS)["answer"], "status");
    (running, launcher, ready.url)
}

#[track_caller]
fn assert_goes_on(home: &Home, url: &str) {
    assert_eq!(home.ask("status").line("status")["state"], "serving");
    assert_eq!(get(&format!("{url}_homeport/healthz")).expect("it serves").status, 200);
}

#[test]
fn a_client_that_sends_no_request_is_refused_or_left() {
    let home = Home::new();
    let (_running, launcher, url) = serving(&home);
    let before = launcher.memory();
    for said in [
        "hello\n",
        "\n",
        "{}\n",
        "[]\n",
        "{\"ask\":\"dance\"}\n",
        "{\"ask\":\"move\",\"port\":0}\n",
        "{\"ask\":\"move\",\"port\":70000}\n",
        "{\"ask\":\"move\",\"port\":\"1\"}\n",
        "\u{0}\u{1b}[31m\u{fffd}\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let told = answer(connect(&home), said.as_bytes());
        let told: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{said:?}: {e}"));
        assert_eq!(told["answer"], "refused", "{said:?}: {told}");
        assert!(told["reason"].to_string().contains("not a message"), "{said:?}: {told}");
        assert!(!told["reason"].as_str().is_some_and(|text| text.contains('\u{1b}')), "{told}");
    }
    let deep = "[".repeat(10_000) + "\n";
    assert!(answer(connect(&home), deep.as_bytes()).contains("refused"));
    for _ in 0..20 {
        let flood = answer(connect(&home), &vec![b'x'; 1 << 20]);
        assert!(flood.is_empty() || flood.contains("more than"), "{flood}");
    }
    drop(connect(&home));
    assert_goes_on(&home, &url);
    let grown = launcher.memory().saturating_sub(before);
    assert!(grown < ROOM, "it has grown by {grown} bytes");
}

#[test]
fn a_silent_client_delays_no_other_and_is_left_in_the_end() {
    let home = Home::new();
    let (_running, _, url) = serving(&home);
    let mut slow = connect(&home);
    slow.write_all(b"{").expect("sent");
    let silent = connect(&home);
    let asked = Instant::now();
    assert_goes_on(&home, &url);
    assert!(asked.elapsed().as_secs() < 4, "it waited for a client: {:?}", asked.elapsed());
    for mut stream in [slow, silent] {
        let mut told = String::new();
        stream.read_to_string(&mut told).expect("closed, not forgotten");
        assert!(told.is_empty() || told.contains("refused"), "{told}");
    }
    assert_goes_on(&home, &url);
}

/// Each has more time than a person is promised a word in, unless it is one of many.
#[test]
fn however_many_clients_are_silent_a_command_is_heard() {
    let home = Home::new();
    let (_running, _, url) = serving(&home);
    for count in [16, 17, 100] {
        let silent: Vec<_> = (0..count).map(|_| connect(&home)).collect();
        let began = Instant::now();
        assert_goes_on(&home, &url);
        assert!(began.elapsed() < Duration::from_secs(4), "{count}: {:?}", began.elapsed());
        drop(silent);
    }
}

#[test]
fn a_hundred_at_once_are_answered_or_closed_and_cost_little() {
    let home = Home::new();
    let (_running, launcher, url) = serving(&home);
    let before = launcher.memory();
    let many: Vec<_> = (0..100).map(|_| connect(&home)).collect();
    let told: Vec<_> =
        many.into_iter().map(|stream| answer(stream, format!("{STATUS}\n").as_bytes())).collect();
    assert!(told.iter().all(|told| told.is_empty() || told.contains("serving")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("serving")), "some are answered");
    wait_until("others are heard again", || {
        answer(connect(&home), format!("{STATUS}\n").as_bytes()).contains("serving")
    });
    assert_goes_on(&home, &url);
    let grown = launcher.memory().saturating_sub(before);
    assert!(grown < ROOM, "it has grown by {grown} bytes");
}

#[test]
fn a_client_that_leaves_without_the_answer_does_no_harm() {
    let home = Home::new();
    let (mut running, _, url) = serving(&home);
    for request in [STATUS, "{\"ask\":\"restart\"}"] {
        let mut stream = connect(&home);
        stream.write_all(format!("{request}\n").as_bytes()).expect("sent");
        drop(stream);
    }
    assert_goes_on(&home, &url);
    assert!(!running.has_ended());
}

/// A person who has given up must not lose the server when the launcher goes on.
#[test]
fn what_was_asked_of_a_stopped_launcher_and_given_up_is_not_carried_out_later() {
    let home = Home::new();
    let (mut running, launcher, url) = serving(&home);
    running.signal(Signal::STOP);
    wait_until("it is stopped", || launcher.is_stopped());
    for command in ["status", "stop", "restart", "move"] {
        let began = Instant::now();
        let told = home.command(command).run();
        assert!(began.elapsed() < Duration::from_secs(5), "{command}: {:?}", began.elapsed());
        assert_eq!(told.code, Some(75), "{command}: {told:?}");
        let continue_it = format!("kill -CONT {}", launcher.pid());
        assert!(told.stderr.contains(&continue_it), "{command}: {told:?}");
    }
    let again = home.command("start --no-open").run();
    assert_eq!(again.code, Some(0), "its server serves: {again:?}");
    assert!(again.stderr.contains(&format!("kill -CONT {}", launcher.pid())), "{again:?}");
    fs::remove_dir_all(home.folders().run()).expect("it was there");
    for command in ["token", "open --print", "doctor"] {
        let told = home.command(command).run();
        let text = format!("{}{}", told.stdout, told.stderr);
        assert!(text.contains(&format!("kill -CONT {}", launcher.pid())), "{command}: {text}");
        assert!(!text.contains("launcher restart"), "{command}: {text}");
    }
    running.signal(Signal::CONT);
    assert_eq!(home.command("status").run().code, Some(0), "its socket is made anew");
    assert_goes_on(&home, &url);
    assert!(!running.has_ended());
    assert_eq!(home.events("server_restarting").len() + home.events("port_moved").len(), 0);
}

/// A start that finds it makes the lock's file anew, in which it says nothing.
#[test]
fn a_stopped_launcher_whose_state_was_moved_is_named_by_each_command() {
    let home = Home::new();
    let (mut running, launcher, _) = serving(&home);
    running.signal(Signal::STOP);
    wait_until("it is stopped", || launcher.is_stopped());
    fs::rename(home.folders().state(), home.path().join("moved")).expect("it was there");
    let continue_it = format!("kill -CONT {}", launcher.pid());
    for words in ["start --no-open --detach", "status", "stop", "where", "version", "forget"] {
        let told = home.command(words).run();
        let text = format!("{}{}", told.stdout, told.stderr);
        let wanted = if words == "version" { "is stopped" } else { &continue_it };
        assert!(text.contains(wanted), "{words}: {text}");
    }
    running.signal(Signal::CONT);
    assert_eq!(running.stop().code, Some(0));
}

/// It would keep every command waiting, and pass for a launcher that hangs.
#[test]
fn what_listens_in_the_place_of_the_control_socket_is_not_asked_and_is_replaced() {
    let home = Home::new();
    let (running, launcher, url) = serving(&home);
    let path = home.folders().control(&AppName::default());
    fs::remove_file(&path).expect("there");
    let _silent = UnixListener::bind(&path).expect("bound");
    let examined = home.command("doctor").run();
    let wanted = format!("process {} listens on its control socket", std::process::id());
    assert_eq!(examined.code, Some(75), "{examined:?}");
    assert!(examined.stdout.contains(&wanted), "{examined:?}");
    assert_eq!(home.ask("status").line("status")["launcher_pid"], launcher.pid());
    assert_eq!(home.command("doctor").run().code, Some(0));
    assert_goes_on(&home, &url);
    assert_eq!(running.stop().code, Some(0));
}

/// A server that takes long to start gives a person time to give up.
#[test]
fn what_is_given_up_while_the_new_server_starts_is_abandoned() {
    for request in ["{\"ask\":\"move\",\"port\":null}", "{\"ask\":\"restart\"}"] {
        let home = Home::new();
        let slow = home.launcher().fake(&["after-first:never-ready"]);
        let mut running = slow.setting("ready_timeout = \"10m\"").start();
        let port = running.ready().port;
        let mut stream = connect(&home);
        stream.write_all(format!("{request}\n").as_bytes()).expect("sent");
        wait_until("the new server is started", || home.events("server_spawned").len() == 2);
        drop(stream);
        wait_until("it has ended", || !home.events("server_exited").is_empty());
        assert_eq!(home.last("server_exited")["signal"], 9, "{request}");
        let status = say(&home, STATUS);
        assert_eq!((&status["port"], &status["state"]), (&port.into(), &"serving".into()));
        assert_eq!(home.last_good(), Some(port), "{request}");
        assert_eq!(home.events("port_moved").len(), 0, "{request}");
        assert_eq!(running.stop().code, Some(0));
    }
}

/// A PID namespace of its own; `None`, and the test is skipped, where none can be made.
fn in_pid_namespace() -> Option<RunContext> {
    let namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
    let apart = RunContext::direct().through(namespace);
    let refused = apart.try_out().map_err(|error| skip(&format!("no PID namespace here: {error}")));
    refused.is_ok().then_some(apart)
}

#[track_caller]
fn assert_no_kill_is_advised(home: &Home) {
    for command in ["status", "stop", "restart", "move"] {
        let told = home.command(command).run();
        assert_eq!(told.code, Some(75), "{command}: {told:?}");
        assert!(!told.stderr.contains("kill"), "{command}: {told:?}");
    }
}

/// As in a container that shares the home and the name of the computer: the numbers that it gives are those of
/// other processes here.
#[test]
fn a_launcher_of_another_pid_namespace_is_asked_and_no_process_here_is_taken_for_it() {
    let Some(apart) = in_pid_namespace() else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&apart).start();
    running.ready();
    assert_eq!(home.command("status").run().code, Some(0));
    fs::remove_file(home.folders().token(&AppName::default())).expect("there");
    assert_eq!(home.command("where").run().code, Some(0), "and it is asked for its files");

    let inside = WatchedProcess::children_of(running.pid());
    let launcher = inside.first().expect("unshare has started it");
    launcher.signal(Signal::STOP);
    wait_until("it is stopped", || launcher.is_stopped());
    assert_no_kill_is_advised(&home);
    launcher.signal(Signal::CONT);
    assert_eq!(home.command("stop").run().code, Some(0));
}

/// Nothing is left but the lock that it holds, in a file without a path and under a number of its own.
#[test]
fn a_launcher_of_another_pid_namespace_whose_state_was_removed_is_not_started_twice() {
    let Some(apart) = in_pid_namespace() else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&apart).port(quiet_port()).start();
    let port = running.ready().port;
    for folder in [home.folders().state(), home.folders().run()] {
        fs::remove_dir_all(folder).expect("it was there");
    }
    let second = home.launcher().run();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.line("instance_found")["port"], port);
    assert_eq!(home.command("stop").run().code, Some(0));
}

/// Its number cannot be sent a signal from here, and nothing else leads to it.
#[test]
fn a_launcher_of_another_pid_namespace_that_has_lost_its_files_is_not_to_be_killed_by_its_number() {
    let Some(apart) = in_pid_namespace() else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&apart).port(quiet_port()).start();
    let url = running.ready().url;
    let told = home.ask("status");
    let status = told.line("status");
    assert!(status["launcher_memory_bytes"].is_null(), "{status}");
    assert!(status["server_memory_bytes"].is_null(), "{status}");
    fs::remove_dir_all(home.folders().run()).expect("it was there");
    let examined = home.command("doctor").run();
    assert!(examined.stdout.contains(&url), "{examined:?}");
    assert!(examined.stdout.contains("where the app was started"), "{examined:?}");
    assert_no_kill_is_advised(&home);
    let inside = WatchedProcess::children_of(running.pid());
    inside.first().expect("unshare has started it").signal(Signal::HUP);
    wait_until("it is asked again", || home.command("stop").run().code == Some(0));

    let mut server = home.server().at(&apart).port(quiet_port()).start();
    server.ready();
    for command in ["status", "stop", "forget"] {
        let told = home.command(command).run();
        assert_eq!(told.code, Some(75), "{command}: {told:?}");
        let names_a_process = told.stderr.contains("end process");
        assert!(told.stderr.contains("without a launcher") && !names_a_process, "{told:?}");
    }
}

#[test]
fn the_control_socket_is_closed_to_other_users() {
    let home = Home::new();
    let (_running, _, url) = serving(&home);
    let socket = home.folders().control(&AppName::default());
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode();
    assert_eq!(mode(&socket) & 0o777, 0o600);
    assert_eq!(mode(socket.parent().expect("a folder")) & 0o777, 0o700);
    assert_goes_on(&home, &url);

    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    for name in ["status", "stop"] {
        let told = home.launcher().without("--no-open").arg(name).at(&nobody).run();
        assert_ne!(told.code, Some(0), "{told:?}");
    }
    // Even where the folder lets him in.
    for folder in [home.path(), socket.parent().expect("a folder")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).expect("ours");
    }
    let knock = |context: &RunContext| {
        let mut knock = context.command(program("stranger"));
        knock.arg("knock").arg(&socket).output().expect("started")
    };
    let refused = knock(&nobody);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && why.contains("PermissionDenied"), "{why}");
    assert!(knock(&RunContext::direct()).status.success());
    assert_goes_on(&home, &url);
}

/// As version 0.1.0 asks, and as a later one may.
#[test]
fn a_request_of_another_version_is_understood_and_recorded_as_one_of_the_command_line() {
    for stop in ["{\"ask\":\"stop\"}", "{\"ask\":\"stop\",\"by\":\"telepathy\",\"why\":1}"] {
        let home = Home::new();
        let (running, ..) = serving(&home);
        assert_eq!(say(&home, stop)["answer"], "stopping", "{stop}");
        assert_eq!(running.exit().code, Some(0), "{stop}");
        for event in ["port_released", "launch_stopped"] {
            assert_eq!(home.last(event)["by"], "cli", "{stop}");
        }
    }
}

/// As version 0.1.0's server passes a request on: from where it came is not known.
#[test]
fn a_server_of_another_version_may_leave_out_from_where_it_was_asked() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&[]).start();
    let ready = running.ready();
    let _ = get(&format!("{}stop", ready.url));
    assert_eq!(running.exit().code, Some(0));
    let stopped = home.last("launch_stopped");
    assert_eq!((&stopped["reason"], &stopped["by"]), (&"asked".into(), &Value::Null));
}
