//! What a running launch answers when it is asked for something: at a good moment, and at a bad
//! one.

use e2e::{Home, Running, WatchedProcess, get, is_free, quiet_port, wait_for, wait_until};
use rustix::process::Signal;
use shared::{app::AppName, discovery::Discovery};

use crate::control::say;

/// A launch whose first server serves well, and whose second never becomes ready.
fn launch(home: &Home, order: &str) -> Running {
    let launch = home.launcher().port(quiet_port()).fake(&[&format!("after-first:{order}")]);
    let mut running = launch.start();
    running.ready();
    running
}

/// A command that is left waiting until the second server has been started.
fn waiting(home: &Home, words: &[&str]) -> Running {
    let launch = words[1..].iter().fold(home.command(words[0]), |launch, word| launch.arg(*word));
    let waiting = launch.start();
    wait_until("its server is started", || home.events("server_spawned").len() == 2);
    waiting
}

#[test]
fn status_says_why_no_start_can_use_the_home_port() {
    let (home, avoided) = (Home::new(), quiet_port());
    let mut running = home.launcher().start();
    running.ready();
    let status = |settings: &str| {
        home.set("server", settings);
        home.command("status").run().stdout
    };
    let blocked = status("port = 6000\n");
    assert!(blocked.contains("6000, which a start cannot use: browsers block"), "{blocked}");
    assert_eq!(home.ask("status").line("status")["home_port"], 6000);
    let avoided = status(&format!("port = {avoided}\navoid = [{avoided}]\n"));
    assert!(avoided.contains("tried at the next start"), "{avoided}");
}

