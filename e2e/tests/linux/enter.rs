//! Coming in: what the browser is opened on, and what that is worth later.

use std::{fs, path::Path};

use e2e::{Answer, Home, ReadyMessage, Running, Tools, get, quiet_port, send, wait_for};
use serde_json::json;

/// What `launcher open` opens the browser on.
fn open(home: &Home, console: bool) -> String {
    let desktop = Tools::of(home);
    let file = desktop.recording("xdg-open");
    let launch = home.command("open").env("PATH", desktop.path());
    let launch = if console { launch.arg("--console") } else { launch };
    assert_eq!(launch.run().code, Some(0));
    let told = wait_for(|| fs::read_to_string(&file).ok()).expect("the browser is opened");
    fs::remove_file(file).expect("it was there");
    told.lines().next().unwrap_or_default().to_owned()
}

/// The cookie that an address gives.
fn enter(address: &str) -> String {
    let answer = get(address).expect("an answer");
    assert_eq!(answer.status, 303, "{address}: {answer:?}");
    let set = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    set.expect("a cookie").split(';').next().unwrap_or_default().to_owned()
}

fn ask(port: u16, path: &str, cookie: &str) -> Answer {
    let host = format!("Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nConnection: close");
    send(port, &format!("GET {path} HTTP/1.1\r\n{host}\r\n\r\n")).expect("an answer")
}

const STATUS: &str = "/_homeport/api/v1/status";

fn launched(home: &Home) -> (Running, ReadyMessage) {
    let mut running = home.launcher().port(quiet_port()).start();
    let ready = running.ready();
    (running, ready)
}

#[test]
fn what_opened_the_browser_is_worth_nothing_later_and_stands_in_no_log() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let address = open(&home, false);
    let (_, ticket) = address.split_once("?ticket=").expect("a ticket");
    let cookie = enter(&address);
    assert_eq!(get(&address).expect("an answer").status, 401);
    assert_eq!(ask(ready.port, STATUS, &cookie).status, 200);
    assert_eq!(running.stop().code, Some(0));

    let (_, value) = cookie.split_once('=').expect("a pair");
    for file in fs::read_dir(home.folders().logs()).expect("logs") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        for secret in [ticket, value] {
            assert!(!text.contains(secret), "{}", path.display());
        }
    }
}

#[test]
fn a_cookie_is_as_good_after_a_restart_of_the_server() {
    let home = Home::new();
    let (_running, ready) = launched(&home);
    let cookie = enter(&open(&home, false));
    assert_eq!(home.command("restart").run().code, Some(0));
    assert_eq!(ask(ready.port, STATUS, &cookie).status, 200);
}

#[test]
fn after_a_move_the_console_is_led_to_the_new_port_and_let_in_there() {
    let home = Home::new();
    let (_running, ready) = launched(&home);
    let cookie = enter(&open(&home, true));
    let to = quiet_port();
    assert_eq!(home.command("move").arg(to.to_string()).run().code, Some(0));

    let led = ask(ready.port, "/_homeport/", &cookie);
    assert_eq!(led.status, 307, "{led:?}");
    let address = led.head.lines().find_map(|line| line.strip_prefix("location: "));
    let address = address.expect("a place");
    assert!(address.starts_with(&format!("http://127.0.0.1:{to}/_homeport/enter?")), "{address}");
    assert_eq!(ask(to, STATUS, &enter(address)).status, 200);
    assert_eq!(ask(to, STATUS, &cookie).status, 401, "a cookie is for one port");
}

#[test]
fn an_app_with_a_page_of_its_own_is_opened_there_and_the_console_when_it_is_asked_for() {
    let home = Home::new();
    let site = home.path().join("site");
    fs::create_dir(&site).expect("made");
    fs::write(site.join("index.html"), "<h1>its own</h1>").expect("written");
    let server = e2e::program("server");
    let words: Vec<&Path> = vec![&server, Path::new("--root"), &site];
    let launch = home.launcher().setting(format!("command = {}", json!(words)));
    let mut running = launch.port(quiet_port()).start();
    let ready = running.ready();
    assert_eq!(open(&home, false), ready.url);
    assert!(open(&home, true).starts_with(&format!("{}_homeport/enter?ticket=", ready.url)));
}

#[test]
fn without_a_browser_the_address_is_printed_for_whoever_asked() {
    let home = Home::new();
    let (_running, ready) = launched(&home);
    let nothing = home.path().to_str().expect("text").to_owned();
    let told = home.command("open").env("PATH", nothing).run();
    assert_eq!((told.code, told.stdout.as_str()), (Some(75), ""));
    let entrance = format!("{}_homeport/enter?ticket=", ready.url);
    let address = told.stderr.split_whitespace().find(|word| word.starts_with(&entrance));
    enter(address.unwrap_or_else(|| panic!("{told:?}")));
}
