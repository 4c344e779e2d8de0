//! `run` at a terminal, with and without one for the program.

use std::{
    fs, io,
    io::Write,
    time::{Duration, Instant},
};

use e2e::{
    Home, Invocation, PseudoTerminal, Running, WatchedProcess, is_free, wait_for, wait_until,
};
use rustix::process::Signal;

use crate::program_streams::{
    kept, main_process, run, run_to_end, wait_for_mark, wait_until_ready,
};

/// Says what its streams are, and each size of its terminal.
const TELL_SIZE: &str = "
def tell(*_):
    print('size:', *os.get_terminal_size(), [os.isatty(fd) for fd in (0, 1, 2)], flush=True)
signal.signal(signal.SIGWINCH, tell)
tell()
mark('told')";

/// The launcher of a `run` through a shell.
fn launcher(shell: &Running) -> WatchedProcess {
    let found = wait_for(|| {
        WatchedProcess::children_of(shell.pid()).into_iter().find(|child| child.runs("launcher"))
    });
    found.expect("it runs")
}

#[test]
fn a_program_with_a_terminal_sees_its_size_and_what_is_typed_and_ends_by_ctrl_c() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(50, 132);
    let before = terminal.modes();
    let body = format!(
        "{TELL_SIZE}
print('\\x1b[32mgreen\\x1b[0m', flush=True)
for line in sys.stdin: print('got', line.strip(), flush=True)"
    );
    let running = terminal.around(run(&home, &["--tty"], &body)).start();
    terminal.wait_until_shown("size: 132 50 [True, True, True]");
    wait_until_ready(&home);
    assert!(terminal.is_raw());
    terminal.type_keys("hello\r");
    terminal.wait_until_shown("got hello");
    terminal.resize(40, 100);
    terminal.wait_until_shown("size: 100 40");
    terminal.type_keys("\x03");
    let ended = running.exit();
    assert_eq!(ended.code, Some(0), "{}", terminal.shown());
    assert_eq!(terminal.modes(), before);
    assert!(home.events("server_restarting").is_empty());
    assert_eq!(home.last("server_exited")["signal"], 2);
    assert_eq!(home.last("launch_stopped")["exit_code"], 0);
    let kept = kept(&home);
    let green = kept.iter().find(|line| line["text"] == "green").expect("without colours");
    assert_eq!(green["stream"], "stdout");
    // While it is raw our lines begin on the left, too.
    let shown = terminal.shown();
    assert!(shown.contains("\x1b[32mgreen\x1b[0m\r\n"), "{shown:?}");
    assert!(!shown.replace("\r\n", "").contains('\n'), "{shown:?}");
}

#[test]
fn a_terminal_has_its_mode_back_whatever_ends_the_program() {
    type End = fn(&Home, &mut Running);
    let ends: [(&str, &str, End); 5] = [
        ("SIGTERM", "", |_, running| running.signal(Signal::TERM)),
        ("SIGQUIT", "", |_, running| running.signal(Signal::QUIT)),
        ("stop", "", |home, _| assert_eq!(home.ask("stop --app web").code, Some(0))),
        ("its failure", "", |home, _| main_process(home).kill()),
        ("the sitter's end", "", |_, running| running.servers()[0].kill()),
    ];
    for (name, body, end) in ends {
        let home = Home::new();
        let terminal = PseudoTerminal::new(24, 80);
        let before = terminal.modes();
        let run = run(&home, &["--tty", "--restart", "never"], body);
        let mut running = terminal.around(run).start();
        wait_until_ready(&home);
        assert!(terminal.is_raw(), "{name}");
        end(&home, &mut running);
        running.exit();
        assert_eq!(terminal.modes(), before, "{name}");
    }
}

#[test]
fn a_program_that_is_never_ready_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let before = terminal.modes();
    let command =
        home.command("run").app("web").args(["--tty", "--", "sh", "-c", "echo no; exit 3"]);
    let ended = terminal.around(command).start().exit();
    assert_eq!(ended.code, Some(75), "{}", terminal.shown());
    terminal.wait_until_shown("no\r\n");
    assert_eq!(terminal.modes(), before);
}

#[test]
fn the_shell_has_its_terminal_back_while_the_launcher_is_stopped() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let script = "\"$@\"; read line; echo read $line; fg >/dev/null; echo over $?";
    let body = "
print('serves', flush=True)
for line in sys.stdin: print('got', line.strip(), flush=True)";
    let run = run(&home, &["--tty"], body);
    let shell = terminal.in_shell(script, run).start();
    wait_until_ready(&home);
    let (launcher, program) = (launcher(&shell), main_process(&home));
    wait_until("it is raw", || terminal.is_raw());
    launcher.signal(Signal::TSTP);
    wait_until("it is stopped", || launcher.is_stopped());
    assert!(!terminal.is_raw());
    assert!(!program.is_stopped());
    terminal.type_keys("to the shell\r");
    terminal.wait_until_shown("read to the shell");
    wait_until("it is raw again", || terminal.is_raw());
    terminal.type_keys("to the program\r");
    terminal.wait_until_shown("got to the program");
    terminal.type_keys("\x03");
    terminal.wait_until_shown("over 0");
    shell.exit();
    assert!(!terminal.is_raw());
    assert!(!terminal.shown().contains("got to the shell"));
}

