//! The commands for an app that is a program, and a second `run` of it.

use std::{net::TcpStream, process::Stdio, time::Instant};

use e2e::{
    ProgramTree, Project, ReadyMessage, Running, get, listeners_on, python, quiet_port, script,
    wait_until,
};
use rustix::process::Signal;

use super::{STOP_TIMEOUT, STOP_TIMEOUT_OPTION, project, tools};

const SERVES: &str = "serve(listen())";

fn start(project: &Project, text: &str) -> (Running, ReadyMessage) {
    let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
    let ready = running.ready();
    (running, ready)
}

#[test]
fn a_second_run_in_the_folder_says_where_the_first_is_and_changes_nothing() {
    let Some(project) = project("twice") else { return };
    let (running, ready) = start(&project, SERVES);
    let other = quiet_port().to_string();
    let seconds = [
        project.run().runs(script(SERVES)),
        project.run().runs(script("serve(listen()) # another command")),
        project.run().args(["--port", &other]).runs(script(SERVES)),
    ];
    for second in seconds {
        let found = second.run();
        assert_eq!(found.code, Some(0), "{found:?}");
        assert!(found.stdout.contains(&ready.port.to_string()), "{found:?}");
    }
    assert_eq!(project.home.count("server_spawned"), 1);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn stop_returns_when_nothing_of_the_program_is_left() {
    let Some(project) = project("stopped") else { return };
    let text = "
signal.signal(signal.SIGTERM, signal.SIG_IGN)
s = listen()
os.fork()
serve(s)";
    let (running, ready) = start(&project, text);
    let tree = ProgramTree::of(&running, &ready);
    let asked = Instant::now();
    let stop = project.home.command("stop").app("stopped").run();
    assert_eq!(stop.code, Some(0), "{stop:?}");
    assert!(tree.listening().is_empty(), "a process listens after `stop`");
    tree.assert_leaves_nothing(asked, STOP_TIMEOUT);
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn restart_ends_the_whole_tree_first_and_keeps_the_port() {
    let Some(project) = project("again") else { return };
    let (running, ready) = start(&project, "s = listen()\nos.fork()\nserve(s)");
    let tree = ProgramTree::of(&running, &ready);
    let restart = project.home.command("restart").app("again").run();
    assert_eq!(restart.code, Some(0), "{restart:?}");
    assert!(tree.listening().is_empty(), "one of the old tree listens");
    assert_eq!(project.home.last("server_ready")["port"], ready.port);
    wait_until("it serves", || get(&ready.url).is_ok());
    assert_eq!(running.stop().code, Some(0));
}

fn move_to(project: &Project, port: u16) -> e2e::Ended {
    project.home.command("move").arg(port.to_string()).app(project.name()).run()
}

#[test]
fn move_starts_the_program_on_the_new_port_and_remembers_it() {
    let Some(project) = project("moved") else { return };
    let (running, ready) = start(&project, SERVES);
    let port = project.port_beside(ready.port);
    let moved = move_to(&project, port);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(get(&format!("http://127.0.0.1:{port}/")).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", ready.port)).is_err(), "the old port is free");
    assert_eq!(running.stop().code, Some(0));
    let (running, ready) = start(&project, SERVES);
    assert_eq!(ready.port, port);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_move_of_a_program_that_does_not_start_there_goes_back() {
    let Some(project) = project("stays") else { return };
    let text = "
if os.path.exists('port') and open('port').read() != str(port): sys.exit(1)
open('port', 'w').write(str(port))
serve(listen())";
    let (running, ready) = start(&project, text);
    let moved = move_to(&project, project.port_beside(ready.port));
    assert_ne!(moved.code, Some(0), "{moved:?}");
    wait_until("it serves on its port again", || get(&ready.url).is_ok());
    assert_eq!(project.home.last("server_ready")["port"], ready.port);
    assert_eq!(running.stop().code, Some(0));
}

/// Ctrl-Z. I23: the launcher reads nothing meanwhile.
#[test]
fn a_program_serves_and_writes_on_while_its_launcher_is_stopped() {
    let Some(project) = project("suspended") else { return };
    let text = "
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
while not os.path.exists('go'): time.sleep(0.01)
for n in range(32): os.write(1, (b'x' * 8191 + b'\\n') * 32)
open('written', 'w')
until_signal()";
    let (mut running, ready) = start(&project, text);
    running.signal(Signal::STOP);
    project.write("go", "");
    let written = project.folder().join("written");
    wait_until("the program has written all", || written.exists());
    assert!(get(&ready.url).is_ok());
    running.signal(Signal::CONT);
    assert_eq!(running.stop().code, Some(0));
}

/// A terminal that is closed sends SIGHUP to the launcher, which opens its logs anew at that.
#[test]
fn a_program_learns_of_no_signal_that_is_the_launchers_own() {
    let Some(project) = project("closed") else { return };
    let text = "
for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, lambda number, _: open('got', 'w'))
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
until_signal()";
    let context = e2e::RunContext::with_default_signals();
    let run = project.run().at(&context).args(STOP_TIMEOUT_OPTION).runs(script(text));
    let mut running = run.start();
    let ready = running.ready();
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
        running.signal(signal);
    }
    let status = project.home.ask("status --app closed");
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(get(&ready.url).is_ok());
    assert_eq!(running.stop().code, Some(0));
    assert!(!project.folder().join("got").exists());
}

#[test]
fn a_terminal_that_is_closed_ends_the_program_with_the_launch() {
    let (Some(project), Some(terminal)) = (project("closed"), tools::of_system("script")) else {
        return;
    };
    project.write(
        "serves.py",
        "import os, http.server\nhttp.server.test(port=int(os.environ['PORT']), bind='127.0.0.1')",
    );
    let launcher = e2e::program("launcher").display().to_string();
    let line = format!("exec {launcher} run --json --stop-timeout 1s -- {} serves.py", python());
    let mut terminal = e2e::RunContext::with_default_signals().command(terminal);
    terminal.args(["-qefc", &line, "/dev/null"]).env_clear().current_dir(project.folder());
    terminal.env("HOMEPORT_HOME", project.home.path());
    terminal.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    terminal.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut terminal = terminal.spawn().expect("it starts");
    wait_until("it is ready", || project.home.count("server_ready") > 0);
    let port = project.home.last("server_ready")["port"].as_u64().expect("a port");
    terminal.kill().expect("it is ours");
    terminal.wait().expect("it has ended");
    wait_until("the launch has stopped", || project.home.count("launch_stopped") > 0);
    assert!(listeners_on(u16::try_from(port).expect("a port")).is_empty());
}
