//! `launcher where` and `launcher open`: finding the server that runs.

use std::fs;

use e2e::{Home, Stranger, Tools, get, quiet_port, wait_until};
use shared::app::AppName;

#[test]
fn where_prints_the_url_of_the_running_server_and_nothing_else() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let told = home.command("where").run();
    assert_eq!((told.code, told.stdout), (Some(0), format!("{}\n", ready.url)));
    assert_eq!(told.stderr, "");

    let told = home.command("where").arg("--json").run();
    let line = told.line("where");
    assert_eq!(line["url"], *ready.url);
    assert_eq!((&line["port"], &line["app"]), (&ready.port.into(), &"server".into()));
    assert_eq!(line["server_pid"], ready.server_pid);
    assert_eq!(line["launcher_pid"], running.pid());
    assert_eq!(line["launch_id"], *ready.launch_id);
}

#[test]
fn where_says_that_nothing_runs_and_makes_no_file() {
    let home = Home::new();
    for json in [&[][..], &["--json"]] {
        let launch = json.iter().fold(home.command("where"), |launch, word| launch.arg(*word));
        let told = launch.run();
        assert_eq!((told.code, told.stdout.as_str()), (Some(3), ""));
        assert!(told.stderr.contains("server is not running"), "{told:?}");
    }
    let mut entries = fs::read_dir(home.path()).expect("it is there");
    assert!(entries.next().is_none(), "asking leaves nothing behind");
}

#[test]
fn where_knows_one_app_from_another() {
    let home = Home::new();
    let mut running = home.launcher().app("notes").port(quiet_port()).start();
    let ready = running.ready();
    assert_eq!(home.command("where").run().code, Some(3));
    assert_eq!(home.command("where").app("notes").run().stdout.trim(), ready.url);
    assert_eq!(home.command("where").env("HOMEPORT_APP", "notes").run().stdout.trim(), ready.url);
    let elsewhere = Home::new();
    let told = elsewhere.command("where").app("notes").arg("--home").arg(home.path());
    assert_eq!(told.run().stdout.trim(), ready.url, "an option wins over the variable");
}

/// A discovery file may outlive a crash, and a stranger may sit on its port by then (I13).
#[test]
fn where_believes_no_file_that_no_server_proves() {
    let (home, port) = (Home::new(), quiet_port());
    let file = home.folders().discovery(&AppName::default());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let kept = fs::read(&file).expect("it is published");
    running.kill_both();
    fs::write(&file, &kept).expect("written");

    let told = home.command("where").run();
    assert_eq!((told.code, told.stdout.as_str()), (Some(3), ""));
    assert!(told.stderr.contains("out of date"), "{told:?}");
    let _stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    assert_eq!(home.command("where").run().code, Some(3));
    assert_eq!(home.command("open").run().code, Some(3));
    assert_eq!(fs::read(&file).expect("it is left"), kept);

    fs::write(&file, "nonsense").expect("written");
    assert_eq!(home.command("where").run().code, Some(3));
}

#[test]
fn open_opens_the_browser_on_the_running_server() {
    let home = Home::new();
    let desktop = Tools::of(&home);
    let (path, opened) = (desktop.path(), desktop.recording("xdg-open"));
    assert_eq!(home.command("open").env("PATH", &path).run().code, Some(3));

    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    let told = home.command("open").arg("--json").env("PATH", &path).run();
    assert_eq!((told.code, &told.line("open")["url"]), (Some(0), &(*ready.url).into()));
    wait_until("the browser is opened", || opened.exists());
    assert!(fs::read_to_string(&opened).expect("written").starts_with(&ready.url));
}

#[test]
fn a_program_that_could_not_open_the_page_is_not_said_to_have_opened_it() {
    let home = Home::new();
    let desktop = Tools::of(&home);
    desktop.failing_late("xdg-open", 3);
    let mut running = home.launcher().port(quiet_port()).start();
    let url = running.ready().url;
    let told = home.command("open").env("PATH", desktop.path()).run();
    assert_eq!(told.code, Some(75), "{told:?}");
    let wanted = format!("no browser could be opened on {url}");
    assert!(told.stderr.contains(&wanted) && !told.stdout.contains("Opened"), "{told:?}");
}

#[test]
fn an_address_without_the_token_that_it_needs_is_not_printed() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    let token = home.folders().token(&AppName::default());
    let print = || home.command("open").args(["--print", "--console"]).run();
    assert_eq!(print().code, Some(0));
    fs::remove_file(&token).expect("it was there");
    fs::create_dir(&token).expect("made");
    for refused in [print(), home.command("token").run()] {
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(75), ""), "{refused:?}");
        let advice = format!("remove it: `rm -r {}`; then try again", token.display());
        for piece in ["it is a folder", &advice] {
            assert!(refused.stderr.contains(piece), "no {piece}: {refused:?}");
        }
    }
    fs::remove_dir(&token).expect("it is empty");
    assert_eq!(print().code, Some(0), "the advice is right");
}

/// A server that was started by hand is the app's as well.
#[test]
fn a_server_alone_is_found_and_how_it_is_stopped_is_said() {
    let home = Home::new();
    let mut launch = home.launcher().port(quiet_port()).start();
    launch.ready();
    assert_eq!(launch.stop().code, Some(0), "a launch before has ended well");
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let discovery = home.folders().discovery(&AppName::default());
    wait_until("it is published", || discovery.exists());
    assert_eq!(home.command("where").run().stdout.trim(), ready.url);
    for request in ["status", "stop", "restart", "move"] {
        let told = home.command(request).run();
        assert_eq!(told.code, Some(75), "{request}: {told:?}");
        for piece in ["without a launcher", &format!("process {}", ready.server_pid), "Ctrl-C"] {
            assert!(told.stderr.contains(piece), "{request}: no `{piece}`: {told:?}");
        }
    }
    let forgotten = home.command("forget").run();
    assert_eq!(forgotten.code, Some(75), "{forgotten:?}");
    let second = home.launcher().without("--json").run();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.stdout.contains("is running already"), "{second:?}");

    let mut beside = home.server().port(quiet_port()).start();
    beside.ready();
    assert_eq!(home.command("where").run().stdout.trim(), ready.url, "the first is left");
    assert_eq!(beside.stop().code, Some(0));
    assert_eq!(home.command("where").run().stdout.trim(), ready.url);
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(home.command("where").run().code, Some(3));
    assert!(!discovery.exists() && !home.folders().token(&AppName::default()).exists());

    let mut killed = home.server().port(quiet_port()).start();
    let port = killed.ready().port;
    wait_until("it is published", || discovery.exists());
    drop(killed.kill());
    assert_eq!(home.command("where").run().code, Some(3));
    let mut next = home.launcher().port(port).start();
    assert_eq!(next.ready().port, port);
    assert_eq!(next.stop().code, Some(0));
}

#[test]
fn a_server_that_listens_no_more_is_said_to_be_one_with_what_helps() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).fake(&[]).start();
    let ready = running.ready();
    let _ = get(&format!("{}shutdown", ready.url));
    let told = home.command("where").run();
    assert_eq!(told.code, Some(75), "{told:?}");
    let why = format!("process {}, listens there no more", ready.server_pid);
    assert!(told.stderr.contains(&why), "{told:?}");
    assert!(told.stderr.contains("now: stop it (`launcher stop`)"), "{told:?}");
    assert_eq!(running.stop().code, Some(0));
}
