//! The browser, and what it must not get; and a launch by double-click, which has no terminal.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use e2e::{Home, Invocation, Running, Tools, get, quiet_port, wait_for, wait_until};
use shared::{app::AppName, discovery::Discovery};

/// The launcher on a desktop that has nothing but these tools, and where they write.
fn with_tools<const N: usize>(home: &Home, tools: [&str; N]) -> (Invocation, [PathBuf; N]) {
    let desktop = Tools::of(home);
    let launch = home.launcher().without("--no-open").env("PATH", desktop.path());
    (launch, tools.map(|tool| desktop.recording(tool)))
}

fn told(file: &Path) -> String {
    wait_until("the tool is called", || file.exists());
    fs::read_to_string(file).expect("written")
}

/// The URL from the discovery file, for a launch whose output is not captured.
fn url(home: &Home) -> String {
    let file = home.folders().discovery(&AppName::default());
    wait_for(|| Discovery::read(&file)).expect("it is published").url
}

fn serves(url: &str) -> bool {
    get(&format!("{url}_homeport/healthz")).is_ok_and(|answer| answer.status == 200)
}

/// Stops it as the console does, by the control socket.
fn stop(home: &Home, running: Running) {
    let stopped = home.command("stop").run();
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert_eq!(running.exit().code, Some(0));
}

/// The browser gets a URL that logs in once; the printed URL is another.
#[track_caller]
fn assert_opened_once(address: &str, url: &str) {
    assert!(address.starts_with(&format!("{url}_homeport/enter?ticket=")), "{address}");
    assert_eq!(get(address).expect("an answer").status, 303);
    assert_eq!(get(address).expect("an answer").status, 401);
}

#[test]
fn the_browser_is_opened_on_the_server_and_gets_none_of_its_sockets() {
    let home = Home::new();
    let (launch, [opened]) = with_tools(&home, ["xdg-open"]);
    let mut running = launch.port(quiet_port()).start();
    let ready = running.ready();
    let said = told(&opened);
    assert_opened_once(said.lines().next().unwrap_or_default(), &ready.url);
    // A browser that inherits the listener would keep the port after all our processes have ended.
    assert!(!said.contains("socket:"), "{said}");
    assert!(!said.contains("LISTEN_"), "{said}");
    assert!(!said.contains("port-history.jsonl"), "{said}");

    // A second start opens the same.
    fs::remove_file(&opened).expect("it was there");
    let (launch, _) = with_tools(&home, ["xdg-open"]);
    assert_eq!(launch.run().code, Some(0));
    assert_opened_once(told(&opened).lines().next().unwrap_or_default(), &ready.url);
}

#[test]
fn the_browser_stays_closed_when_it_is_not_wanted() {
    for setting in ["open_browser = false", "# nothing"] {
        let home = Home::new();
        let (launch, [opened]) = with_tools(&home, ["xdg-open"]);
        let launch = launch.setting(setting);
        let launch = match setting {
            "# nothing" => launch.env("HOMEPORT_OPEN_BROWSER", "false"),
            _ => launch,
        };
        let mut running = launch.start();
        running.ready();
        assert_eq!(running.stop().code, Some(0));
        assert!(!opened.exists(), "{setting}");
    }
}

