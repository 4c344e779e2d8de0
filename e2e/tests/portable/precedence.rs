//! An option wins over its variable, which wins over the settings, which win over the defaults.

use e2e::{Stranger, quiet_port};

use crate::home;

#[test]
fn an_option_wins_over_the_variable_which_wins_over_the_file() {
    let Some(home) = home() else { return };
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
    let Some(home) = home() else { return };
    let stranger = Stranger::listening("127.0.0.1:0");
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
    let Some(home) = home() else { return };
    for port in [quiet_port(), quiet_port()] {
        let mut running = home.launcher().arg("--range").arg(format!("{port}-{port}")).start();
        assert_eq!(running.ready().port, port);
        running.stop();
    }
}
