//! What an app keeps in the browser, which belongs to its port: the reason for all of this.

use e2e::{Browser, Home, Invocation, Stranger, program, quiet_port, skip, wait_until};
use serde_json::json;

use crate::session::{DAY, way_in};

/// The example, kept by a launcher.
fn notes(home: &Home, port: u16) -> Invocation {
    let program = program("examples/notes");
    home.launcher().home_port(port).setting(format!("command = {}", json!([program])))
}

fn kept(browser: &Browser, url: &str) -> String {
    browser.go(url);
    browser.wait("document.getElementById('count').textContent");
    browser.text("#notes")
}

#[test]
fn it_is_there_after_every_restart_and_after_a_move_its_absence_is_explained() {
    let Ok(browser) = Browser::open("en-GB").map_err(|reason| skip(&reason)) else { return };
    let (home, port) = (Home::new(), quiet_port());
    let mut launcher = notes(&home, port).start();
    let url = launcher.ready().url;
    browser.look(DAY);
    browser.go(&url);
    browser.fill("#text", "buy milk");
    browser.click("#save");
    browser.wait_for_text("#count", &format!("1 kept on port {port}"));

    home.crash(launcher.ready().server_pid);
    wait_until("another server is ready", || home.events("server_ready").len() == 2);
    assert_eq!(kept(&browser, &url), "buy milk", "after a crash of the server");

    assert_eq!(launcher.stop().code, Some(0));
    let mut launcher = notes(&home, port).start();
    assert_eq!(kept(&browser, &launcher.ready().url), "buy milk", "after a stop and a start");
    assert_eq!(launcher.stop().code, Some(0));

    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut launcher = notes(&home, port).start();
    let ready = launcher.ready();
    assert_ne!(ready.port, port);
    assert_eq!(kept(&browser, &ready.url), "", "another port has another storage");
    browser.click("#console");
    browser.wait_for_text("#port", &format!("Last time it was port {port}"));
    browser.wait_for_text("#port", &format!("What was saved on port {port} is still there"));
    // The pages of an app share its address, so it has no console: the page names the commands.
    browser.go(&way_in(&home, ready.port));
    browser.wait_for_text("main", "launcher move");
    browser.keep_picture("notes-moved");

    drop(stranger);
    assert_eq!(home.command("move").arg(port.to_string()).run().code, Some(0));
    browser.go(&ready.url);
    browser.wait(&format!("location.port === '{port}'"));
    assert_eq!(kept(&browser, &url), "buy milk", "back where it was kept");
    assert_eq!(browser.troubles(), [""; 0]);
}
