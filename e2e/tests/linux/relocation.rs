//! Moves: those that fail and change nothing, and what a move leaves behind.

use std::fs;

use e2e::{
    Ended, Home, Netns, RunContext, Running, Stranger, WatchedProcess, get, is_free, quiet_port,
    wait_until,
};
use serde_json::Value;
use shared::{app::AppName, discovery::Discovery};

#[track_caller]
fn discovered(home: &Home) -> Discovery {
    Discovery::read(&home.folders().discovery(&AppName::default())).expect("it is published")
}

/// `launcher move PORT`, in this context.
fn move_to(home: &Home, port: u16, context: &RunContext) -> Ended {
    home.command("move").at(context).arg(port.to_string()).arg("--json").run()
}

/// Requests an impossible move and checks that nothing has changed; returns the message.
#[track_caller]
fn assert_stays(home: &Home, running: &mut Running, to: u16, context: &RunContext) -> String {
    let before = (discovered(home), home.assignment());
    let refused = move_to(home, to, context);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(69), ""), "{refused:?}");
    assert!(refused.stderr.contains("nothing has changed"), "{refused:?}");
    assert!(!running.has_ended() && !running.server().has_ended());
    assert_eq!((discovered(home), home.assignment()), before);
    assert!(home.events("port_moved").is_empty());
    assert_eq!(home.events("server_spawned").len(), 1);
    refused.stderr
}

#[test]
fn a_move_to_a_taken_port_names_its_holder_and_changes_nothing() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let told = assert_stays(&home, &mut running, stranger.port, &RunContext::direct());
    let advice = format!(": end process {} if you do not need it", stranger.pid);
    let pid = format!("pid {}", stranger.pid);
    for piece in [&stranger.port.to_string(), "stranger", &pid, ", since ", &advice] {
        assert!(told.contains(piece), "no `{piece}`: {told}");
    }
    let conflict = home.conflict_over(stranger.port);
    assert_eq!(
        (&conflict["class"], &conflict["holder"]["pid"]),
        (&"in_use".into(), &stranger.pid.into())
    );
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
}

/// I15.
#[test]
fn a_move_to_a_port_that_is_taken_on_the_other_loopback_alone_changes_nothing() {
    let (home, stranger) = (Home::new(), Stranger::listening("[::1]:0"));
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    let told = assert_stays(&home, &mut running, stranger.port, &RunContext::direct());
    assert!(told.contains("localhost"), "{told}");
    assert_eq!(home.conflict_over(stranger.port)["class"], "other_family");
}

#[test]
fn a_move_to_a_port_that_browsers_refuse_or_to_its_own_says_so_and_changes_nothing() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let told = assert_stays(&home, &mut running, 6000, &RunContext::direct());
    assert!(told.contains("browsers block port 6000"), "{told}");
    let told = assert_stays(&home, &mut running, port, &RunContext::direct());
    assert!(told.contains("already"), "{told}");
}

