//! Programs that do not behave: what they leave ends all the same, and their output stops nothing.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{ProgramTree, Project, ReadyMessage, Running, get, script, wait_until};
use rustix::process::Signal;

use super::{STOP_TIMEOUT, STOP_TIMEOUT_OPTION, project};

fn start(project: &Project, text: &str) -> (Running, ReadyMessage) {
    let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
    let ready = running.ready();
    (running, ready)
}

/// SIGTERM and `kill -9` of the launcher leave nothing of a program.
#[track_caller]
fn assert_ends(text: &str) {
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(project) = project("hostile") else { return };
        let (mut running, ready) = start(&project, text);
        let tree = ProgramTree::of(&running, &ready);
        let asked = Instant::now();
        running.signal(signal);
        tree.assert_leaves_nothing(asked, STOP_TIMEOUT);
        running.exit();
    }
}

/// The listener is a grandchild in a session of its own, whose parents have ended.
const DAEMON: &str = "
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
serve(listen())";

#[test]
fn what_makes_itself_a_daemon_serves_and_ends() {
    assert_ends(DAEMON);
}

#[test]
fn a_daemon_that_crashes_is_started_again_on_its_port() {
    let Some(project) = project("daemon") else { return };
    let (running, ready) = start(&project, DAEMON);
    let tree = ProgramTree::of(&running, &ready);
    for daemon in tree.listening() {
        daemon.kill();
    }
    wait_until("it is ready again", || project.home.count("server_ready") == 2);
    assert_eq!(project.home.last("server_ready")["port"], ready.port);
    assert_eq!(running.stop().code, Some(0));
}

/// A chain of processes: each starts the next in a session of its own and ends. It has an end, in case nothing else
/// ends it.
#[test]
fn what_forks_faster_than_it_is_ended_ends() {
    assert_ends(
        "
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
s = listen()
if os.fork() == 0:
    until = time.time() + 20
    while time.time() < until:
        if os.fork(): os._exit(0)
        os.setsid()
serve(s)",
    );
}

#[test]
fn what_is_stopped_or_ignores_signals_ends() {
    assert_ends(
        "
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
s = listen()
for n in range(3):
    if os.fork() == 0:
        os.setsid()
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
serve(s)",
    );
}

/// The output pipe stays open in a process of another session, which outlives main.
#[test]
fn a_program_whose_pipe_is_held_after_its_end_does_not_hold_the_launch() {
    let Some(project) = project("holds-its-pipe") else { return };
    let (running, ready) = start(
        &project,
        "
s = listen()
threading.Thread(target=serve, args=(s,), daemon=True).start()
if os.fork() == 0:
    s.close()
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(30)
while not os.path.exists('go'): time.sleep(0.01)
os._exit(0)",
    );
    let tree = ProgramTree::of(&running, &ready);
    let ended = Instant::now();
    project.write("go", "");
    // The poll of the script and the notice of its end come first.
    tree.assert_leaves_nothing(ended, STOP_TIMEOUT + Duration::from_millis(100));
    assert_eq!(running.exit().code, Some(0));
}

/// I23.
#[test]
fn a_flood_without_a_line_end_stops_neither_the_program_nor_the_launch() {
    let Some(project) = project("flood") else { return };
    let text = "
s = listen()
for n in range(32): os.write(1, b'x' * (1 << 20)); os.write(2, b'y' * (1 << 20))
serve(s)";
    let (running, ready) = start(&project, text);
    wait_until("it serves", || get(&ready.url).is_ok());
    assert!(running.stop().stdout.len() < 1 << 16, "its output is for the log alone");
    let log = project.home.folders().logs().join("programs/flood.jsonl");
    assert!(std::fs::metadata(log).is_ok_and(|log| log.len() > 0));
}

#[test]
fn output_passes_byte_for_byte_also_where_it_is_no_text() {
    let Some(project) = project("bytes") else { return };
    let text = r"
os.write(1, b'\xff\xfe\x00 no text\n'); os.write(1, b'without end')
os.write(2, b'\x1b[31mred\x1b[0m\n')
serve(listen())";
    let run = project.run().without("--json").args(STOP_TIMEOUT_OPTION).runs(script(text));
    let running = run.start();
    wait_until("it is ready", || project.home.count("server_ready") > 0);
    wait_until("its output is here", || running.stdout().contains("without end"));
    let ended = running.stop();
    // What is no text is shown by the test as U+FFFD.
    assert_eq!(ended.stdout, "\u{fffd}\u{fffd}\0 no text\nwithout end");
    assert!(ended.stderr.contains("\u{1b}[31mred\u{1b}[0m\n"), "{ended:?}");
}

#[test]
fn a_program_that_closes_its_streams_serves() {
    let Some(project) = project("silent") else { return };
    let (running, ready) = start(&project, "for fd in (0, 1, 2): os.close(fd)\nserve(listen())");
    wait_until("it serves", || get(&ready.url).is_ok());
    assert_eq!(running.stop().code, Some(0));
}

/// The port is the app's own all the time, and the program learns nothing of the look.
#[test]
fn a_program_without_its_listener_is_waiting_and_a_person_is_told() {
    let Some(project) = project("reloads") else { return };
    let text = "
def child():
    pid = os.fork()
    if pid == 0: serve(listen())
    return pid
pid = child()
os.waitpid(pid, 0)
while not os.path.exists('go'): time.sleep(0.01)
child()
until_signal()";
    let (running, ready) = start(&project, text);
    let tree = ProgramTree::of(&running, &ready);
    let port = ready.port.to_string();
    assert!(!running.stderr().contains(&port), "{}", running.stderr());
    tree.listening()[0].kill();
    wait_until("a person is told", || running.stderr().contains(&port));
    assert_eq!(project.home.count("server_spawned"), 1, "it was not started again");
    assert!(TcpStream::connect(("127.0.0.1", ready.port)).is_err());
    project.write("go", "");
    wait_until("it serves again", || get(&ready.url).is_ok());
    assert_eq!(project.home.count("server_spawned"), 1);
    assert_eq!(running.stop().code, Some(0));
}

/// The listener of a delegated program is a process outside of its tree.
#[test]
fn a_process_outside_of_the_tree_serves_where_that_is_allowed() {
    let Some(project) = project("delegated") else { return };
    let text = "
open('port', 'w').write(str(port))
until_signal()";
    let run = project.run().args(["--owner", "any"]).args(STOP_TIMEOUT_OPTION).runs(script(text));
    let mut running = run.start();
    let file = project.folder().join("port");
    let read = || std::fs::read_to_string(&file).ok().filter(|port| !port.is_empty());
    let port = e2e::wait_for(read).expect("it is written");
    let listener = e2e::Stranger::listening(&format!("127.0.0.1:{port}"));
    let ready = running.ready();
    assert_eq!((ready.port, ready.server_pid), (listener.port, listener.pid));
    assert_eq!(running.stop().code, Some(0));
    assert!(TcpStream::connect(("127.0.0.1", listener.port)).is_ok(), "it lives on");
}
