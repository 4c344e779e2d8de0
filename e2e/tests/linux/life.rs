//! The life and the end of a launch.

use std::{fs, process::Stdio};

use e2e::{
    Home, RunContext, Stranger, copy_program, found, get, is_free, program, quiet_port, skip,
    wait_until,
};
use rustix::process::Signal;
use shared::app::AppName;

/// I9: the kernel ends it, if it does not notice.
#[test]
fn a_server_that_ignores_its_launcher_does_not_outlive_it() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).fake(&["deaf"]).start();
    running.ready();
    running.assert_leaves_nothing_behind(port);
}

#[track_caller]
fn assert_ends_well_by(signal: Signal) {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    running.signal(signal);
    let ended = running.exit();
    assert_eq!(ended.code, Some(0), "{signal:?}: {ended:?}");
    assert!(is_free(port), "{signal:?}");
    let stopped = home.last("launch_stopped");
    assert_eq!((&stopped["exit_code"], &stopped["by"]), (&0.into(), &"signal".into()));
    assert_eq!(home.last("port_released")["by"], "signal");
    assert_eq!(home.last("server_exited")["exit_code"], 0);
    let folders = home.folders();
    let app = AppName::default();
    assert!(!folders.discovery(&app).exists() && !folders.token(&app).exists(), "{signal:?}");
}