#[test]
fn a_move_to_a_port_that_the_system_keeps_says_so_and_changes_nothing() {
    let Some(netns) = Netns::new(&["ipv4/ip_unprivileged_port_start=20000"]) else { return };
    let plain = netns.context().without_low_ports();
    if let Err(refusal) = plain.try_out() {
        return e2e::skip(&format!("setpriv: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&plain).port(20_500).start();
    running.ready();
    let told = assert_stays(&home, &mut running, 19_950, &plain);
    assert!(told.contains("19950"), "{told}");
    assert_eq!(home.conflict_over(19_950)["class"], "privileged");
}

/// Starts a server that serves well, asks for a move, and gets a second one that does not.
#[track_caller]
fn assert_fails_to_start(order: &str, why: &str) {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let launch = home.launcher().port(from).fake(&[&format!("after-first:{order}")]);
    let mut running = launch.arg("--ready-timeout").arg("1s").start();
    let ready = running.ready();
    let before = (discovered(&home), home.assignment());
    let refused = move_to(&home, to, &RunContext::direct());
    assert!(refused.code.is_some_and(|code| code != 0), "{order}: {refused:?}");
    assert!(refused.stderr.contains(why), "{order}: no `{why}`: {refused:?}");
    assert!(refused.stderr.contains("nothing has changed"), "{order}: {refused:?}");
    assert_eq!((discovered(&home), home.assignment()), before, "{order}");
    assert!(is_free(to), "{order}: what was claimed in vain is let go");

    let [first, second] = &home.events("server_spawned")[..] else { panic!("{order}: two start") };
    assert_eq!((&first["port"], &second["port"]), (&from.into(), &to.into()));
    let exited = home.last("server_exited");
    assert_eq!(exited["attempt"], 2, "{order}: {exited}");
    let servers: Vec<_> =
        WatchedProcess::children_of(running.pid()).iter().map(WatchedProcess::pid).collect();
    assert_eq!(servers, [ready.server_pid], "{order}: the new one is gone and the old one is not");
    assert_eq!(get(&ready.url).expect("it serves").status, 200, "{order}");
}

#[test]
fn a_move_whose_new_server_exits_is_no_move() {
    assert_fails_to_start("exit=3", "code 3");
    assert_fails_to_start("signal=9", "signal 9");
}

#[test]
fn a_move_whose_new_server_does_not_become_ready_is_no_move() {
    assert_fails_to_start("never-ready", "within 1s");
    assert_fails_to_start("hang-after-ready", "within 1s");
}

#[test]
fn a_move_whose_new_server_gives_a_wrong_answer_is_no_move() {
    assert_fails_to_start("garbage", "Listening on");
    assert_fails_to_start("wrong-identity", "wrong answer");
    assert_fails_to_start("wrong-launch", "wrong answer");
}

/// Such a failure costs nothing: it is no failure of the server that serves.
#[test]
fn moves_that_fail_again_and_again_do_not_end_the_launch() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&["after-first:exit=3"]).start();
    let ready = running.ready();
    for _ in 0..7 {
        assert_ne!(move_to(&home, quiet_port(), &RunContext::direct()).code, Some(0));
        assert_ne!(home.ask("restart").code, Some(0));
    }
    assert!(!running.has_ended() && !running.server().has_ended());
    assert_eq!(get(&ready.url).expect("it serves").status, 200);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn after_a_move_every_command_finds_the_new_port() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    let ready = running.ready();
    let before = discovered(&home);
    let told = move_to(&home, to, &RunContext::direct());
    let moved = told.line("moved");
    let url = format!("http://127.0.0.1:{to}/");
    assert_eq!((&moved["url"], &moved["to"]), (&(*url).into(), &to.into()));

    let found = discovered(&home);
    assert_eq!((found.port.get(), &found.url), (to, &url));
    assert_eq!(found.server_pid, moved["server_pid"].as_u64().expect("a process") as u32);
    assert_ne!(found.server_pid, ready.server_pid);
    assert_eq!((found.launch_id, found.launcher_pid), (before.launch_id, before.launcher_pid));
    assert_eq!(found.generation, before.generation.map(|generation| generation + 1));
    assert!(found.addresses.iter().all(|address| address.port() == to));
    assert_eq!(home.command("where").run().stdout, format!("{url}\n"));
    let second = home.launcher().run();
    assert_eq!(second.line("instance_found")["url"], *url);

    let status = home.ask("status").line("status");
    assert_eq!((&status["port"], &status["url"]), (&to.into(), &(*url).into()));
    let assignment = home.assignment().expect("remembered");
    assert_eq!(home.last_good(), Some(to));
    assert_eq!(assignment.earlier[0].port.get(), from);
    let event = home.last("port_moved");
    assert_eq!(
        [&event["from"], &event["to"], &event["why"]],
        [&Value::from(from), &to.into(), &"asked".into()]
    );
    assert_eq!(home.last("port_assigned")["previous"], from);

    running.kill();
    let ready = home.launcher().start().ready();
    assert_eq!((ready.port, ready.origin.as_str()), (to, "last_good"));
}

#[test]
fn a_move_says_how_long_the_running_launcher_redirects_whatever_its_file_says_by_now() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).setting("redirect_for = '4m'").start();
    running.ready();
    home.set("server", "redirect_for = '2s'\n");
    let told = home.command("move").arg(to.to_string()).run();
    let span = format!("Port {from} redirects there for 4m.");
    assert!(told.stdout.contains(&span), "{told:?}");
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_move_says_so_where_the_server_before_it_does_not_redirect() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).fake(&[]).start();
    running.ready();
    let told = home.command("move").arg(to.to_string()).run();
    let stays = format!("Port {from} stays with the server before it for 5m");
    assert!(told.stdout.contains(&stays), "{told:?}");
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_start_with_the_port_that_redirects_says_how_it_is_had() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    running.ready();
    move_to(&home, to, &RunContext::direct());
    let told = home.command("start --no-open").arg("--port").arg(from.to_string()).run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let way =
        format!("Port {from} redirects there after an earlier move. To use it: `launcher stop`");
    assert!(told.stdout.contains(&way), "{told:?}");
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(home.launcher().port(from).start().ready().port, from);
}

