//! What people type.

use std::{ffi::OsStr, fs, process::Command};

use e2e::{Home, Invocation, RunContext, program, quiet_port};

/// Refused with this exit code, and with words that help; nothing is left running or remembered.
#[track_caller]
fn assert_refused(launch: &Invocation, code: i32, pieces: &[&str]) {
    let refused = launch.run();
    assert_eq!(refused.code, Some(code), "{refused:?}");
    let told = refused.stdout + refused.stderr.as_str();
    for piece in pieces {
        assert!(told.contains(piece), "no `{piece}` in: {told}");
    }
}

#[test]
fn a_number_that_is_no_port_is_refused_with_the_ports_there_are() {
    let home = Home::new();
    for (port, piece) in [
        ("0", "port 0"),
        ("70000", "70000 is not a port"),
        ("-1", "-1 is not a port"),
        ("abc", "abc"),
        ("", "port"),
        ("3030.5", "3030.5"),
        ("99999999999999999999", "not a port"),
    ] {
        for program in [home.launcher(), home.server()] {
            assert_refused(&program.arg(format!("--port={port}")), 2, &[piece]);
        }
    }
    assert!(home.history().is_empty());
}

#[test]
fn a_range_that_is_none_is_refused_and_the_right_one_named() {
    let home = Home::new();
    for (range, piece) in [
        ("20010-20000", "20000-20010"),
        ("", "not a range"),
        ("20000", "not a range"),
        ("0-100", "port 0"),
        ("1-70000", "70000"),
        ("a-b", "`a` is not a port"),
    ] {
        assert_refused(&home.launcher().arg(format!("--range={range}")), 2, &[piece]);
    }
}

#[test]
fn a_time_before_its_sign_is_a_value_and_no_option() {
    let home = Home::new();
    for words in [
        &["history", "--since", "-5m"][..],
        &["conflicts", "--since", "-5m"],
        &["explain", "3030", "--at", "-5m"],
    ] {
        let (command, words) = words.split_first().expect("a command");
        let asked = words.iter().fold(home.command(command), |asked, word| asked.arg(*word));
        assert_refused(&asked, 2, &["`-5m` is not a time: write 10m"]);
    }
    let timeout = |time| home.launcher().args(["--ready-timeout", time]);
    assert_refused(&timeout("-5s"), 2, &["`-5s` is less than nothing"]);
    assert_refused(&timeout("0s"), 2, &["`0s` leaves a server no time", "write 1s or more"]);
}