#[test]
fn a_launch_in_the_background_leaves_the_terminal_to_the_shell() {
    for options in [&["--tty"][..], &[]] {
        let home = Home::new();
        let terminal = PseudoTerminal::new(24, 80);
        let script = "\"$@\" & read line; echo read $line; kill %1; wait %1; echo over $?";
        let run = run(&home, options, "print('serves', flush=True)");
        let shell = terminal.in_shell(script, run).start();
        wait_until_ready(&home);
        assert!(!terminal.is_raw() && !launcher(&shell).is_stopped());
        terminal.type_keys("to the shell\r");
        terminal.wait_until_shown("read to the shell");
        terminal.wait_until_shown("over 0");
        shell.exit();
    }
}

#[test]
fn a_program_in_the_background_takes_nothing_that_is_typed_for_the_shell() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let script = "\"$@\" & read line; echo read $line; kill %1; wait %1; echo over $?";
    let body = "print('got', sys.stdin.read(), 'and the end', flush=True)";
    let shell = terminal.in_shell(script, run(&home, &[], body)).start();
    wait_until_ready(&home);
    terminal.wait_until_shown("got  and the end");
    assert!(!launcher(&shell).is_stopped());
    terminal.type_keys("to the shell\r");
    terminal.wait_until_shown("read to the shell");
    terminal.wait_until_shown("over 0");
    shell.exit();
}

#[test]
fn a_launch_that_comes_to_the_foreground_has_the_terminal() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let script = "\"$@\" & read line; echo read $line; fg >/dev/null; echo over $?";
    let body = "for line in sys.stdin: print('got', line.strip(), flush=True)";
    let shell = terminal.in_shell(script, run(&home, &["--tty"], body)).start();
    wait_until_ready(&home);
    assert!(!terminal.is_raw());
    terminal.type_keys("to the shell\r");
    terminal.wait_until_shown("read to the shell");
    wait_until("it is raw", || terminal.is_raw());
    terminal.type_keys("to the program\r");
    terminal.wait_until_shown("got to the program");
    terminal.type_keys("\x03");
    terminal.wait_until_shown("over 0");
    shell.exit();
}

#[test]
fn ctrl_c_between_two_starts_of_the_program_ends_the_launch() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let body = "
while not os.path.exists(os.environ['HOMEPORT_HOME'] + '/go'): time.sleep(0.01)
sys.exit(1)";
    let mut running = at_terminal(&home, &terminal, run_to_end(&home, &["--tty"], body));
    fs::write(home.path().join("go"), "").expect("written");
    wait_until("it waits for the next start", || !home.events("server_restarting").is_empty());
    // The program may run again, and have the terminal.
    wait_until("the launch has ended", || {
        terminal.type_keys("\x03");
        running.has_ended()
    });
    assert_eq!(running.exit().code, Some(0), "{}", terminal.shown());
    assert!(!terminal.is_raw());
}

#[test]
fn a_program_has_a_terminal_where_we_have_none() {
    let home = Home::new();
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let body = format!(
        "{TELL_SIZE}
while data := os.read(0, 4096): print('got', data.decode().strip(), flush=True)
print('end of input', flush=True)"
    );
    let invocation = run(&home, &["--tty"], &body).stdin(reader);
    let running = invocation.start();
    writer.write_all(b"hello\nand").expect("it is read");
    wait_until("it tells", || running.stdout().contains("size: 80 24 [True, True, True]"));
    wait_until("it has read", || running.stdout().contains("got hello"));
    drop((writer, invocation));
    wait_until("it has read all", || running.stdout().contains("got and"));
    wait_until("it sees the end", || running.stdout().contains("end of input"));
    wait_until_ready(&home);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_long_input_that_is_not_read_holds_nothing_up() {
    let home = Home::new();
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let invocation = run(&home, &["--tty"], "").stdin(reader);
    let running = invocation.start();
    std::thread::spawn(move || writer.write_all(&b"a line\n".repeat(1 << 18)));
    wait_until_ready(&home);
    assert_eq!(home.ask("status --app web").code, Some(0));
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_terminal_is_for_a_person() {
    let home = Home::new();
    for option in ["--json", "--detach"] {
        let ended = run(&home, &["--tty", option], "").run();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("--tty") && ended.stderr.contains(option), "{ended:?}");
    }
}

/// Counts each SIGINT with a mark, and ends by the first, or never.
fn interrupted(ends: bool) -> String {
    let end = if ends { "os._exit(5)" } else { "pass" };
    format!(
        "
count = 0
def interrupted(*_):
    global count
    count += 1
    mark('interrupt-%d' % count)
    {end}
signal.signal(signal.SIGINT, interrupted)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
mark('started')"
    )
}

/// `run` at a terminal, once its program is ready.
fn at_terminal(home: &Home, terminal: &PseudoTerminal, invocation: Invocation) -> Running {
    let running = terminal.around(invocation).start();
    wait_until_ready(home);
    running
}

#[test]
fn ctrl_c_interrupts_the_program_once_and_the_launch_ends_with_it() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let running = at_terminal(&home, &terminal, run(&home, &[], &interrupted(true)));
    terminal.type_keys("\x03");
    assert_eq!(running.exit().code, Some(0), "{}", terminal.shown());
    assert!(home.path().join("interrupt-1").exists());
    assert!(!home.path().join("interrupt-2").exists());
    assert!(home.events("server_restarting").is_empty());
    assert_eq!(home.last("server_exited")["exit_code"], 5);
}