/// I6: also if there was no time to end well, and the file is lost.
#[test]
fn after_a_move_and_a_kill_the_new_port_is_found_in_the_history_alone() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    running.ready();
    assert_eq!(move_to(&home, to, &RunContext::direct()).code, Some(0));
    running.kill();
    fs::remove_file(home.assignment_file("server")).expect("it was written");
    assert_eq!(home.launcher().start().ready().port, to);
}

#[test]
fn a_move_to_any_port_goes_to_another_one() {
    let home = Home::new();
    let mut running = home.launcher().start();
    let mut ports = vec![u64::from(running.ready().port)];
    for _ in 0..3 {
        let moved = home.ask("move").line("moved");
        assert_eq!(moved["from"].as_u64(), ports.last().copied());
        ports.push(moved["to"].as_u64().expect("a port"));
    }
    for (target, status) in [(&ports[3], 404), (&ports[2], 308), (&ports[1], 308), (&ports[0], 308)]
    {
        let answer = get(&format!("http://127.0.0.1:{target}/nowhere")).expect("answered");
        assert_eq!(answer.status, status, "port {target}: {answer:?}");
    }
    assert_eq!(running.stop().code, Some(0));
    let reasons: Vec<_> =
        home.events("port_released").iter().map(|e| e["reason"].clone()).collect();
    assert_eq!(reasons, ["moved", "moved", "moved", "asked"]);
    // Each end names the port of its own server, and not the one that the app has moved to.
    let (spawned, exited) = (home.events("server_spawned"), home.events("server_exited"));
    assert_eq!(exited.len(), 4);
    for end in exited {
        let server = &spawned[end["attempt"].as_u64().expect("a number") as usize - 1];
        assert_eq!((&end["port"], &end["server_pid"]), (&server["port"], &server["server_pid"]));
    }
}

#[test]
fn a_crash_and_a_restart_after_a_move_are_mended_on_the_new_port_and_the_old_one_leads_there() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    running.ready();
    let moved = move_to(&home, to, &RunContext::direct()).line("moved");
    let leads = || get(&format!("http://127.0.0.1:{from}/")).expect("answered").status == 308;
    let second = WatchedProcess::children_of(running.pid());
    let second = second.iter().find(|server| moved["server_pid"] == server.pid());
    second.expect("it serves").kill();
    wait_until("the third serves", || home.events("server_ready").len() == 3);
    assert_eq!(home.last("server_ready")["port"], to);
    assert_eq!(discovered(&home).port.get(), to);
    assert!(leads() && !running.server().has_ended());
    assert_eq!(home.ask("restart").line("restarted")["port"], to);
    assert!(leads());
    let health = get(&format!("http://127.0.0.1:{to}/_homeport/healthz")).expect("it serves");
    assert_eq!((health.status, home.last_good()), (200, Some(to)));
    assert_eq!(home.events("port_moved").len(), 1);
}

