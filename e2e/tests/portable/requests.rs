//! What a running launch answers when it is asked for something.

use e2e::quiet_port;
use shared::{app::AppName, discovery::Discovery};

use crate::home;

#[test]
fn requests_end_with_3_where_nothing_runs() {
    let Some(home) = home() else { return };
    for name in ["stop", "restart", "status", "move"] {
        let told = home.ask(name);
        assert_eq!((told.code, told.stdout.as_str()), (Some(3), ""), "{name}: {told:?}");
        assert!(told.stderr.contains("is not running"), "{name}: {told:?}");
    }
    assert!(home.history().is_empty());
}

#[test]
fn stop_returns_when_all_is_gone() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    running.ready();
    let told = home.ask("stop");
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(told.line("stopped")["port"], port);
    running.assert_is_gone(port);
    assert_eq!(running.exit().code, Some(0));
    for event in ["port_released", "launch_stopped"] {
        let end = home.last(event);
        assert_eq!((&end["reason"], &end["by"]), (&"asked".into(), &"cli".into()), "{end}");
    }
    for file in
        [home.folders().control(&AppName::default()), home.folders().token(&AppName::default())]
    {
        assert!(!file.exists(), "{}", file.display());
    }
    assert_eq!(home.ask("stop").code, Some(3));
}

#[test]
fn after_a_restart_the_discovery_file_names_the_new_server() {
    let Some(home) = home() else { return };
    let port = quiet_port();
    let mut running = home.launcher().port(port).start();
    let ready = running.ready();
    let file = home.folders().discovery(&AppName::default());
    let before = Discovery::read(&file).expect("published");
    let restarted = home.ask("restart").line("restarted");
    let [restarting] = &home.events("server_restarting")[..] else { panic!("one restart") };
    for (key, value) in [
        ("why", "asked".into()),
        ("by", "cli".into()),
        ("attempt", 1.into()),
        ("port", port.into()),
        ("server_pid", ready.server_pid.into()),
        ("exit_code", serde_json::Value::Null),
        ("signal", serde_json::Value::Null),
        ("delay_ms", serde_json::Value::Null),
    ] {
        assert_eq!(restarting[key], value, "{key}: {restarting}");
    }
    assert!(restarting["uptime_ms"].as_f64() > Some(0.0), "{restarting}");
    let found = Discovery::read(&file).expect("published");
    assert_eq!(restarted["server_pid"], found.server_pid);
    assert_ne!(found.server_pid, ready.server_pid);
    assert_eq!(
        (found.port, found.generation, found.launch_id, &found.control),
        (before.port, before.generation, before.launch_id, &before.control)
    );
    assert_eq!(home.command("where").run().stdout.trim(), ready.url);
    let where_it_is = home.ask("where").line("where");
    assert_eq!(where_it_is["server_pid"], found.server_pid);
}
