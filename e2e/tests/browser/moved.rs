//! A launch that had to go to another port: the console says who has the old one, and leads back to it.

use e2e::{Browser, Home, Stranger, quiet_port, skip};

use crate::session::{DAY, way_in};

#[test]
fn the_console_names_who_has_the_port_and_moves_back_when_it_is_free() {
    let Ok(browser) = Browser::open("en-GB").map_err(|reason| skip(&reason)) else { return };
    let (home, port) = (Home::new(), quiet_port());
    let mut launcher = home.launcher().home_port(port).start();
    launcher.ready();
    assert_eq!(launcher.stop().code, Some(0));

    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut launcher = home.launcher().home_port(port).start();
    let ready = launcher.ready();
    assert_ne!(ready.port, port);
    browser.look(DAY);
    browser.go(&way_in(&home, ready.port));
    let taken = format!("Not the same port as last time: port {port} is held by stranger");
    browser.wait_for_text("#here", &taken);
    browser.wait_for_text("#here", &format!("To get port {port}, end process {}", stranger.pid));
    browser.wait_for_text("#here", &format!("What was saved on port {port} is still there"));

    drop(stranger);
    browser.wait_for_text("#here", &format!("Port {port} is free: you can move there now."));
    browser.click("#here [data-move]");
    browser.wait_for_text("#move-port-note", "is free");
    browser.click("#move [type=submit]");
    browser.wait(&format!("location.port === '{port}'"));
    assert_eq!(browser.troubles(), [""; 0]);
}