/// An old server that stops redirecting too early does not affect the new server.
#[test]
fn an_old_server_that_is_killed_while_it_leads_elsewhere_is_not_started_again() {
    let (home, [from, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().port(from).start();
    running.ready();
    assert_eq!(move_to(&home, to, &RunContext::direct()).code, Some(0));
    running.server().kill();
    wait_until("the old port is let go", || !home.events("port_released").is_empty());
    assert!(is_free(from));
    assert!(home.events("server_restarting").is_empty());
    assert_eq!(home.events("server_spawned").len(), 2);
    let health = get(&format!("http://127.0.0.1:{to}/_homeport/healthz")).expect("it serves");
    assert_eq!(health.status, 200);
}

/// A move is not a setting: the home port stays.
#[test]
fn a_move_away_from_the_home_port_lasts_until_the_next_start() {
    let (home, [at_home, to]) = (Home::new(), [quiet_port(), quiet_port()]);
    let mut running = home.launcher().home_port(at_home).start();
    running.ready();
    assert_eq!(move_to(&home, to, &RunContext::direct()).code, Some(0));
    let status = home.ask("status").line("status");
    assert_eq!((&status["port"], &status["home_port"]), (&to.into(), &at_home.into()));
    assert_eq!(running.stop().code, Some(0));
    let ready = home.launcher().start().ready();
    assert_eq!((ready.port, ready.origin.as_str()), (at_home, "home"));
}

/// I15.
#[test]
fn without_ipv6_a_restart_and_a_move_work_on_the_other_loopback_alone() {
    let settings = ["ipv6/conf/all/disable_ipv6=1", "ipv6/conf/lo/disable_ipv6=1"];
    let Some(netns) = Netns::new(&settings) else { return };
    let (home, context) = (Home::new(), netns.context());
    let mut running = home.launcher().at(&context).port(20_500).start();
    running.ready();
    let restarted = home.command("restart").at(&context).arg("--json").run();
    assert_eq!(restarted.line("restarted")["port"], 20_500, "{restarted:?}");
    let moved = move_to(&home, 20_501, &context);
    assert_eq!(moved.line("moved")["to"], 20_501, "{moved:?}");
    assert_eq!(discovered(&home).addresses, [([127, 0, 0, 1], 20_501).into()]);
    assert_eq!(running.stop().code, Some(0));
    assert!(home.events("port_conflict").is_empty());
}

/// What a launcher has open, and its threads.
fn belongings(launcher: u32) -> [usize; 2] {
    let count =
        |what: &str| fs::read_dir(format!("/proc/{launcher}/{what}")).expect("it runs").count();
    [count("fd"), count("task")]
}

#[test]
fn ten_restarts_and_ten_moves_leave_nothing_open() {
    let home = Home::new();
    let launch = home.launcher().port(quiet_port()).setting("redirect_for = \"1s\"");
    let mut running = launch.start();
    running.ready();
    // What the first of each needs for good is not counted.
    let both = || {
        assert_eq!(home.ask("restart").code, Some(0));
        assert_eq!(move_to(&home, quiet_port(), &RunContext::direct()).code, Some(0));
    };
    let is_alone = || WatchedProcess::children_of(running.pid()).len() == 1;
    both();
    wait_until("the old servers have ended", is_alone);
    wait_until("all is on record", || home.events("port_released").len() == 1);
    let before = belongings(running.pid());
    (1..10).for_each(|_| both());
    wait_until("the old servers have ended", is_alone);
    wait_until("all is on record", || home.events("port_released").len() == 10);
    wait_until("nothing more is open than before", || {
        let now = belongings(running.pid());
        now[0] <= before[0] && now[1] <= before[1]
    });
    assert_eq!(home.events("server_exited").len(), 20);
}

#[test]
fn after_many_moves_three_old_ports_lead_to_the_new_one_and_the_others_are_free() {
    let home = Home::new();
    let ports: Vec<_> = (0..7).map(|_| quiet_port()).collect();
    let mut running = home.launcher().port(ports[0]).start();
    running.ready();
    for port in &ports[1..] {
        assert_eq!(move_to(&home, *port, &RunContext::direct()).code, Some(0));
    }
    let (left, leading) = ports[..6].split_at(3);
    wait_until("the oldest have ended", || {
        WatchedProcess::children_of(running.pid()).len() == 4
            && left.iter().all(|old| is_free(*old))
    });
    for (old, next) in leading.iter().zip(&ports[4..]) {
        let answer = get(&format!("http://127.0.0.1:{old}/")).expect("answered");
        let location = format!("location: http://127.0.0.1:{next}/");
        assert_eq!(answer.status, 308);
        assert!(answer.head.lines().any(|line| line == location), "no `{location}`: {answer:?}");
    }
}
