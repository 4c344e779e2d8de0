//! A launch in the background says what one in the terminal says, and its server may write where it likes.

use std::process::{Command, Stdio};

use e2e::{
    Ended, Home, Invocation, RunContext, Stranger, Tools, WatchedProcess, found, get, program,
    quiet_port, quiet_range, skip, wait_until,
};

/// The lines of a start, without what differs from launch to launch.
fn said(ended: &Ended) -> Vec<String> {
    let lines = ended.stdout.lines().chain(ended.stderr.lines());
    lines.filter(|line| !line.contains("stop")).map(ToOwned::to_owned).collect()
}

/// What a launch prints until it is ready, in the terminal.
fn attached(start: &Invocation) -> Vec<String> {
    let running = start.start();
    wait_until("the last line", || running.stdout().contains("Ctrl-C"));
    let ended = running.stop();
    let stopped = said(&ended);
    let is_of_start = |line: &String| !line.contains("Stopped") && !line.contains("Ctrl-C");
    stopped.into_iter().filter(is_of_start).collect()
}

/// Its name, and how it is made in a home and a range of ports.
type Situation = (&'static str, fn(&Home, &str) -> Option<Stranger>);

/// The situations in which a start has something to say, each made in a home of its own.
const SITUATIONS: [Situation; 3] = [
    ("the last good port is taken", |home, range| {
        let mut first = home.launcher().env("HOMEPORT_RANGE", range).start();
        let port = first.ready().port;
        first.stop();
        Some(Stranger::listening(&format!("127.0.0.1:{port}")))
    }),
    ("the assignment is no assignment", |home, range| {
        let mut first = home.launcher().env("HOMEPORT_RANGE", range).start();
        first.ready();
        first.stop();
        std::fs::write(home.assignment_file("server"), "no assignment").expect("written");
        None
    }),
    ("the first start", |_, _| None),
];

#[test]
fn a_launch_in_the_background_says_what_one_in_the_terminal_says() {
    for (situation, make) in SITUATIONS {
        let (home, range) = (Home::new(), quiet_range());
        let _about = make(&home, &range);
        let plain = home.launcher().without("--json");
        let in_terminal = attached(&plain.env("HOMEPORT_RANGE", range));

        let (twin, range) = (Home::new(), quiet_range());
        let _about = make(&twin, &range);
        let plain = twin.launcher().without("--json").env("HOMEPORT_RANGE", range);
        let ended = plain.arg("--detach").run();
        assert_eq!(ended.code, Some(0), "{situation}: {ended:?}");
        assert!(ended.stdout.contains("in the background"), "{situation}: {ended:?}");
        let words = |lines: &[String]| {
            let text = lines.join("\n");
            // Ports, pids, times and folders are each launch's own.
            let kept = text.split_whitespace().filter(|word| {
                !word.contains(|letter: char| letter.is_ascii_digit()) && !word.contains('/')
            });
            kept.map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(words(&said(&ended)), words(&in_terminal), "{situation}");
        assert_eq!(twin.ask("stop").code, Some(0));
    }
}

#[test]
fn programs_that_read_a_launch_in_the_background_get_the_conflict_as_well() {
    let home = Home::new();
    let launcher = home.launcher().env("HOMEPORT_RANGE", quiet_range());
    let mut first = launcher.start();
    let port = first.ready().port;
    first.stop();
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let ended = launcher.arg("--detach").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.line("port_conflict")["holder"]["pid"], stranger.pid, "{ended:?}");
    assert!(ended.stdout.lines().all(|line| line.starts_with('{')), "{ended:?}");
    assert_eq!(home.ask("stop").code, Some(0));
}

/// A server that logs to stderr, as most do.
#[test]
fn a_server_that_writes_to_stderr_finds_a_reader_after_the_start() {
    let home = Home::new();
    let port = quiet_port();
    let ended = home.launcher().port(port).fake(&[]).arg("--detach").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for _ in 0..3 {
        let answer = get(&format!("http://127.0.0.1:{port}/log")).expect("an answer");
        assert_eq!(answer.status, 200);
    }
    assert_eq!(home.ask("stop").code, Some(0));
}

/// `launcher start 2>&1 | head -1`.
#[test]
fn a_server_goes_on_when_the_reader_of_the_launchers_output_is_gone() {
    let home = Home::new();
    let port = quiet_port();
    let fake = program("fake_server").display().to_string();
    home.set("server", format!("command = {}", serde_json::json!([fake])));
    let mut launch = Command::new(program("launcher"));
    launch.args(["--no-open", "--port", &port.to_string()]).env("HOMEPORT_HOME", home.path());
    launch.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut launch = launch.spawn().expect("started");
    drop((launch.stdout.take(), launch.stderr.take()));
    wait_until("the server is ready", || home.ask("where").code == Some(0));
    let answer = get(&format!("http://127.0.0.1:{port}/log")).expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(home.ask("stop").code, Some(0));
    assert!(launch.wait().expect("our child").success());
}

/// What went wrong is on stderr for a person in each form, and with `--json` also on stdout for a program.
#[test]
fn a_start_that_fails_says_the_same_attached_detached_and_in_json() {
    let stranger = Stranger::listening("127.0.0.1:0");
    let port = stranger.port.to_string();
    for (situation, variable, value, code) in [
        ("the port is taken", "HOMEPORT_PORT", port.as_str(), 69),
        ("a variable is wrong", "HOMEPORT_RANGE", "x", 2),
    ] {
        let forms = [(false, false), (false, true), (true, false), (true, true)];
        let errors = forms.map(|(in_json, is_detached)| {
            let home = Home::new();
            let launch = home.launcher().env(variable, value);
            let launch = if in_json { launch } else { launch.without("--json") };
            let ended = if is_detached { launch.arg("--detach").run() } else { launch.run() };
            assert_eq!(ended.code, Some(code), "{situation}: {ended:?}");
            assert!(ended.stdout.lines().all(|line| line.starts_with('{')), "{ended:?}");
            if in_json {
                assert_eq!(ended.line("launch_failed")["exit_code"], code, "{ended:?}");
            } else {
                assert_eq!(ended.stdout, "", "{situation}");
            }
            // The log is in a folder of its own.
            let is_told = |line: &&str| !line.trim_start().starts_with("log:");
            ended.stderr.lines().filter(is_told).map(ToOwned::to_owned).collect::<Vec<_>>()
        });
        assert!(errors[0].iter().any(|line| line.starts_with("error: ")), "{errors:?}");
        for other in &errors[1..] {
            assert_eq!(other, &errors[0], "{situation}");
        }
    }
}

#[test]
fn a_server_alone_that_fails_says_so_on_stderr_in_both_forms() {
    let stranger = Stranger::listening("127.0.0.1:0");
    let errors = [false, true].map(|in_json| {
        let home = Home::new();
        let server = home.server().port(stranger.port);
        let ended = if in_json { server.run() } else { server.without("--json").run() };
        assert_eq!(ended.code, Some(69), "{ended:?}");
        if in_json {
            assert_eq!(ended.line("port_conflict")["port"], stranger.port);
        }
        // Which port is free is another each time.
        ended.stderr.lines().filter(|line| !line.contains("--port")).collect::<Vec<_>>().join("\n")
    });
    assert!(errors[0].starts_with("error: port "), "{errors:?}");
    assert_eq!(errors[0], errors[1]);
}

#[test]
fn a_start_that_finds_the_app_running_says_the_same_in_the_background() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let plain = home.launcher().without("--json");
    let [attached, detached] = [plain.run(), plain.arg("--detach").run()];
    for ended in [&attached, &detached] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(&ready.url), "{ended:?}");
    }
    assert_eq!((detached.stdout, detached.stderr), (attached.stdout, attached.stderr));
    let found = home.launcher().arg("--detach").run();
    assert_eq!(found.line("instance_found")["port"], ready.port);
}

