//! Any program of Windows on a port that it keeps: Node.js, and what runs it by `cmd.exe`.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use e2e::{
    Home, Invocation, Stranger, get, is_free, node_for_windows, quiet_port, quiet_range, wait_until,
};
use rustix::process::Signal;
use serde_json::Value;

use crate::home;

/// The app of these tests.
const APP: &str = "web";

/// Serves on `PORT`. Wine names the process of a listener only once that has had its descriptor, as with an option that is
/// set.
const SERVER: &str = "const server = require('http').createServer((request, response) => { \
    if (request.url === '/crash') process.exit(3); \
    if (request.url === '/child') require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); \
    response.end('node') }); \
    server.listen(process.env.PORT, '127.0.0.1', () => server._handle.setNoDelay(true));";

struct Node {
    home: Home,
    program: String,
}

impl Node {
    /// A home for it; `None`, and the test is skipped, where it or Wine is missing.
    fn new() -> Option<Self> {
        let home = home()?;
        let program = home.seen(&node_for_windows()?);
        Some(Self { home, program })
    }

    fn run(&self) -> Invocation {
        // Wine calls itself an older Windows than Node.js is for.
        let run = self.home.command("run").arg("--json").app(APP);
        run.env("NODE_SKIP_PLATFORM_CHECK", "1")
    }

    fn script(&self, run: Invocation, script: &str) -> Invocation {
        run.arg("--").arg(&self.program).arg("-e").arg(script)
    }

    fn serving(&self, run: Invocation) -> Invocation {
        self.script(run, SERVER)
    }

    /// Waits until none of its processes lives, as Linux sees them, and the port is free.
    #[track_caller]
    fn assert_is_gone(&self, port: u16) {
        wait_until("no process is left", || self.home.processes("node.exe").is_empty());
        wait_until("the port is free", || is_free(port));
    }
}

fn url(port: u16, path: &str) -> String {
    format!("http://127.0.0.1:{port}{path}")
}

#[track_caller]
fn assert_serves(port: u16) {
    let answer = get(&url(port, "/")).expect("it serves");
    assert_eq!((answer.status, answer.body.as_str()), (200, "node"));
}

#[test]
fn a_program_keeps_its_port_and_leaves_it_to_a_stranger_who_has_it() {
    let Some(node) = Node::new() else { return };
    let launch = node.serving(node.run().env("HOMEPORT_RANGE", quiet_range()));
    let mut first = launch.start();
    let ready = first.ready();
    assert_serves(ready.port);
    get(&url(ready.port, "/child")).expect("it serves");
    wait_until("it has a child", || node.home.processes("node.exe").len() == 2);
    assert_eq!(node.home.last("server_ready")["server_pid"], ready.server_pid);
    assert_eq!(first.stop().code, Some(0));
    node.assert_is_gone(ready.port);

    let mut again = launch.start();
    assert_eq!((again.ready().port, again.ready().origin.as_str()), (ready.port, "last_good"));
    assert_eq!(node.home.command("stop").args(["--app", APP]).run().code, Some(0));
    assert_eq!(again.exit().code, Some(0));
    node.assert_is_gone(ready.port);

    let stranger = Stranger::listening(&format!("127.0.0.1:{}", ready.port));
    let mut away = launch.start();
    let moved = away.ready();
    assert_ne!(moved.port, stranger.port);
    assert_serves(moved.port);
    assert_eq!(node.home.conflict_over(stranger.port)["class"], "in_use");
    assert_eq!(away.stop().code, Some(0));
}

#[test]
fn a_program_is_never_started_for_an_explicit_port_that_is_taken() {
    let Some(node) = Node::new() else { return };
    let stranger = Stranger::listening("127.0.0.1:0");
    let refused = node.serving(node.run().port(stranger.port)).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(refused.line("port_conflict")["class"], "in_use");
    assert_eq!(node.home.events("server_spawned"), Vec::<Value>::new());
}

#[test]
fn a_program_that_crashes_is_back_on_its_port() {
    let Some(node) = Node::new() else { return };
    let port = quiet_port();
    let mut running = node.serving(node.run().port(port)).start();
    let first = running.ready().server_pid;
    assert!(get(&url(port, "/crash")).is_err());
    wait_until("another process is ready", || {
        node.home.last("server_ready")["server_pid"] != first
    });
    assert_serves(port);
    assert_eq!(node.home.last("server_exited")["exit_code"], 3);
    assert_eq!(running.stop().code, Some(0));
    node.assert_is_gone(port);
}

/// I17: the job is closed with the launcher.
#[test]
fn no_process_of_a_program_outlives_its_launcher() {
    let Some(node) = Node::new() else { return };
    let port = quiet_port();
    let mut running = node.serving(node.run().port(port)).start();
    running.ready();
    get(&url(port, "/child")).expect("it serves");
    wait_until("it has a child", || node.home.processes("node.exe").len() == 2);
    running.signal(Signal::KILL);
    node.assert_is_gone(port);
}

/// Wine 8 has no Ctrl-Break, so that no program here hears of its end before its time is up.
#[test]
fn a_program_that_does_not_end_is_ended_when_its_time_is_up() {
    let Some(node) = Node::new() else { return };
    let port = quiet_port();
    let run = node.run().port(port).setting("stop_timeout = \"1500ms\"");
    let mut running = node.serving(run).start();
    running.ready();
    let asked = Instant::now();
    assert_eq!(running.stop().code, Some(0));
    let took = asked.elapsed();
    assert!((Duration::from_millis(1500)..Duration::from_secs(6)).contains(&took), "{took:?}");
    node.assert_is_gone(port);
}

/// What `npm` is on Windows: `npm.cmd`, beside a script `npm` for other shells.
#[test]
fn a_bare_name_finds_a_script_of_the_command_processor() {
    let Some(node) = Node::new() else { return };
    let port = quiet_port();
    let tools = node.home.path().join("tools");
    fs::create_dir(&tools).expect("made");
    write(&tools.join("serve.js"), SERVER);
    write(&tools.join("web"), "exit 1");
    let script = format!("@\"{}\" \"%~dp0serve.js\" %*\r\n", node.program);
    write(&tools.join("web.cmd"), &script);
    let run = node.run().port(port).env("WINEPATH", node.home.seen(&tools));
    let line = run.clone().arg("--shell").arg("--").arg("echo \"one  word\" && web");
    for run in [run.arg("--").arg("web").arg("one word"), line] {
        let mut running = run.start();
        running.ready();
        assert_serves(port);
        assert_eq!(running.stop().code, Some(0));
        node.assert_is_gone(port);
    }
    let output = fs::read_to_string(node.home.folders().logs().join("programs/web.jsonl"));
    assert!(output.expect("it is kept").contains(r#""text":"\"one  word\" ""#));

    let missing = node.run().port(port).arg("--").arg("no-such-program").run();
    assert_eq!(missing.code, Some(75), "{missing:?}");
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("written");
}