#[test]
fn status_tells_programs_how_it_is() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().home_port(port).start();
    let ready = running.ready();
    let told = home.ask("status");
    assert_eq!(told.code, Some(0), "{told:?}");
    let status = told.line("status");
    for (key, value) in [
        ("app", "server".into()),
        ("state", "serving".into()),
        ("url", (*ready.url).into()),
        ("port", port.into()),
        ("origin", "home".into()),
        ("launch_id", (*ready.launch_id).into()),
        ("launcher_pid", running.pid().into()),
        ("server_pid", ready.server_pid.into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("restarts", 0.into()),
        ("home_port", port.into()),
        ("last_conflict", serde_json::Value::Null),
    ] {
        assert_eq!(status[key], value, "{key}: {status}");
    }
    for key in ["uptime_ms", "launcher_memory_bytes", "server_memory_bytes"] {
        assert!(status[key].as_f64().is_some_and(|number| number > 0.0), "{key}: {status}");
    }
    assert!(status["started_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{status}");

    let told = home.command("status").run();
    for piece in [&*ready.url, "serving", &format!("port {port} (the home port)"), "restarts: 0"] {
        assert!(told.stdout.contains(piece), "no `{piece}`: {told:?}");
    }
    home.ask("restart");
    assert_eq!(home.ask("status").line("status")["restarts"], 1);
}

#[test]
fn a_restart_or_a_move_while_it_starts_is_refused() {
    let home = Home::new();
    let running = home.launcher().port(quiet_port()).fake(&["never-ready"]).start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    assert_eq!(say(&home, "{\"ask\":\"status\"}")["state"], "starting");
    for request in ["{\"ask\":\"restart\"}", "{\"ask\":\"move\",\"port\":null}"] {
        let answer = say(&home, request);
        assert_eq!(answer["answer"], "refused", "{answer}");
        assert!(answer["reason"].to_string().contains("still starting"), "{answer}");
    }
    assert_eq!(home.ask("stop").code, Some(0));
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn version_is_that_of_the_launcher_while_it_starts() {
    let home = Home::new();
    let _running = home.launcher().port(quiet_port()).fake(&["never-ready"]).start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    assert_eq!(home.ask("version").line("version")["running"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_restart_that_takes_long_says_once_what_it_waits_for() {
    let home = Home::new();
    let _running = launch(&home, "never-ready");
    let restart = waiting(&home, &["restart"]);
    let said = "waiting for a server of server";
    wait_until("it says so", || restart.stderr().contains(said));
    assert_eq!(home.ask("stop").code, Some(0));
    let restart = restart.exit();
    assert_eq!((restart.code, restart.stderr.matches(said).count()), (Some(75), 1), "{restart:?}");
}

#[test]
fn only_one_restart_or_move_is_under_way_at_a_time() {
    let to = quiet_port().to_string();
    for first in [&["move", &to][..], &["restart"]] {
        let home = Home::new();
        let running = launch(&home, "never-ready");
        let first = waiting(&home, first);
        let moved = home.ask("move");
        assert_eq!(moved.code, Some(75), "{moved:?}");
        let restarted = home.ask("restart");
        assert_eq!(restarted.code, Some(75), "{restarted:?}");
        for refused in [moved, restarted] {
            assert!(refused.stderr.contains("under way"), "{refused:?}");
        }
        assert_eq!(home.ask("status").line("status")["state"], "serving");
        assert_eq!(home.events("server_spawned").len(), 2);

        // The end of the launch ends what is under way.
        let servers = WatchedProcess::children_of(running.pid());
        assert_eq!(servers.len(), 2);
        assert_eq!(home.ask("stop").code, Some(0));
        assert!(servers.iter().all(WatchedProcess::has_ended));
        let first = first.exit();
        assert!(first.code != Some(0) && first.stderr.contains("ending"), "{first:?}");
        assert_eq!(running.exit().code, Some(0));
        let claimed = home.events("port_claimed");
        assert!(claimed.iter().all(|e| is_free(e["port"].as_u64().expect("a port") as u16)));
    }
}

/// `timeout` sends its signal to the program and to the group that it is in.
#[test]
fn two_signals_at_once_are_one_and_kill_no_server() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    let launcher = WatchedProcess::of(running.pid()).expect("it runs");
    launcher.signal(Signal::TERM);
    launcher.signal(Signal::TERM);
    assert_eq!(running.exit().code, Some(0));
    let end = home.last("server_exited");
    assert!(end["exit_code"] == 0 && end["signal"].is_null(), "{end}");
}

#[test]
fn who_asks_a_launch_that_is_ending_waits_for_its_end() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["drains"]).start();
    running.ready();
    let first = home.command("stop").start();
    wait_until("it is ending", || say(&home, "{\"ask\":\"status\"}")["state"] == "stopping");
    assert_eq!(say(&home, "{\"ask\":\"stop\"}")["answer"], "stopping", "asking twice does no harm");
    for request in ["{\"ask\":\"restart\"}", "{\"ask\":\"move\",\"port\":null}"] {
        let answer = say(&home, request);
        assert!(answer["reason"].to_string().contains("ending"), "{answer}");
    }
    for words in ["where", "open --print", "restart", "move"] {
        let told = home.command(words).run();
        assert_eq!(told.code, Some(75), "{told:?}");
        assert!(told.stderr.contains("wait until it has stopped"), "{told:?}");
    }
    let status = home.command("status").run();
    assert!(
        status.stdout.contains("is stopping") && !status.stdout.contains("not for"),
        "{status:?}"
    );
    assert!(home.ask("status").line("status")["server_answers"].is_null());
    let mut next = home.launcher().start();
    // Its server does not end; the second signal has no patience.
    let ended = wait_for(|| {
        running.has_ended().then_some(()).or_else(|| {
            running.signal(Signal::TERM);
            None
        })
    });
    assert!(ended.is_some());
    assert_eq!(running.exit().code, Some(0));
    let first = first.exit();
    assert_eq!(first.code, Some(0), "{first:?}");
    let origin = next.ready().origin;
    assert_eq!(origin, "last_good", "a start waits as well");
    next.kill_both();
}

#[test]
fn a_restart_whose_new_server_fails_leaves_the_old_one_to_serve() {
    for (order, why) in
        [("exit=3", "code 3"), ("never-ready", "within 1s"), ("wrong-identity", "wrong answer")]
    {
        let home = Home::new();
        let launch = home.launcher().port(quiet_port()).fake(&[&format!("after-first:{order}")]);
        let mut running = launch.arg("--ready-timeout").arg("1s").start();
        let ready = running.ready();
        let file = home.folders().discovery(&AppName::default());
        let before = Discovery::read(&file).expect("published");
        let told = home.ask("restart");
        assert_eq!((told.code, told.stdout.as_str()), (Some(75), ""), "{order}: {told:?}");
        for piece in [why, "nothing has changed"] {
            assert!(told.stderr.contains(piece), "{order}: no `{piece}`: {told:?}");
        }
        assert_eq!(Discovery::read(&file), Some(before), "{order}");
        let exited = home.last("server_exited");
        assert_eq!(exited["attempt"], 2, "{order}: {exited}");
        assert!(!running.server().has_ended(), "{order}");
        assert_eq!(WatchedProcess::children_of(running.pid()).len(), 1, "{order}");
        assert_eq!(get(&ready.url).expect("it serves").status, 200, "{order}");
    }
}

/// The replacement is already starting: it is not abandoned.
#[test]
fn a_crash_during_a_restart_leaves_the_new_server_to_serve() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).fake(&["after-first:slow"]).start();
    let ready = running.ready();
    let restart = waiting(&home, &["restart"]);
    running.server().kill();
    let told = restart.exit();
    assert!(told.stderr.contains("failed meanwhile"), "{told:?}");
    wait_until("the new one serves", || home.events("server_ready").len() == 2);
    assert_eq!(get(&ready.url).expect("it serves").status, 200);
    assert_eq!(home.events("server_spawned").len(), 2);
    let [restarting] = &home.events("server_restarting")[..] else { panic!("one restart") };
    assert_eq!(restarting["why"], "asked", "no other was begun: {restarting}");
}

/// Not so with a move: its request fails, and the server is started again on the old port.
#[test]
fn a_crash_during_a_move_ends_the_move_and_is_mended_on_the_old_port() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).fake(&["after-first:slow"]).start();
    let ready = running.ready();
    let moving = waiting(&home, &["move", &to.to_string()]);
    running.server().kill();
    let told = moving.exit();
    assert!(told.code != Some(0) && told.stderr.contains("failed meanwhile"), "{told:?}");
    wait_until("another one serves", || home.events("server_ready").len() == 2);
    assert_eq!(home.last("server_ready")["port"], from);
    assert_eq!(get(&ready.url).expect("it serves").status, 200);
    assert!(is_free(to) && home.events("port_moved").is_empty());
    assert_eq!(WatchedProcess::children_of(running.pid()).len(), 1);
}
