//! Moves, restarts and stops, as the pages live through them.

use e2e::{Home, is_free, quiet_port, wait_until};
use serde_json::json;

use crate::session::{DAY, Session, supervised, taken, way_in};

#[test]
fn the_one_time_url_opens_the_console_once() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, ready, home, .. } = &session;
    assert_eq!(browser.url(), format!("{}_homeport/", ready.url));
    let here = browser.text("#here");
    assert!(here.contains(&ready.port.to_string()) && here.contains("the launcher, pid"), "{here}");
    assert_eq!(browser.shifts(), [""; 0]);
    browser.keep_picture("first-open");
    session.assert_no_trouble();
    let used = way_in(home, ready.port);
    browser.go(&used);
    browser.go(&used);
    assert!(browser.text("main").contains("launcher open --console"), "a link is used up");
    browser.go(&format!("{}_homeport/", ready.url));
    session.wait_until_live();
}

#[test]
fn after_a_move_the_page_follows_and_says_so() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, ready, .. } = &session;
    let to = quiet_port();
    browser.click("[data-open=move]");
    browser.wait("document.querySelector('dialog#move').open");
    browser.fill("#move-port", &to.to_string());
    browser.wait_for_text("#move-port-note", "is free");
    browser.keep_picture("move");
    browser.click("#move [type=submit]");
    browser.wait(&format!("location.port === '{to}'"));
    browser.wait_for_text("#said", &format!("Moved from port {} to port {to}", ready.port));
    session.wait_until_live();
    browser.wait_for_text("#here", "as requested");
    browser.keep_picture("moved");
    session.assert_no_trouble();
}

#[test]
fn a_page_that_is_opened_after_a_move_has_not_followed_it_and_does_not_say_so() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, home, .. } = &session;
    let to = quiet_port();
    browser.click("[data-open=move]");
    browser.fill("#move-port", &to.to_string());
    browser.wait_for_text("#move-port-note", "is free");
    browser.click("#move [type=submit]");
    browser.wait_for_text("#said", "This page has followed.");
    assert_eq!(browser.js("return location.hash"), json!(""));
    for fresh in [format!("http://127.0.0.1:{to}/_homeport/"), way_in(home, to)] {
        browser.go(&fresh);
        session.wait_until_live();
        browser.wait_for_text("#here", "as requested");
        assert_eq!(browser.text("#said"), "", "{fresh}");
    }
    session.assert_no_trouble();
}

#[test]
fn a_move_that_cannot_be_had_is_explained_in_the_dialog() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    let (port, _stranger) = taken();
    browser.click("[data-open=move]");
    browser.fill("#move-port", &port.to_string());
    browser.click("#move [type=submit]");
    browser.wait_for_text("#move .problem", &port.to_string());
    assert_eq!(browser.js("return location.port"), json!(session.ready.port.to_string()));
    session.assert_no_trouble();
}

#[test]
fn after_a_restart_the_page_is_back_by_itself() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    browser.click("[data-open=restart]");
    browser.click("#restart [type=submit]");
    wait_until("another server is ready", || session.home.events("server_ready").len() == 2);
    browser.wait_for_text("#said", "The server has restarted.");
    session.wait_until_live();
    browser.wait("document.querySelector('#plot .k-restart')");
    session.assert_no_trouble();
}

#[test]
fn after_a_stop_the_page_says_so_and_how_to_start_again() {
    let Some(mut session) = Session::open("en-GB", supervised) else { return };
    session.browser.click("[data-open=stop]");
    session.browser.keep_picture("stop");
    session.browser.click("#stop [type=submit]");
    session.browser.wait_for_text("#here .ended", "The server has stopped.");
    session.browser.wait_for_text("#here .ended", "launcher");
    session.browser.wait("document.querySelector('#live').dataset.state === 'stopped'");
    wait_until("the launcher has ended", || session.launcher.has_ended());
    assert!(is_free(session.ready.port));
    session.browser.keep_picture("stopped");
    session.assert_no_trouble();
}

#[test]
fn without_a_launcher_the_page_shows_the_command_that_moves() {
    let alone = |home: &Home| home.server().port(quiet_port()).start();
    let Some(mut session) = Session::open("en-GB", alone) else { return };
    let browser = &session.browser;
    let command = format!("launcher --port {}", session.ready.port);
    assert!(browser.text("#here").contains(&command), "{}", browser.text("#here"));
    browser.wait("document.querySelector('[data-open=move]').disabled");
    browser.wait("document.querySelector('[data-open=restart]').disabled");
    browser.wait("!document.querySelector('[data-open=stop]').disabled");
    browser.keep_picture("alone");
    browser.click("[data-open=stop]");
    browser.click("#stop [type=submit]");
    browser.wait_for_text("#here .ended", "The server has stopped.");
    wait_until("the server has ended", || session.launcher.has_ended());
    session.assert_no_trouble();
}

#[test]
fn two_tabs_both_follow_a_move() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, ready, .. } = &session;
    let first = browser.tab();
    let second = browser.open_tab();
    browser.look(DAY);
    browser.go(&format!("{}_homeport/", ready.url));
    session.wait_until_live();
    let to = quiet_port();
    browser.click("[data-open=move]");
    browser.fill("#move-port", &to.to_string());
    browser.wait_for_text("#move-port-note", "is free");
    browser.click("#move [type=submit]");
    for tab in [first, second] {
        browser.turn_to(&tab);
        browser.wait(&format!("location.port === '{to}'"));
        session.wait_until_live();
        session.assert_no_trouble();
    }
}

#[test]
fn an_old_tab_is_back_by_itself_when_the_server_has_crashed() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, ready, home, .. } = &session;
    home.crash(ready.server_pid);
    wait_until("another server is ready", || home.events("server_ready").len() == 2);
    browser.wait("document.querySelector('#plot .k-crash')");
    session.wait_until_live();
    browser.keep_picture("crashed");
    session.assert_no_trouble();
}

#[test]
fn an_old_tab_of_an_app_that_was_stopped_and_started_again_says_how_to_come_in() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, launcher, ready, home } = session;
    assert_eq!(launcher.stop().code, Some(0));
    browser.wait("document.querySelector('#live').dataset.state !== 'on'");
    let mut again = home.launcher().home_port(ready.port).start();
    assert_eq!(again.ready().port, ready.port);
    browser.wait("document.querySelector('body.landing')");
    browser.wait_for_text("main", "launcher open --console");
    assert_eq!(browser.troubles(), [""; 0]);
}
