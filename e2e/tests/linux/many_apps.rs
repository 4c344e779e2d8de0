//! Many apps of one user at once.

use std::collections::BTreeSet;

use e2e::{Home, Running, get};
use rustix::process::Signal;

/// How many apps are started at once; a set number makes it longer.
fn apps() -> usize {
    let wanted = std::env::var("HOMEPORT_APPS").ok();
    wanted.map_or(20, |number| number.parse().expect("HOMEPORT_APPS is a number"))
}

/// I1, I7: each has a port of its own, and a memory of its own in one history.
#[test]
fn many_apps_that_start_at_once_have_a_port_each_serve_and_end() {
    let home = Home::new();
    // So many servers that start on a few processors take their time.
    let launcher = home.launcher().arg("--ready-timeout").arg("5m");
    let start = |number| launcher.clone().app(&format!("app-{number}")).start();
    let mut launches: Vec<Running> = (0..apps()).map(start).collect();
    let ready: Vec<_> = launches.iter_mut().map(Running::ready).collect();
    let ports: BTreeSet<_> = ready.iter().map(|ready| ready.port).collect();
    assert_eq!(ports.len(), launches.len(), "no port twice");
    for ready in &ready {
        let health = get(&format!("{}_homeport/healthz", ready.url));
        assert_eq!(health.expect("it serves").status, 200, "{}", ready.app);
        let told = home.command("where").arg("--app").arg(&ready.app).run();
        assert_eq!(told.stdout.trim(), ready.url, "{told:?}");
    }
    for launch in &mut launches {
        launch.signal(Signal::TERM);
    }
    for launch in launches {
        let ended = launch.exit();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    for event in ["port_assigned", "port_released", "launch_stopped"] {
        let apps: BTreeSet<_> =
            home.events(event).iter().map(|record| record["app"].to_string()).collect();
        assert_eq!(apps.len(), ready.len(), "{event}");
    }
}
