//! How a program ends, and what the launcher makes of it.

use std::time::{Duration, Instant};

use e2e::{Ended, ProgramTree, script, wait_until};
use rustix::process::Signal;

use super::{STOP_TIMEOUT, STOP_TIMEOUT_OPTION, project};

#[test]
fn a_program_that_ends_before_it_is_ready_is_started_once_and_its_last_lines_are_printed() {
    for end in ["sys.exit(0)", "sys.exit(1)", "sys.exit(255)", "os.kill(os.getpid(), 11)"] {
        let Some(project) = project("ends") else { return };
        let text = format!("[print('line', n, flush=True) for n in range(7)]\n{end}");
        let ended = project.run().runs(script(&text)).run();
        assert_eq!(ended.code, Some(75), "{end}: {ended:?}");
        assert_eq!(project.home.count("server_spawned"), 1);
        assert!(
            ended.stderr.contains("line 2\n") && ended.stderr.contains("line 6\n"),
            "{ended:?}"
        );
        assert!(!ended.stderr.contains("line 1\n"), "more than five lines: {ended:?}");
        assert_eq!(project.home.count("server_ready"), 0);
    }
}

/// A program that ends `so` as soon as the second connection is made; the first is that of the launcher.
fn ends(so: &str) -> Vec<String> {
    script(&format!(
        "
s = listen()
threading.Thread(target=serve, args=(s,), daemon=True).start()
while not os.path.exists('go'): time.sleep(0.01)
os.remove('go')
{so}"
    ))
}

fn end_after_ready(options: &[&str], so: &str) -> Option<(e2e::Project, Ended)> {
    let project = project("ends")?;
    let run = options.iter().fold(project.run(), |run, option| run.arg(*option));
    let mut running = run.args(STOP_TIMEOUT_OPTION).runs(ends(so)).start();
    running.ready();
    project.write("go", "");
    Some((project, running.exit()))
}

#[test]
fn a_program_that_ends_with_0_after_it_was_ready_ends_the_launch_with_0() {
    let Some((project, ended)) = end_after_ready(&[], "os._exit(0)") else { return };
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(project.home.count("server_spawned"), 1);
}

#[test]
fn a_failure_of_a_program_that_is_never_started_again_is_75() {
    for so in ["os._exit(1)", "os._exit(70)", "os._exit(78)", "os.kill(os.getpid(), 11)"] {
        let Some((project, ended)) = end_after_ready(&["--restart", "never"], so) else { return };
        assert_eq!(ended.code, Some(75), "{so}: {ended:?}");
        assert_eq!(project.home.count("server_spawned"), 1);
    }
}

/// To a program only 0 has a meaning, so every other code is tried again.
#[test]
fn a_program_that_fails_after_it_was_ready_is_started_again_on_its_port() {
    for so in ["os._exit(2)", "os._exit(69)", "os.kill(os.getpid(), 11)"] {
        let Some(project) = project("fails") else { return };
        let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(ends(so)).start();
        let port = running.ready().port;
        project.write("go", "");
        wait_until("it is ready again", || project.home.count("server_ready") == 2);
        assert_eq!(project.home.last("server_ready")["port"], port);
        assert_eq!(running.stop().code, Some(0));
    }
}

#[test]
fn a_program_that_keeps_failing_is_given_up_with_75() {
    let Some(project) = project("fails") else { return };
    let text = "
s = listen()
threading.Thread(target=serve, args=(s,), daemon=True).start()
while not os.path.exists('go'): time.sleep(0.01)
os._exit(9)";
    let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
    running.ready();
    project.write("go", "");
    let ended = running.exit();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert_eq!(project.home.count("launch_gave_up"), 1);
}

#[test]
fn ctrl_c_and_sigterm_end_a_launch_with_0() {
    for (signal, number) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")] {
        let Some(project) = project("asked") else { return };
        let text = "
def asked(number, _):
    print('got', signal.Signals(number).name, flush=True)
    os._exit(0)
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, asked)
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
until_signal()";
        let context = e2e::RunContext::with_default_signals();
        let run = project.run().at(&context).without("--json").args(STOP_TIMEOUT_OPTION);
        let mut running = run.runs(script(text)).start();
        wait_until("it is ready", || project.home.count("server_ready") > 0);
        running.signal(signal);
        let ended = running.exit();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(&format!("got {number}\n")), "{ended:?}");
    }
}

#[test]
fn the_stop_signal_is_the_one_that_is_asked_for() {
    let Some(project) = project("asked") else { return };
    let text = "
signal.signal(signal.SIGUSR2, lambda *_: os._exit(0))
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
until_signal()";
    let run = project.run().args(["--stop-signal", "SIGUSR2", "--stop-timeout", "30s"]);
    let mut running = run.runs(script(text)).start();
    running.ready();
    let asked = Instant::now();
    assert_eq!(running.stop().code, Some(0));
    assert!(asked.elapsed() < Duration::from_secs(30), "it was killed");
}

#[test]
fn a_second_signal_ends_a_program_that_does_not_end() {
    let Some(project) = project("stubborn") else { return };
    let text = "
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda *_: open('asked', 'w'))
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
until_signal()";
    let run = project.run().args(["--stop-timeout", "30s"]).runs(script(text));
    let mut running = run.start();
    let ready = running.ready();
    let tree = ProgramTree::of(&running, &ready);
    running.signal(Signal::TERM);
    wait_until("it is asked", || project.folder().join("asked").exists());
    let until = Instant::now() + Duration::from_millis(600);
    wait_until("a person presses it again", || Instant::now() > until);
    let asked = Instant::now();
    running.signal(Signal::TERM);
    tree.assert_leaves_nothing(asked, STOP_TIMEOUT);
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn a_program_that_ignores_its_stop_signal_is_killed_after_its_time() {
    let Some(project) = project("stubborn") else { return };
    let text = "
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Thread(target=serve, args=(listen(),), daemon=True).start()
until_signal()";
    for signal in [Signal::TERM, Signal::KILL] {
        let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
        let ready = running.ready();
        let tree = ProgramTree::of(&running, &ready);
        let asked = Instant::now();
        running.signal(signal);
        tree.assert_leaves_nothing(asked, STOP_TIMEOUT);
        running.exit();
    }
}
