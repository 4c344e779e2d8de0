//! Coming in: what the browser is opened on, and what that is worth later.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use e2e::{
    Answer, Home, ReadyMessage, RunContext, Running, Tools, get, program, quiet_port, send,
    wait_for, wait_until,
};
use jiff::Timestamp;
use serde_json::json;
use shared::{
    app::AppName,
    port::Port,
    token::{Token, cookie_name},
};

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

fn bearer(port: u16, token: &str) -> u16 {
    let head =
        format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close");
    send(port, &format!("GET {STATUS} HTTP/1.1\r\n{head}\r\n\r\n")).expect("an answer").status
}

/// What `launcher token` prints.
fn token(home: &Home) -> String {
    let told = home.command("token").without("--json").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    told.stdout.trim().to_owned()
}

#[test]
fn a_launch_that_was_killed_leaves_no_token_and_no_cookie_that_is_good() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let (old, cookie) = (token(&home), enter(&open(&home, true)));
    assert_eq!(bearer(ready.port, &old), 200);
    running.kill_both();
    let mut next = home.launcher().start();
    assert_eq!(next.ready().port, ready.port);
    assert_eq!(bearer(ready.port, &old), 401);
    assert_eq!(ask(ready.port, STATUS, &cookie).status, 401);
    let new = token(&home);
    assert_eq!((bearer(ready.port, &new), new == old), (200, false));
}

#[test]
fn each_start_of_a_server_alone_has_a_token_and_one_beside_a_launch_leaves_that_of_the_launch() {
    let home = Home::new();
    let file = home.folders().token(&AppName::default());
    let read = || fs::read_to_string(&file).expect("there");
    let port = quiet_port();
    let mut first = home.server().port(port).start();
    first.ready();
    let old = read();
    first.stop();
    let mut second = home.server().port(port).start();
    second.ready();
    assert_ne!(read(), old);
    second.stop();

    let (running, _) = launched(&home);
    let of_launch = read();
    let mut beside = home.server().port(port).start();
    beside.ready();
    wait_until("it says so", || {
        beside.stderr().contains("find that one and not this one. `--app` names another app.")
    });
    assert_eq!(read(), of_launch);
    beside.stop();
    running.stop();
}

#[test]
fn a_token_that_a_server_alone_has_lost_is_asked_for_again() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    server.ready();
    let told = || home.command("token").without("--json").run();
    // The server may write it anew before it is asked for.
    let lost = (0..20).find_map(|_| {
        let _ = fs::remove_dir_all(home.folders().run());
        let told = told();
        (told.code != Some(0)).then_some(told)
    });
    let lost = lost.expect("lost");
    assert_eq!(lost.code, Some(75), "{lost:?}");
    assert!(lost.stderr.contains("try again") && !lost.stderr.contains("restart"), "{lost:?}");
    wait_until("it is there again", || told().code == Some(0));
    server.stop();
}

#[test]
fn a_token_that_a_folder_is_in_the_place_of_is_said_to_come_back_without_it() {
    let home = Home::new();
    let (running, _) = launched(&home);
    let file = home.folders().token(&AppName::default());
    fs::remove_file(&file).expect("it was there");
    fs::create_dir(&file).expect("made");
    let refused = home.command("token").without("--json").run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&format!("rm -r {}", file.display())), "{refused:?}");
    fs::remove_dir(&file).expect("made");
    assert!(!token(&home).is_empty());
    running.stop();
}

#[test]
fn no_ticket_is_good_where_a_link_is_in_the_place_of_their_folder() {
    let home = Home::new();
    let (running, _) = launched(&home);
    let (tickets, elsewhere) =
        (home.folders().tickets(&AppName::default()), home.path().join("elsewhere"));
    fs::create_dir(&elsewhere).expect("made");
    symlink(&elsewhere, &tickets).expect("linked");
    assert_eq!(get(&open(&home, true)).expect("an answer").status, 401);
    assert_eq!(fs::read_dir(&elsewhere).expect("there").count(), 0);
    let log = home.folders().logs().join("server.jsonl");
    wait_until("the log says why", || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        log.contains("not the folder of used tickets")
    });
    fs::remove_file(&tickets).expect("a link");
    enter(&open(&home, true));
    running.stop();
}

#[test]
fn a_ticket_is_good_once_also_if_the_server_is_killed_meanwhile() {
    let home = Home::new();
    let (running, ready) = launched(&home);
    let address = open(&home, true);
    enter(&address);
    running.server().kill();
    let another = || home.events("server_ready").len() > 1;
    wait_until("another server serves", another);
    assert_eq!(get(&address).expect("an answer").status, 401);
    // The launch is the same, and so is its token: another ticket is good.
    enter(&open(&home, true));
    assert_eq!(get(&ready.url).expect("an answer").status, 303);
}