/// It is a convenience, and its absence no failure.
#[test]
fn a_machine_without_a_browser_serves_all_the_same() {
    let home = Home::new();
    let (launch, []) = with_tools(&home, []);
    let mut running = launch.start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_double_click_opens_the_page_and_a_second_one_opens_the_same_server() {
    let home = Home::new();
    let (launch, [opened, shown]) = with_tools(&home, ["xdg-open", "zenity"]);
    let launch = launch.without("--json").double_clicked();
    let running = launch.start();
    let first = told(&opened);
    assert_opened_once(first.lines().next().unwrap_or_default(), &url(&home));
    // The browser is closed by now. The server does not mind.
    fs::remove_file(&opened).expect("it was there");
    assert!(serves(&url(&home)));

    assert_eq!(launch.run().code, Some(0));
    assert_opened_once(told(&opened).lines().next().unwrap_or_default(), &url(&home));
    assert!(!shown.exists(), "nothing is wrong");
    stop(&home, running);
}

#[test]
fn a_double_click_that_fails_shows_a_box_that_names_the_log() {
    let home = Home::new();
    let (launch, [shown]) = with_tools(&home, ["zenity"]);
    let launch = launch.without("--json").double_clicked();
    let failed = launch.setting("prot = 3030 # <b>`x`</b>").run();
    assert_eq!(failed.code, Some(78));
    let said = told(&shown);
    let log = home.folders().logs().join("launcher.jsonl");
    let file = home.folders().settings(&AppName::default());
    for piece in [
        "--error\n",
        "--no-markup\n",
        "--title=Homeport: server\n",
        &format!("--text={}, line 1: there is no setting `prot`", file.display()),
        "did you mean `port`?",
        "Now: correct the file",
        &format!("Log: {}\n", log.display()),
    ] {
        assert!(said.contains(piece), "no `{piece}`: {said}");
    }
    assert!(fs::read_to_string(log).expect("it is there").contains("launch failed"));
}

#[test]
fn a_box_is_for_a_double_click_alone() {
    for (name, value, is_silent) in [
        // A script with its output in a pipe.
        ("DISPLAY", ":homeport", false),
        // A service.
        ("NOTIFY_SOCKET", "/nowhere/notify", true),
        // A machine without a desktop.
        ("DISPLAY", "", true),
    ] {
        let home = Home::new();
        let (launch, [shown, opened]) = with_tools(&home, ["zenity", "xdg-open"]);
        let launch = launch.setting("port = 0");
        let launch = if is_silent { launch.double_clicked() } else { launch };
        assert_eq!(launch.env(name, value).run().code, Some(78));
        assert!(!shown.exists() && !opened.exists(), "{name}={value}");
    }
}

#[test]
fn every_desktop_shows_it_in_the_way_it_has() {
    let tools = ["kdialog", "xmessage", "notify-send"];
    for present in 0..tools.len() {
        let home = Home::new();
        let (launch, [shown]) = with_tools(&home, [tools[present]]);
        // What is there but finds no display is passed over.
        ["zenity"].iter().chain(&tools[..present]).for_each(|tool| Tools::of(&home).failing(tool));
        assert_eq!(launch.setting("port = 0").double_clicked().run().code, Some(78));
        assert!(told(&shown).contains("port 0 means"), "{}", tools[present]);
    }
}

#[test]
fn where_there_is_no_box_the_browser_shows_a_page() {
    let home = Home::new();
    let (launch, [opened]) = with_tools(&home, ["xdg-open"]);
    let launch = launch.setting("log = \"<i>\"").double_clicked();
    assert_eq!(launch.run().code, Some(78));
    let page = home.folders().error_page(&AppName::default());
    assert_eq!(told(&opened).lines().next(), page.to_str());
    let mode = fs::metadata(&page).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&page).expect("it is there");
    assert!(text.contains("&lt;i&gt;&quot; is not `error`"), "{text}");
    assert!(text.contains("launcher.jsonl"), "{text}");

    // The next start has nothing to complain of.
    home.set("server", "");
    let running = home.launcher().double_clicked().start();
    url(&home);
    assert!(!page.exists());
    stop(&home, running);
}

#[test]
fn a_double_click_without_a_browser_shows_the_url() {
    let home = Home::new();
    let (launch, [shown]) = with_tools(&home, ["zenity"]);
    let running = launch.without("--json").double_clicked().start();
    let said = told(&shown);
    let url = url(&home);
    assert!(said.contains(&format!("open {url} in a browser")), "{said}");
    assert!(serves(&url));
    stop(&home, running);
}
