//! An option wins over its variable, which wins over the settings, which win over the defaults.

use e2e::{Home, Stranger, get, quiet_port};

#[test]
fn an_option_wins_over_the_variable_which_wins_over_the_file() {
    let home = Home::new();
    let [file, variable, option] = [quiet_port(), quiet_port(), quiet_port()];
    let from_file = home.launcher().home_port(file);
    let from_variable = from_file.clone().env("HOMEPORT_PORT", variable.to_string());
    let from_option = from_variable.clone().port(option);
    for (launch, port, origin) in [
        (from_file, file, "home"),
        (from_variable, variable, "explicit"),
        (from_option, option, "explicit"),
    ] {
        let mut running = launch.start();
        let ready = running.ready();
        assert_eq!((ready.port, ready.origin.as_str()), (port, origin));
        running.stop();
    }
}

#[test]
fn the_same_holds_for_what_to_do_about_a_conflict() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let from_file = home.launcher().home_port(stranger.port).setting("on_conflict = \"fail\"");
    assert_eq!(from_file.run().code, Some(69));
    let from_variable = from_file.env("HOMEPORT_ON_CONFLICT", "move");
    let mut running = from_variable.start();
    assert_ne!(running.ready().port, stranger.port);
    running.stop();
    let from_option = from_variable.arg("--on-conflict").arg("fail");
    assert_eq!(from_option.run().code, Some(69));
}

#[test]
fn a_range_that_is_asked_for_holds() {
    let home = Home::new();
    for port in [quiet_port(), quiet_port()] {
        let mut running = home.launcher().arg("--range").arg(format!("{port}-{port}")).start();
        assert_eq!(running.ready().port, port);
        running.stop();
    }
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

/// Nothing is told, so everything is where the system wants a user's files to be.
#[test]
fn without_a_home_the_folders_of_the_user_are_used_and_never_the_current_one() {
    let home = Home::new();
    let mut running = home.launcher().env("HOMEPORT_HOME", "").port(quiet_port()).start();
    let ready = running.ready();
    assert_eq!(get(&format!("{}_homeport/healthz", ready.url)).expect("it serves").status, 200);
    running.stop();
    let history = home.path().join(".local/state/homeport/logs/port-history.jsonl");
    let history = std::fs::read_to_string(&history).expect("the user's own folder");
    let from_both = ["\"launcher\"", "\"server\""].map(|name| format!("\"process\":{name}"));
    assert!(from_both.iter().all(|process| history.contains(process)), "{history}");
}