#[test]
fn a_launch_that_is_asked_to_end_ends_well_and_leaves_the_port_free() {
    for signal in [Signal::TERM, Signal::INT] {
        assert_ends_well_by(signal);
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_launch_well() {
    if !found("script") {
        return skip("script (bsdutils) is missing");
    }
    let (home, port) = (Home::new(), quiet_port());
    let launcher = program("launcher");
    let line = format!("exec {} --no-open --json --port {port}", launcher.display());
    let mut terminal = RunContext::with_default_signals().command("script");
    terminal.args(["-qefc", &line, "/dev/null"]).env_clear().env("HOMEPORT_HOME", home.path());
    terminal.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    terminal.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut terminal = terminal.spawn().expect("it starts");
    wait_until("the server is ready", || !home.events("port_assigned").is_empty());
    terminal.kill().expect("it is ours");
    terminal.wait().expect("it has ended");
    wait_until("the launch has stopped", || !home.events("launch_stopped").is_empty());
    assert_eq!(home.last("server_exited")["exit_code"], 0);
    wait_until("the port is free", || is_free(port));
}

#[test]
fn a_hangup_that_is_none_reads_the_settings_again_and_says_what_changed() {
    let home = Home::new();
    let heard = RunContext::with_default_signals();
    let mut running = home.launcher().at(&heard).setting("restart = \"never\"").start();
    running.ready();
    home.set("server", "restart = \"never\"\nready_timeout = \"3s\"\n");
    running.signal(Signal::HUP);
    let told = running.line("settings_changed");
    assert_eq!((&told["key"], &told["to"]), (&"ready_timeout".into(), &"\"3s\"".into()));
    assert!(home.last("settings_changed")["from"].is_null());
    running.signal(Signal::HUP);
    running.line("settings_unchanged");
    assert_eq!(home.command("settings set redirect_for 7s").run().code, Some(0));
    running.signal(Signal::HUP);
    wait_until("it is said", || running.stdout().contains("\"redirect_for\""));
    let recorded = home.events("settings_changed");
    let of_command = recorded.iter().filter(|record| record["key"] == "redirect_for").count();
    assert_eq!(of_command, 1, "the command has recorded it: {recorded:?}");
    home.set("server", "prot = 1\n");
    running.signal(Signal::HUP);
    wait_until("the mistake is reported", || running.stderr().contains("did you mean `port`?"));
    assert_eq!(running.stop().code, Some(0));
}

/// The launch does not return to the home port while it serves on the other; it prints a message.
#[test]
fn a_home_port_that_becomes_free_again_is_told_once_and_gone_back_to_at_the_next_start() {
    let (home, port) = (Home::new(), quiet_port());
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut running = home.launcher().home_port(port).start();
    assert_ne!(running.ready().port, port);
    drop(stranger);
    let is_told = |record: &serde_json::Value| record["reason"] == "home_port_free";
    let told = || home.events("port_released").into_iter().filter(is_told).count();
    wait_until("the home port is said to be free", || told() == 1);
    let line = running.line("port_released");
    assert_eq!((&line["port"], &line["reason"]), (&port.into(), &"home_port_free".into()));
    running.stop();
    assert_eq!(told(), 1);
    let mut running = home.launcher().home_port(port).start();
    assert_eq!(running.ready().port, port);
    running.stop();
}

/// What the launcher prints on stdout when it starts, and why the port is another than last time.
fn started_again(home: &Home) -> (String, u64, serde_json::Value) {
    let running = home.launcher().without("--json").start();
    let assigned = home.events("port_assigned").len() + 1;
    wait_until("the port is remembered", || home.events("port_assigned").len() == assigned);
    wait_until("it is said", || running.stdout().contains("Ctrl-C stops it."));
    let said = running.stop().stdout;
    let moved = home.last("port_moved");
    (said, moved["to"].as_u64().expect("a port"), moved["why"].clone())
}

#[test]
fn a_home_port_that_is_free_again_is_gone_back_to_for_that_reason_and_it_is_said() {
    let (home, port) = (Home::new(), quiet_port());
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut running = home.launcher().home_port(port).start();
    let other = running.ready().port;
    running.stop();
    drop(stranger);
    let (said, to, why) = started_again(&home);
    assert_eq!((to, &why), (u64::from(port), &"home_port_free".into()));
    let piece = format!("Last time it was port {other}; your home port {port} is used");
    assert!(said.contains(&piece), "no `{piece}`: {said}");
}

/// Nothing kept the app from it before: the person has set it since.
#[test]
fn a_home_port_that_was_set_since_is_used_because_it_was_asked_for() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().start();
    let other = running.ready().port;
    assert_ne!(other, port);
    running.stop();
    home.set("server", format!("port = {port}\n"));
    let (said, to, why) = started_again(&home);
    assert_eq!((to, &why), (u64::from(port), &"asked".into()));
    assert!(said.contains(&format!("Last time it was port {other}")), "{said}");
    // From now on it is the port of last time.
    let mut running = home.launcher().start();
    assert_eq!(running.ready().port, port);
    running.stop();
    assert_eq!(home.events("port_moved").len(), 1);
}

#[test]
fn a_launch_that_is_asked_to_end_before_its_server_is_ready_ends_at_once() {
    let home = Home::new();
    let launch = home.launcher().fake(&["never-ready"]).setting("ready_timeout = \"10m\"");
    let running = launch.start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    // The limit of this is a tenth of the time that the server has to become ready.
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let record = home.last("launch_stopped");
    assert_eq!(record["by"], "signal");
    let told = ended.line("launch_stopped");
    assert!(
        ["port", "reason", "by", "exit_code"].iter().all(|key| told[key] == record[key]),
        "{told}"
    );
}

#[test]
fn a_server_that_ignores_the_request_to_end_is_ended_by_the_second() {
    let home = Home::new();
    let mut running = home.launcher().fake(&["deaf"]).setting("stop_timeout = \"10m\"").start();
    running.ready();
    // The limit of this is a tenth of the time that the server has to end. Asked again until it
    // ends: a request that comes before the first was heard is the same one.
    wait_until("it ends", || {
        running.has_ended() || {
            running.signal(Signal::TERM);
            false
        }
    });
    assert_eq!(running.exit().code, Some(0));
    assert_eq!(home.last("server_exited")["signal"], 9);
}

#[test]
fn a_server_that_keeps_failing_is_given_up_after_five_times() {
    let home = Home::new();
    let ended = home.launcher().fake(&["ready-then-exit=1"]).run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let spawned = home.events("server_spawned");
    assert_eq!(spawned.len(), 5);
    assert!(spawned.iter().all(|server| server["port"] == spawned[0]["port"]));
    let gave_up = home.last("launch_gave_up");
    for key in ["port", "server_pid"] {
        assert_eq!(gave_up[key], spawned[4][key], "{gave_up}");
    }
    let delays: Vec<_> = home
        .events("server_restarting")
        .iter()
        .map(|r| r["delay_ms"].as_f64().expect("a delay"))
        .collect();
    assert_eq!(delays, [100.0, 200.0, 400.0, 800.0]);
    assert_eq!((&gave_up["exit_code"], &gave_up["why"]), (&1.into(), &"failed_too_often".into()));
    assert_eq!(home.last("launch_failed")["exit_code"], 75);
}

#[test]
fn a_server_that_could_not_be_started_is_recorded_with_the_reason() {
    let home = Home::new();
    let copy = home.path().join("copy of the server");
    copy_program("fake_server", &copy);
    let mut running = home.launcher().setting(format!("command = ['{}']", copy.display())).start();
    running.ready();
    fs::remove_file(&copy).expect("it was there");
    for request in ["restart", "move"] {
        assert_eq!(home.ask(request).code, Some(75), "{request}");
        let exited = home.last("server_exited");
        assert!(exited["server_pid"].is_null(), "{request}: {exited}");
        let told = home.command("history --event server_exited").run().stdout;
        let sentence = format!("The server could not be started: {}: No such file", copy.display());
        assert!(
            told.lines().last().is_some_and(|line| line.contains(&sentence)),
            "{request}: {told}"
        );
    }
    running.server().kill();
    assert_eq!(running.exit().code, Some(75));
    let told = home.command("history").run().stdout;
    assert!(!told.contains("the cause is unknown"), "{told}");
}

#[test]
fn a_server_that_ends_about_its_port_or_its_settings_is_not_started_again_as_it_was() {
    for code in [69, 78] {
        let home = Home::new();
        let ended = home.launcher().fake(&[&format!("ready-then-exit={code}")]).run();
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(home.events("server_spawned").len(), 1);
        assert_eq!(home.last("server_exited")["exit_code"], code);
    }
}

#[test]
fn a_server_that_ends_content_ends_the_launch() {
    let home = Home::new();
    let ended = home.launcher().fake(&["ready-then-exit=0"]).run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(home.events("server_spawned").len(), 1);
}

#[test]
fn a_person_who_wants_no_restart_gets_none() {
    let home = Home::new();
    let ended = home.launcher().fake(&["ready-then-signal=9"]).setting("restart = \"never\"").run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert_eq!(home.events("server_spawned").len(), 1);
    let gave_up = home.last("launch_gave_up");
    assert_eq!((&gave_up["signal"], &gave_up["why"]), (&9.into(), &"never_restarted".into()));
}

/// What a server prints is no reason to end it once it serves.
#[test]
fn a_server_that_chatters_while_it_serves_is_left_to_serve() {
    let home = Home::new();
    let mut running = home.launcher().fake(&[]).start();
    let ready = running.ready();
    for _ in 0..3 {
        get(&format!("{}garbage", ready.url)).expect("it serves");
    }
    // It may be told to end before it has answered.
    let _ = get(&format!("{}stop", ready.url));
    assert_eq!(running.exit().code, Some(0));
    assert_eq!(home.last("launch_stopped")["reason"], "asked");
}

/// What `nohup` asks for.
#[test]
fn a_launch_that_was_told_to_outlive_its_terminal_does() {
    let (home, port) = (Home::new(), quiet_port());
    let deaf = RunContext::direct().through(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    let mut running = home.launcher().at(&deaf).port(port).start();
    let ready = running.ready();
    running.signal(Signal::HUP);
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
    assert!(!running.has_ended());
    assert_eq!(running.stop().code, Some(0));
}

/// I12.
#[test]
fn nothing_listens_beyond_loopback() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| std::fs::read_to_string(table).expect("Linux"));
    let at_port = format!(":{port:04X}");
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let rows = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    let mut listening: Vec<_> =
        rows.filter(|row| row[1].ends_with(&at_port) && row[3] == "0A").map(|row| row[1]).collect();
    listening.sort_unstable();
    let loopbacks = ["00000000000000000000000001000000", "0100007F"]
        .map(|address| address.to_owned() + at_port.as_str());
    assert!(
        !listening.is_empty()
            && listening.iter().all(|address| loopbacks.iter().any(|l| l == address)),
        "{listening:?}"
    );
}