#[test]
fn a_second_ctrl_c_kills_the_tree() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let run = run(&home, &["--stop-timeout", "10m"], &interrupted(false));
    let running = at_terminal(&home, &terminal, run);
    terminal.type_keys("\x03");
    wait_for_mark(&home, "interrupt-1");
    let first = Instant::now();
    wait_until("it is another one", || first.elapsed() > Duration::from_millis(600));
    let program = main_process(&home);
    terminal.type_keys("\x03");
    assert_eq!(running.exit().code, Some(0), "{}", terminal.shown());
    assert!(program.has_ended());
    assert!(!home.path().join("interrupt-2").exists());
    assert_eq!(home.last("server_exited")["signal"], 9);
}

#[test]
fn ctrl_z_stops_the_launcher_alone() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let script = "\"$@\"; echo is stopped; read line; fg >/dev/null; echo over $?";
    let shell = terminal.in_shell(script, run(&home, &[], "")).start();
    wait_until_ready(&home);
    let (launcher, program) = (launcher(&shell), main_process(&home));
    terminal.type_keys("\x1a");
    terminal.wait_until_shown("is stopped");
    assert!(launcher.is_stopped() && !program.is_stopped());
    let port = home.last("server_ready")["port"].as_u64().expect("a port") as u16;
    std::net::TcpStream::connect(("127.0.0.1", port)).expect("it serves on");
    let status = home.command("status --app web").run();
    assert!(status.stderr.contains("stopped"), "{status:?}");
    terminal.type_keys("\r");
    wait_until("it goes on", || !launcher.is_stopped());
    assert_eq!(home.command("status --app web").run().code, Some(0));
    terminal.type_keys("\x03");
    terminal.wait_until_shown("over 0");
    shell.exit();
}

#[test]
fn a_terminal_that_is_closed_ends_the_launch_and_the_tree() {
    for options in [&["--tty"][..], &[]] {
        let home = Home::new();
        let terminal = PseudoTerminal::new(24, 80);
        let invocation = run(&home, options, "");
        let running = at_terminal(&home, &terminal, invocation);
        let program = main_process(&home);
        let port = home.last("server_ready")["port"].as_u64().expect("a port") as u16;
        terminal.close();
        assert_eq!(running.exit().code, Some(0));
        assert!(program.has_ended() && is_free(port));
    }
}

#[test]
fn a_program_reads_what_is_typed_also_without_a_terminal_of_its_own() {
    let home = Home::new();
    let terminal = PseudoTerminal::new(24, 80);
    let body = "for line in sys.stdin: print('got', line.strip(), flush=True)";
    let running = at_terminal(&home, &terminal, run_to_end(&home, &[], body));
    terminal.type_keys("hello\r");
    terminal.wait_until_shown("got hello");
    terminal.type_keys("\x04");
    assert_eq!(running.exit().code, Some(0), "it has read the end");
}

#[test]
fn a_terminal_that_is_held_holds_nothing_up() {
    for options in [&["--tty"][..], &[]] {
        let home = Home::new();
        let terminal = PseudoTerminal::new(24, 80);
        let body = "
print('serves', flush=True)
while not os.path.exists(os.environ['HOMEPORT_HOME'] + '/go'): time.sleep(0.01)
for number in range(30000): print('%-99d' % number)
sys.stdout.flush()
mark('written')";
        let running = at_terminal(&home, &terminal, run(&home, options, body));
        terminal.wait_until_shown("serves");
        terminal.hold();
        fs::write(home.path().join("go"), "").expect("written");
        wait_for_mark(&home, "written");
        let asked = Instant::now();
        assert_eq!(home.ask("stop --app web").code, Some(0));
        let ended = running.exit();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(asked.elapsed() < Duration::from_secs(7), "{:?}", asked.elapsed());
        assert!(kept(&home).len() > 30_000);
    }
}
