//! `launcher list`, and the other commands on a program.

use e2e::{Home, Stranger, quiet_port, wait_until};
use rustix::process::Signal;
use serde_json::Value;

use crate::python_programs::{folder, serve};

/// The lines of `list --json`, by app.
fn listed(home: &Home) -> Vec<Value> {
    let told = home.ask("list");
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""), "{told:?}");
    told.lines()
}

#[track_caller]
fn app<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter().find(|row| row["app"] == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"))
}

#[test]
fn every_app_is_listed_with_what_it_does_and_its_command_without_secrets() {
    let home = Home::new();
    assert!(home.command("list").run().stdout.contains("no apps"));
    let words = ["{port}", "--token", "s3cret", "{port:metrics}"];
    let mut shop = serve(&home, "shop", "", &words).start();
    let ready = shop.ready();
    let mut server = home.launcher().start();
    let own = server.ready();
    let mut stopped = serve(&home, "done", "", &["{port}"]).start();
    let last = stopped.ready().port;
    stopped.stop();
    let failed = home.command("--json run --cwd").arg(folder(&home, "broken")).arg("false").run();
    assert_eq!(failed.code, Some(75), "{failed:?}");
    home.set("plan", "program = [\"true\"]\ncwd = \"/srv\"\nport = 20100\n");

    let rows = listed(&home);
    let names: Vec<_> = rows.iter().map(|row| row["app"].as_str().expect("a name")).collect();
    assert_eq!(names, ["broken", "done", "plan", "server", "shop"]);
    assert!(rows.iter().all(|row| row["event"] == "app"));
    let row = app(&rows, "shop");
    assert_eq!((&row["state"], &row["mode"]), (&"serving".into(), &"number".into()));
    assert_eq!((&row["url"], &row["port"]), (&ready.url.clone().into(), &ready.port.into()));
    assert_eq!(row["pid"], ready.server_pid);
    assert_eq!(
        (&row["main_pid"], &row["launcher_pid"]),
        (&ready.server_pid.into(), &shop.pid().into())
    );
    assert_eq!(row["folder"], folder(&home, "shop"));
    let command = row["command"].as_array().expect("words");
    assert_eq!(command[0], "python3");
    assert_eq!(command[3..], ["{port}", "--token", "***", "{port:metrics}"].map(Value::from));
    assert!(
        row["addresses"]
            .as_array()
            .expect("a list")
            .contains(&format!("127.0.0.1:{}", ready.port).into())
    );
    assert!(row["ports"]["metrics"].is_u64() && row["since"].is_string());
    let row = app(&rows, "server");
    assert_eq!((&row["state"], &row["url"]), (&"serving".into(), &own.url.into()));
    assert_eq!((&row["mode"], &row["pid"]), (&Value::Null, &own.server_pid.into()));
    let row = app(&rows, "done");
    assert_eq!((&row["state"], &row["port"]), (&"stopped".into(), &last.into()));
    assert_eq!((&row["pid"], &row["url"]), (&Value::Null, &Value::Null));
    assert_eq!(app(&rows, "broken")["state"], "failed");
    let row = app(&rows, "plan");
    assert_eq!(
        (&row["state"], &row["port"], &row["folder"]),
        (&"stopped".into(), &20100.into(), &"/srv".into())
    );

    let table = home.command("list").run().stdout;
    assert!(table.lines().next().expect("a header").starts_with("APP"), "{table}");
    let row = table.lines().find(|line| line.starts_with("shop")).expect("a row");
    assert!(
        row.contains("serving") && row.contains(&ready.url) && !row.contains("s3cret"),
        "{row}"
    );
    let status = home.ask("status --app shop").line("status");
    assert_eq!(
        (&status["folder"], &status["main_pid"]),
        (&folder(&home, "shop").into(), &ready.server_pid.into())
    );
    let one = home.ask("list --app shop").lines();
    assert_eq!(one.len(), 1);
    shop.stop();
    server.stop();
}

#[test]
fn launchers_that_are_stopped_hold_up_no_other() {
    let home = Home::new();
    let mut frozen = serve(&home, "frozen", "", &["{port}"]).start();
    let port = frozen.ready().port;
    let mut shop = serve(&home, "shop", "", &["{port}"]).start();
    shop.ready();
    frozen.signal(Signal::STOP);
    let rows = listed(&home);
    assert_eq!(app(&rows, "shop")["state"], "serving");
    let row = app(&rows, "frozen");
    assert_eq!((&row["state"], &row["port"]), (&"suspended".into(), &port.into()));
    frozen.signal(Signal::CONT);
    wait_until("it goes on", || app(&listed(&home), "frozen")["state"] == "serving");
    frozen.stop();
    shop.stop();
}

#[test]
fn what_else_listens_is_listed_with_its_program() {
    let home = Home::new();
    let mut shop = serve(&home, "shop", "", &["{port}"]).start();
    let own = shop.ready().port;
    let stranger = Stranger::listening("127.0.0.1:0");
    let port = stranger.port;
    let told = home.ask("list --all");
    let lines = told.lines();
    let others: Vec<_> = lines.iter().filter(|line| line["event"] == "listener").collect();
    let other = others.iter().find(|line| line["port"] == port).expect("seen");
    assert_eq!(other["holder"]["pid"], stranger.pid);
    assert!(others.iter().all(|line| line["port"] != own), "{others:?}");
    let table = home.command("list --all").run().stdout;
    assert!(table.contains("Other programs that listen:"), "{table}");
    shop.stop();
}

#[test]
fn the_commands_on_a_program_say_what_it_has_and_what_not() {
    let home = Home::new();
    let mut shop = serve(&home, "shop", "", &["{port}"]).start();
    let ready = shop.ready();
    assert_eq!(home.command("where shop").run().stdout.trim(), ready.url);
    assert_eq!(home.command("where shop --app shop").run().code, Some(2));
    assert_eq!(home.command("where other").run().code, Some(3));
    assert_eq!(home.command("open --print --app shop").run().stdout.trim(), ready.url);
    for command in
        ["open --console --print --app shop", "open --console --app shop", "token --app shop"]
    {
        let told = home.command(command).run();
        assert_eq!((told.code, told.stdout.as_str()), (Some(2), ""), "{command}: {told:?}");
        assert!(told.stderr.contains("neither a console nor a token"), "{told:?}");
    }
    let told = home.command("version --app shop").run();
    assert!(told.stdout.contains("shop") && told.code == Some(0), "{told:?}");
    let told = home.command(&format!("explain {}", ready.port)).run();
    assert!(told.stdout.contains("shop"), "{told:?}");
    let told = home.command("history --app shop").run();
    assert!(told.stdout.contains(&ready.port.to_string()), "{told:?}");
    let told = home.command("doctor --app shop").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let to = quiet_port();
    let moved = home.ask(&format!("move {to} --app shop")).line("moved");
    assert_eq!(moved["to"], to);
    assert_eq!(home.ask("restart --app shop").line("restarted")["port"], to);
    assert_eq!(app(&listed(&home), "shop")["port"], to);
    assert_eq!(home.ask("stop --app shop").line("stopped")["port"], to);
    assert_eq!(shop.exit().code, Some(0));
}
