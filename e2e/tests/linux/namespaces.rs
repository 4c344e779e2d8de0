//! Networks that are set up otherwise than this machine's.

use e2e::{Home, Netns, ReadyMessage, RunContext, Stranger, quiet_port};

/// Row 5 of the test matrix: the port is free, and listening on it is forbidden.
#[test]
fn where_low_ports_reach_up_to_20000_a_higher_one_is_chosen_and_a_low_one_explained() {
    let Some(netns) = Netns::new(&["ipv4/ip_unprivileged_port_start=20000"]) else { return };
    let plain = netns.context().without_low_ports();
    if let Err(refusal) = plain.try_out() {
        return e2e::skip(&format!("setpriv: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&plain).arg("--range").arg("19900-20100").start();
    assert!(running.ready().port >= 20000);
    running.stop();

    for launch in [home.launcher(), home.server()] {
        let refused = launch.at(&plain).port(19950).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        let conflict = refused.line("port_conflict");
        assert_eq!(
            (&conflict["class"], &conflict["os_error"]["code"]),
            (&"privileged".into(), &13.into())
        );
        assert!(conflict["holder"].is_null());
    }
}

/// Row 14 and I15: a family that the host lacks is skipped.
#[test]
fn without_ipv6_the_other_loopback_is_served_alone() {
    let settings = ["ipv6/conf/all/disable_ipv6=1", "ipv6/conf/lo/disable_ipv6=1"];
    let Some(netns) = Netns::new(&settings) else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&netns.context()).start();
    let ready = running.ready();
    assert_eq!(
        home.last("port_claimed")["addresses"],
        serde_json::json!([format!("127.0.0.1:{}", ready.port)])
    );
    assert_eq!(running.stop().code, Some(0));
    assert!(home.events("port_conflict").is_empty());

    let mut alone = home.server().at(&netns.context()).port(ready.port).start();
    assert_eq!(alone.ready().port, ready.port);
}

/// Row 7: where such connections get their ports, none is chosen.
#[test]
fn no_port_is_chosen_where_the_system_takes_them_for_outgoing_connections() {
    let Some(netns) = Netns::new(&["ipv4/ip_local_port_range=17000 29000"]) else { return };
    let home = Home::new();
    let ready = home.launcher().at(&netns.context()).start().ready();
    assert!(!(17000..=29000).contains(&ready.port), "{ready:?}");
}

/// Row 7, with a port that a real connection was given.
#[test]
fn a_port_that_the_system_gave_to_a_connection_is_explained_and_left() {
    let Some(netns) = Netns::new(&["ipv4/ip_local_port_range=20000 20003"]) else { return };
    let stranger = Stranger::start(&netns.context(), &["connect", "127.0.0.1:0"]);
    assert!((20000..=20003).contains(&stranger.port));
    let home = Home::new();
    let mut running = home.launcher().at(&netns.context()).home_port(stranger.port).start();
    assert!(!(20000..=20003).contains(&running.ready().port));
    let conflict = home.last("port_conflict");
    assert_eq!(
        (&conflict["class"], &conflict["holder"]["pid"]),
        (&"source_port".into(), &stranger.pid.into())
    );
}

/// A system setting that leaves hardly any port is reported and not applied.
#[test]
fn where_the_system_takes_every_port_for_connections_the_range_is_kept() {
    let Some(netns) = Netns::new(&["ipv4/ip_local_port_range=1024 65535"]) else { return };
    let home = Home::new();
    let ready = home.launcher().at(&netns.context()).start().ready();
    assert!((15001..=29999).contains(&ready.port), "{ready:?}");
}

/// Row 21: the launch works, and nothing is kept of it.
#[test]
fn when_every_port_of_the_range_is_taken_the_system_gives_one_that_is_not_remembered() {
    let Some(netns) = Netns::new(&[]) else { return };
    let hold =
        |port: u16| Stranger::start(&netns.context(), &["listen", &format!("127.0.0.1:{port}")]);
    let _strangers: Vec<_> = (20000..20003).map(hold).collect();
    let home = Home::new();
    let launch = || -> ReadyMessage {
        let mut running =
            home.launcher().at(&netns.context()).arg("--range").arg("20000-20002").start();
        let ready = running.ready();
        assert_eq!(running.stop().code, Some(0));
        ready
    };
    let ready = launch();
    assert_eq!(ready.origin, "temporary");
    assert!(!(20000..20003).contains(&ready.port));
    assert!(home.assignment().is_none() && home.events("port_assigned").is_empty());
    assert_eq!(home.events("port_conflict").len(), 3);
    assert_eq!(launch().origin, "temporary", "nothing was learnt the first time");
}

#[test]
fn a_computer_that_does_not_reach_itself_is_told_so_and_no_server_is_blamed() {
    let Some(netns) = Netns::new(&[]) else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&netns.context()).start();
    running.ready();
    let down = netns.context().command("ip").args(["link", "set", "lo", "down"]).status();
    assert!(down.expect("`ip` is there").success());
    assert_is_told(&netns.context());
    for words in ["where", "open --print", "status", "doctor"] {
        let told = home.command(words).at(&netns.context()).run();
        let text = format!("{}{}", told.stdout, told.stderr);
        assert!(text.contains("ip link set lo up") && !text.contains("restart`"), "{text}");
    }
    assert_eq!(running.stop().code, Some(0));
}

/// As a container without a network has it.
#[test]
fn a_network_that_was_never_set_up_is_told_as_such() {
    let without_network = RunContext::direct().through(["unshare", "-n", "--"]);
    if let Err(refusal) = without_network.try_out() {
        return e2e::skip(&format!("unshare -n: {refusal}"));
    }
    assert_is_told(&without_network);
}

/// Its control socket is a file that is seen everywhere, and its port is not.
#[test]
fn a_launch_in_another_network_namespace_is_not_said_to_be_reached_here() {
    let Some(netns) = Netns::new(&[]) else { return };
    let home = Home::new();
    let mut running = home.launcher().at(&netns.context()).port(quiet_port()).start();
    running.ready();
    assert_not_for_this_process(&home);
    assert_eq!(home.command("stop").run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));

    let mut server = home.server().at(&netns.context()).port(quiet_port()).start();
    server.ready();
    assert_not_for_this_process(&home);
}

#[track_caller]
fn assert_not_for_this_process(home: &Home) {
    for command in [home.command("where"), home.command("open").arg("--print")] {
        let told = command.run();
        assert_eq!(told.code, Some(75), "{told:?}");
        assert!(told.stderr.contains("not for this process"), "{told:?}");
    }
}

/// A launch where the loopback interface is down.
#[track_caller]
fn assert_is_told(context: &RunContext) {
    let home = Home::new();
    let failed = home.launcher().at(context).run();
    assert_eq!(failed.code, Some(75), "{failed:?}");
    assert_eq!(failed.line("launch_failed")["reason"], "no_loopback", "{failed:?}");
    let checked = home.command("doctor").at(context).run();
    assert_eq!(checked.code, Some(75), "{checked:?}");
    let problem = "problem: loopbacks: this computer does not reach itself";
    assert!(checked.stdout.contains(problem), "{checked:?}");
    for told in ["its loopback interface is down", "ip link set lo up"] {
        assert!(failed.stderr.contains(told), "{failed:?}");
    }
}
