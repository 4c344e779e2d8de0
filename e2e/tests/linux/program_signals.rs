//! What signals and ends mean to `run`, by its exit code and its records.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use e2e::{Ended, Home, RunContext, WatchedProcess, program, skip, wait_until};
use rustix::process::Signal;

use crate::program_streams::{
    main_process, run, run_program, run_to_end, wait_for_mark, wait_until_ready,
};

/// Marks each signal that it gets, and ends by none but SIGTERM.
const MARKING: &str = "
for name in ('HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM'):
    def got(*_, name=name):
        mark(name)
        if name == 'TERM': os._exit(7)
    signal.signal(getattr(signal, 'SIG' + name), got)
mark('started')";

fn has_got(home: &Home, signal: &str) -> bool {
    home.path().join(signal).exists()
}

#[test]
fn sigterm_sends_the_stop_signal_and_others_are_not_passed_on() {
    let home = Home::new();
    let mut running = run(&home, &[], MARKING).at(&RunContext::with_default_signals()).start();
    wait_for_mark(&home, "started");
    wait_until_ready(&home);
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
        running.signal(signal);
    }
    // What it does with them is done when it answers.
    assert_eq!(home.ask("status --app web").code, Some(0));
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(has_got(&home, "TERM"));
    for other in ["HUP", "INT", "QUIT", "USR1", "USR2"] {
        assert!(!has_got(&home, other), "{other}");
    }
    assert_eq!(home.last("server_exited")["exit_code"], 7);
}

#[test]
fn another_stop_signal_is_sent_in_its_place() {
    let home = Home::new();
    let body =
        format!("{MARKING}\nsignal.signal(signal.SIGUSR1, lambda *_: (mark('USR1'), os._exit(0)))");
    let running = run(&home, &["--stop-signal", "SIGUSR1"], &body).start();
    wait_until_ready(&home);
    assert_eq!(running.stop().code, Some(0));
    assert!(has_got(&home, "USR1") && !has_got(&home, "TERM"));
}

/// How long a tree may live when its launcher is gone: the stop timeout and half a second, on a busy machine.
const PROMISED: Duration = Duration::from_secs(4);

#[test]
fn sigquit_ends_the_launcher_without_a_core_and_the_tree_in_time() {
    let home = Home::new();
    let context = RunContext::with_default_signals().through(["prlimit", "--core=unlimited"]);
    let body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); mark('started')";
    let mut running = run(&home, &[], body).at(&context).start();
    wait_for_mark(&home, "started");
    wait_until_ready(&home);
    let program = main_process(&home);
    running.signal(Signal::QUIT);
    let quit = Instant::now();
    wait_until("the program has ended", || program.has_ended());
    assert!(quit.elapsed() < PROMISED, "{:?}", quit.elapsed());
    let ended = running.exit();
    assert_eq!(ended.signal, Some(3), "{ended:?}");
    assert!(!has_got(&home, "QUIT"));
}

#[track_caller]
fn assert_failed(ended: &Ended, home: &Home, event: &str, exit_code: u64) {
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert_eq!(home.last(event)["exit_code"], exit_code, "{ended:?}");
    assert_eq!(home.last("launch_failed")["exit_code"], 75);
    for line in 3..8 {
        assert!(ended.stderr.contains(&format!("line {line} of it")), "{ended:?}");
    }
    let said = ended.stderr.split("error:").last().expect("an error");
    assert!(!said.contains("line 2 of it"), "{ended:?}");
}

/// Writes seven lines to stdout.
const SEVEN_LINES: &str = "
for number in range(1, 8): print('line', number, 'of it', flush=True)";

#[test]
fn a_failure_after_ready_is_75_with_the_last_lines_where_there_is_no_restart() {
    let home = Home::new();
    let body = format!(
        "mark('started')
while not os.path.exists(os.environ['HOMEPORT_HOME'] + '/go'): time.sleep(0.01)
{SEVEN_LINES}
sys.exit(4)"
    );
    let running = run_to_end(&home, &["--restart", "never"], &body).start();
    wait_until_ready(&home);
    fs::write(home.path().join("go"), "").expect("written");
    assert_failed(&running.exit(), &home, "server_exited", 4);
}

#[test]
fn a_program_that_was_never_ready_is_75_with_its_last_lines_whatever_its_exit_code() {
    for code in [0, 3] {
        let home = Home::new();
        let program = format!("import sys\n{SEVEN_LINES}\nsys.exit({code})");
        let ended = run_program(&home, &[], &program).run();
        assert_failed(&ended, &home, "server_exited", code);
    }
}

#[test]
fn an_end_with_0_after_ready_is_no_failure() {
    let home = Home::new();
    let body = "
while not os.path.exists(os.environ['HOMEPORT_HOME'] + '/go'): time.sleep(0.01)
sys.exit(0)";
    let running = run_to_end(&home, &[], body).start();
    wait_until_ready(&home);
    fs::write(home.path().join("go"), "").expect("written");
    let ended = running.exit();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(home.last("launch_stopped")["reason"], "server_finished");
}

/// The setuid bit, and what all users may do with a program.
const SETUID: u32 = 0o4755;

#[test]
fn a_process_that_refuses_our_signals_is_named() {
    let launcher = program("launcher");
    let Some(context) = RunContext::as_nobody(&launcher) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    // A program of root that becomes root altogether, and ends by itself if all goes wrong.
    let setpriv = home.path().join("setpriv");
    fs::copy("/usr/bin/setpriv", &setpriv).expect("a copy");
    std::os::unix::fs::chown(&setpriv, Some(0), Some(0)).expect("root may");
    fs::set_permissions(&setpriv, fs::Permissions::from_mode(SETUID)).expect("root may");
    let body = "
refusing = subprocess.Popen([os.environ['HOMEPORT_HOME'] + '/setpriv', '--reuid=0', 'sleep', '60'])
while True:
    state = open('/proc/%d/status' % refusing.pid).read()
    if 'Uid:\\t0\\t0\\t0' in state and 'Name:\\tsleep' in state: break
    if refusing.poll() is not None:
        mark('cannot')
        break
    time.sleep(0.01)
mark('pid-%d' % refusing.pid)
mark('started')";
    let running = run(&home, &[], body).at(&context).start();
    wait_for_mark(&home, "started");
    wait_until_ready(&home);
    if has_got(&home, "cannot") {
        return skip("this file system has no setuid programs");
    }
    let marks = fs::read_dir(home.path()).expect("a folder").flatten();
    let pid =
        marks.filter_map(|mark| mark.file_name().to_str()?.strip_prefix("pid-")?.parse().ok());
    let pid: u32 = pid.last().expect("a mark");
    let refusing = WatchedProcess::of(pid).expect("it runs");
    let asked = Instant::now();
    let ended = running.stop();
    let took = asked.elapsed();
    let was_left = !refusing.has_ended();
    refusing.kill();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert!(was_left && ended.stderr.contains(&pid.to_string()), "{ended:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let failed = home.last("launch_failed");
    assert_eq!((&failed["reason"], &failed["exit_code"]), (&"not_ended".into(), &75.into()));
}