#[test]
fn a_home_that_is_named_from_here_is_the_same_for_every_process_of_a_launch() {
    let (home, folder) = (Home::new(), tempfile::tempdir().expect("a folder"));
    let here = RunContext::direct().through([
        OsStr::new("env"),
        OsStr::new("-C"),
        folder.path().as_os_str(),
    ]);
    let given = |launch: Invocation| launch.at(&here).args(["--home", "data"]);
    let mut server = given(home.server()).app("notes").port(quiet_port()).start();
    server.ready();
    server.stop();
    let detached = given(home.launcher()).arg("--detach").run();
    assert_eq!(detached.code, Some(0), "{detached:?}");
    let whole = folder.path().join("data");
    let status = home.command("status").without("--json").arg("--home").arg(&whole).run();
    assert_eq!(status.code, Some(0), "{status:?}");
    let stopped = given(home.command("stop")).run();
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let advice = given(home.command("where")).run().stderr;
    assert!(advice.contains(&format!("--home {}", whole.display())), "{advice}");
    let made: Vec<_> = fs::read_dir(folder.path()).expect("it is there").flatten().collect();
    assert_eq!(made.len(), 1, "{made:?}");

    // A variable goes along to programs in other folders.
    let refused = home.launcher().at(&here).env("HOMEPORT_HOME", "data").run();
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn a_name_that_could_leave_its_folder_is_refused() {
    let home = Home::new();
    let long = "x".repeat(300);
    for name in ["../evil", "a/b", "..", ".", "", "a\nb", "a\\b", "-x", "nul", &long] {
        for program in [home.launcher(), home.server().port(quiet_port())] {
            assert_refused(&program.arg(format!("--app={name}")), 2, &["name"]);
        }
    }
    let mut entries = fs::read_dir(home.path()).expect("it is there");
    assert!(entries.next().is_none(), "nothing is made for a name that is refused");
}

#[test]
fn a_variable_with_a_wrong_value_is_named() {
    let home = Home::new();
    for (variable, value) in [
        ("HOMEPORT_PORT", "abc"),
        ("HOMEPORT_PORT", "0"),
        ("HOMEPORT_RANGE", "20010-20000"),
        ("HOMEPORT_READY_TIMEOUT", "soon"),
        ("HOMEPORT_ON_CONFLICT", "wait"),
        ("HOMEPORT_PORT", " "),
        ("HOMEPORT_PORT", "http://10.0.0.1:80"),
        ("HOMEPORT_PORT", "99999999999999999999"),
        ("HOMEPORT_READY_TIMEOUT", "30"),
        ("HOMEPORT_STOP_TIMEOUT", "-1s"),
        ("HOMEPORT_REDIRECT_FOR", "200y"),
        ("HOMEPORT_OPEN_BROWSER", "yes"),
        ("HOMEPORT_RESTART", "always"),
        ("HOMEPORT_LOG", "loud"),
        ("HOMEPORT_APP", "../evil"),
        ("HOMEPORT_HOME", "data"),
        ("HOMEPORT_HOME", "~/data"),
        ("HOMEPORT_LOG_DIR", "./logs"),
    ] {
        assert_refused(&home.launcher().env(variable, value), 2, &[variable]);
    }
    for (variable, value) in [("HOMEPORT_HOME", "data"), ("HOMEPORT_LOG_DIR", "~/logs")] {
        let folder = "depends on the folder that the program is started in";
        let server = home.server().port(quiet_port()).env(variable, value);
        assert_refused(&server, 2, &[variable, folder]);
        assert_refused(&home.command("where").env(variable, value), 2, &[variable, folder]);
    }
    assert_refused(&home.server().env("HOMEPORT_PORT", "abc"), 2, &["abc", "not a port"]);
}

/// `HOMEPORT_PORT=` is how one unsets it for a single command.
#[test]
fn an_empty_variable_counts_as_not_set() {
    let (home, port) = (Home::new(), quiet_port());
    let mut launcher = home
        .launcher()
        .home_port(port)
        .env("HOMEPORT_PORT", "")
        .env("HOMEPORT_LOG_DIR", "")
        .start();
    assert_eq!(launcher.ready().origin, "home");
    launcher.stop();
    let mut server =
        home.server().port(port).env("HOMEPORT_PORT", "").env("HOMEPORT_LOG_DIR", "").start();
    server.ready();
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(home.events("launch_stopped").len(), 2);
}

/// In a container of Kubernetes, where a service is named `homeport`.
#[test]
fn an_address_of_kubernetes_is_ignored_with_a_word() {
    let (home, port) = (Home::new(), quiet_port());
    let said = "HOMEPORT_PORT=tcp://10.0.0.1:80 is ignored";
    let set = ("HOMEPORT_PORT", "tcp://10.0.0.1:80");
    let mut launcher = home.launcher().home_port(port).env(set.0, set.1).start();
    assert_eq!(launcher.ready().port, port);
    let ended = launcher.stop();
    assert_eq!((ended.code, ended.stderr.matches(said).count()), (Some(0), 1), "{ended:?}");
    let mut server = home.server().port(port).env(set.0, set.1).start();
    server.ready();
    let ended = server.stop();
    assert_eq!((ended.code, ended.stderr.matches(said).count()), (Some(0), 1), "{ended:?}");
    let shown = home.command("settings").arg("show").env(set.0, set.1).run();
    assert!(shown.stderr.contains(said) && shown.stdout.contains(&format!("port = {port}")));
}

#[test]
fn an_option_that_does_not_exist_is_refused_with_the_nearest_that_does() {
    let home = Home::new();
    assert_refused(&home.launcher().arg("--prot").arg("3030"), 2, &["--prot", "--port"]);
    assert_refused(&home.launcher().arg("strat"), 2, &["strat"]);
    assert_refused(&home.server().arg("--ports=3"), 2, &["--port"]);
}

#[test]
fn a_site_that_does_not_exist_is_refused() {
    let home = Home::new();
    let file = home.path().join("file");
    fs::write(&file, "not a folder").expect("written");
    for (root, piece) in
        [("/nowhere/at/all", "/nowhere/at/all"), (file.to_str().expect("text"), "not a folder")]
    {
        assert_refused(&home.server().port(quiet_port()).arg("--root").arg(root), 2, &[piece]);
    }
}

/// Unpacked in part, or moved without its companion.
#[test]
fn a_launcher_without_a_server_beside_it_says_where_one_should_be() {
    let home = Home::new();
    let alone = home.path().join("launcher");
    // By another process: were the copy open here while another test starts a program, that program
    // would have it open for writing too, and it could not be run.
    let copied = Command::new("cp").arg(program("launcher")).arg(&alone).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let launch = home.launcher().program(&alone).without("--json");
    let path = home.path().join("server");
    assert_refused(
        &launch,
        75,
        &["there is no server to start", path.to_str().expect("text"), "command ="],
    );
    assert_eq!(home.last("launch_failed")["reason"], "no_server");
    assert!(home.events("port_claimed").is_empty());
}

#[test]
fn a_server_that_is_told_no_port_says_how_to_name_one() {
    let home = Home::new();
    assert_refused(&home.server(), 2, &["--port", "launcher"]);
    assert_refused(&home.server().port(quiet_port()).arg("--hand-over"), 2, &["--port"]);
}

#[test]
fn help_and_version_go_to_stdout_and_are_no_failure() {
    let home = Home::new();
    for program in [home.launcher(), home.server()] {
        for question in ["--help", "--version"] {
            let answer = program.clone().arg(question).run();
            assert_eq!(answer.code, Some(0), "{answer:?}");
            assert!(!answer.stdout.is_empty() && answer.stderr.is_empty(), "{answer:?}");
        }
    }
}