/// The server that used it ends in the second in which the next one starts.
#[test]
fn a_ticket_is_good_once_also_where_its_file_cannot_be_made() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&plain).port(quiet_port()).start();
    running.ready();
    let run = home.folders().run().to_owned();
    fs::set_permissions(&run, Permissions::from_mode(0o500)).expect("ours to change");
    let printed = || {
        let told = home.command("open").without("--json").args(["--console", "--print"]);
        let told = told.at(&plain).run();
        assert_eq!(told.code, Some(0), "{told:?}");
        told.stdout.trim().to_owned()
    };
    let restart = || assert_eq!(home.command("restart").at(&plain).run().code, Some(0));
    let crash = || {
        running.server().kill();
        wait_until("another server serves", || home.events("server_ready").len() > 1);
    };
    let ends: [&dyn Fn(); 2] = [&crash, &restart];
    for end in ends {
        wait_until("a second begins", || Timestamp::now().subsec_millisecond() < 100);
        let address = printed();
        enter(&address);
        end();
        assert_eq!(get(&address).expect("an answer").status, 401);
        enter(&printed());
    }
    let log = home.folders().logs().join("server.jsonl");
    wait_until("the log says why", || {
        fs::read_to_string(&log).unwrap_or_default().contains("a used ticket leaves no file")
    });
    fs::set_permissions(&run, Permissions::from_mode(0o700)).expect("ours to change");
    running.stop();
}

/// Whatever a person has opened before: the console has no cookie where others have pages.
#[test]
fn a_page_of_a_site_cannot_stop_the_server_whatever_was_opened_before() {
    let home = Home::new();
    let site = home.path().join("site");
    fs::create_dir(&site).expect("made");
    fs::write(site.join("index.html"), "<script>fetch('/_homeport/api/v1/stop')</script>")
        .expect("written");
    let port = quiet_port();
    let mut server = home.server().port(port).arg("--root").arg(&site).start();
    server.ready();
    let known = Token::load(&home.folders().token(&AppName::default())).expect("there");
    let (app, own) = (AppName::default(), Port::new(port).expect("not 0"));
    let entered = get(&known.one_time_url(&app, own, Timestamp::now())).expect("an answer");
    assert_eq!(entered.status, 303);
    assert!(!entered.head.contains("set-cookie"), "{entered:?}");
    let cookie = format!("{}={}", cookie_name(&app, own), known.cookie(&app, own));
    let stop = format!(
        "POST /_homeport/api/v1/stop HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         Origin: http://127.0.0.1:{port}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(send(port, &stop).expect("an answer").status, 401);
    assert!(!server.has_ended());
    server.stop();
}

#[test]
fn a_person_without_a_browser_gets_the_link_and_no_log_has_it() {
    let home = Home::new();
    let (running, _) = launched(&home);
    let printed = home.command("open").without("--json").arg("--print").run();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let address = printed.stdout.trim();
    enter(address);
    let told = home.command("open").args(["--print", "--json"]).run();
    assert!(told.line("open")["address"].as_str().is_some_and(|link| link.contains("ticket=")));

    // Neither a start nor a command that finds no browser tells a log, or stderr, what it was to open.
    let nothing = home.path().join("no-programs");
    fs::create_dir(&nothing).expect("made");
    let refused = home.command("open").env("PATH", &nothing).run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(!refused.stderr.contains("ticket="), "{refused:?}");
    assert!(refused.stderr.contains("open --print"), "{refused:?}");
    running.stop();
    let mut again = home.launcher().without("--no-open").env("PATH", &nothing).start();
    again.ready();
    wait_until("it is said", || again.stderr().contains("no browser could be opened"));
    again.stop();
    for file in fs::read_dir(home.folders().logs()).expect("logs").flatten() {
        let text = fs::read_to_string(file.path()).expect("text");
        assert!(!text.contains("ticket="), "{}", file.path().display());
    }
    assert_eq!(home.command("token").run().code, Some(3));
}

#[test]
fn a_token_s_file_that_was_changed_is_written_anew_before_its_token_is_given_out() {
    let home = Home::new();
    let mut running = home.launcher().start();
    running.ready();
    let file = home.folders().token(&AppName::default());
    let right = home.command("token").run().stdout;
    for words in ["token", "open --print"] {
        fs::write(&file, "ab".repeat(32)).expect("written");
        let told = home.command(words).run();
        assert_eq!(told.code, Some(0), "{words}: {told:?}");
        assert_eq!(fs::read_to_string(&file).expect("text").trim(), right.trim(), "{words}");
    }
    assert_eq!(running.stop().code, Some(0));
}
