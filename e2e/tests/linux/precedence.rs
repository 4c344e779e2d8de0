//! Where files are kept: by an option, a variable, or the system's default.

use std::fs;

use e2e::{Home, Invocation, Stranger, get, installed, quiet_port, quiet_range};

#[test]
fn a_home_that_is_a_file_is_refused_as_that() {
    let home = Home::new();
    let file = home.path().join("file");
    fs::write(&file, "").expect("written");
    let refused = home.launcher().without("--json").arg("--home").arg(&file).run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains("name a folder with --home"), "{refused:?}");
}

#[test]
fn the_way_out_of_a_taken_port_of_a_variable_does_not_lead_back_to_it() {
    let home = Home::new();
    let taken = Stranger::listening("127.0.0.1:0");
    let with = |launch: Invocation| launch.env("HOMEPORT_PORT", taken.port.to_string()).run();
    let launcher = with(home.launcher().without("--json"));
    assert!(launcher.stderr.contains("--port N, which wins over HOMEPORT_PORT"), "{launcher:?}");
    let server = with(home.server());
    assert!(server.stderr.contains("once HOMEPORT_PORT is unset"), "{server:?}");
    assert!(server.stderr.contains("--port "), "{server:?}");
    let asked = home.server().port(taken.port).env("HOMEPORT_PORT", "").run();
    assert!(!asked.stderr.contains("HOMEPORT_PORT"), "{asked:?}");
}

#[test]
fn an_option_moves_everything_and_a_variable_the_logs_alone() {
    let (home, elsewhere, logs) = (Home::new(), Home::new(), Home::new());
    let mut running = home
        .launcher()
        .arg("--home")
        .arg(elsewhere.path())
        .env("HOMEPORT_LOG_DIR", logs.path().join("logs"))
        .start();
    let ready = running.ready();
    assert_eq!(elsewhere.last_good(), Some(ready.port));
    running.stop();
    // The server's records are there too: what the launcher was told holds for both.
    assert_eq!(logs.last("server_listening")["process"], "server");
    assert!(home.history().is_empty() && elsewhere.history().is_empty());
    assert!(home.assignment().is_none());
}

/// An installed program with no folder given: everything is where the system puts a user's files.
#[test]
fn without_a_home_the_folders_of_the_user_are_used_and_never_the_current_one() {
    let home = Home::new();
    let programs = home.path().join("bin");
    let launcher = ["server", "launcher"].map(|name| installed(name, &programs))[1].clone();
    let launch = home.launcher().program(launcher).env("HOMEPORT_HOME", "");
    let mut running = launch.port(quiet_port()).start();
    let ready = running.ready();
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
    running.stop();
    let history = home.path().join(".local/state/homeport/logs/port-history.jsonl");
    let history = std::fs::read_to_string(&history).expect("the user's own folder");
    let from_both = ["\"launcher\"", "\"server\""].map(|name| format!("\"process\":{name}"));
    assert!(from_both.iter().all(|process| history.contains(process)), "{history}");
}

#[test]
fn what_a_start_says_of_the_next_one_comes_true() {
    let (home_port, asked) = (quiet_port(), quiet_port());
    let range = quiet_range();
    let of_range = format!("range = \"{range}\"");
    for (setting, said, is_kept) in [
        (format!("port = {home_port}"), format!("tries the home port {home_port} first"), false),
        (of_range, "so the next start takes another one".to_owned(), false),
        (String::new(), "it will be the same next time".to_owned(), true),
    ] {
        let home = Home::new();
        home.set("server", setting);
        let started = home.command("start --no-open --detach").port(asked).run();
        assert!(started.stdout.contains(&said), "{started:?}");
        assert_eq!(home.command("stop").run().code, Some(0));
        let mut next = home.launcher().start();
        assert_eq!(next.ready().port == asked, is_kept, "{said}");
        assert_eq!(next.stop().code, Some(0));
    }
}