#[test]
fn a_start_without_a_browser_warns_in_the_background_too() {
    let home = Home::new();
    let tools = Tools::of(&home);
    let launch = home.launcher().without("--json").without("--no-open");
    let launch = launch.port(quiet_port()).env("PATH", tools.path());
    let attached = launch.start();
    wait_until("it warns", || attached.stderr().contains("no browser could be opened"));
    let attached = attached.stop();
    let detached = launch.arg("--detach").run();
    assert_eq!(detached.code, Some(0), "{detached:?}");
    assert_eq!(home.ask("stop").code, Some(0));
    assert_eq!(detached.stderr, attached.stderr);
}

/// As under `flock`, or in a script that waits for the end of a pipe.
#[test]
fn a_launch_in_the_background_keeps_no_file_of_the_program_that_started_it() {
    if !found("flock") {
        return skip("flock (util-linux) is missing");
    }
    let home = Home::new();
    let lock = home.path().join("lock");
    let locked =
        RunContext::direct().through(["flock", "--nonblock", lock.to_str().expect("text")]);
    let started = home.launcher().arg("--detach").at(&locked).run();
    assert_eq!(started.code, Some(0), "{started:?}");
    let again = home.command("where").at(&locked).run();
    assert_eq!(again.code, Some(0), "the lock is free: {again:?}");
    assert_eq!(home.command("stop").run().code, Some(0));
}

/// A flood must not take the place of what ends the wait.
#[test]
fn a_start_returns_when_its_server_is_ready_however_much_that_writes_before() {
    let home = Home::new();
    let ended = home.launcher().fake(&["noisy"]).arg("--detach").run();
    assert_eq!(ended.code, Some(0), "{:?}", ended.code);
    assert_eq!(ended.line("server_ready")["app"], "server");
    assert_eq!(home.ask("stop").code, Some(0));
}

#[test]
fn a_launcher_that_is_killed_before_its_server_is_ready_is_said_to_be() {
    let home = Home::new();
    let start = home.launcher().fake(&["never-ready"]).arg("--detach").start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    let launcher = home.last("server_spawned")["pid"].as_u64().expect("a number");
    WatchedProcess::of(u32::try_from(launcher).expect("a pid")).expect("it runs").kill();
    let ended = start.exit();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert!(ended.stderr.contains("signal 9 ended the launcher"), "{ended:?}");
}
