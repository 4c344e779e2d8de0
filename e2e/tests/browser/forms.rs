//! What is typed into the console: ports, settings, and who changed them in the meantime.

use e2e::is_free;
use shared::app::AppName;

use crate::session::{Session, supervised, taken};

#[test]
fn a_port_is_checked_while_it_is_typed() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    let (taken, stranger) = taken();
    // In the range that Homeport chooses from, so that nothing is to be said against it. Two runs at
    // the same time begin at different places.
    let first = 27_500 + (std::process::id() % 2_000) as u16;
    let free = (first..29_999).find(|port| is_free(*port)).expect("one is free");
    for (typed, said) in [
        ("70000", "A port is a number from 1 to 65535.".to_owned()),
        ("6000", "Not usable: browsers block port 6000".to_owned()),
        (&taken.to_string(), format!("Not usable: port {taken} is held by stranger (pid ")),
        (
            &free.to_string(),
            format!("{free} is free, and outside every range that the system uses."),
        ),
        (
            &session.ready.port.to_string(),
            format!("{} is the port of this server.", session.ready.port),
        ),
    ] {
        browser.fill("#set-port", typed);
        browser.wait_for_text("#set-port-note", &said);
    }
    drop(stranger);
    browser.fill("#set-port", "");
    browser.wait_for_text("#set-port-note", "Tried first at every start");
    session.assert_no_trouble();
}

#[test]
fn settings_are_saved_and_no_change_is_lost() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, home, .. } = &session;
    let file = home.folders().settings(&AppName::default());
    let read = || std::fs::read_to_string(&file).expect("there");
    browser.fill("#set-avoid", "20005, 21000-21010");
    browser.fill("#set-redirect_for", "soon");
    browser.click("#settings-form [type=submit]");
    browser.wait_for_text("#set-redirect_for-note", "A time, such as");
    browser.fill("#set-redirect_for", "2m");
    browser.click("#settings-form [type=submit]");
    browser.wait_for_text("#settings-said", "Saved.");
    assert!(read().contains("21000-21010") && read().contains("redirect_for"), "{}", read());
    browser.fill("#set-ready_timeout", "30s");
    home.set("server", read() + "log = \"debug\" # of mine\nready_timeout = \"20s\"\n");
    browser.click("#settings-form [type=submit]");
    browser.wait_for_text("#stale", "20s");
    assert!(browser.text("#stale").contains("30s"), "both are shown");
    browser.keep_picture("stale-settings");
    browser.click("#stale button");
    browser.wait_for_text("#settings-said", "Saved.");
    let text = read();
    assert!(text.contains("30s") && text.contains("debug") && text.contains("# of mine"), "{text}");
    session.assert_no_trouble();
}
