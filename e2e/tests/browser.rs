//! The console in a real browser: what a person sees, and what comes of what he does.
//!
//! Pictures of it are kept under `target/screenshots`.

#![cfg(target_os = "linux")]

use e2e::{
    Browser, Home, Look, Ready, Running, Stranger, axe, is_free, quiet_port, skip, wait_until,
};
use jiff::Timestamp;
use serde_json::json;
use shared::{app::AppName, port::Port, token::Token};

const DAY: Look = Look { width: 1100, height: 900, dark: false };
const NIGHT: Look = Look { dark: true, ..DAY };
const PHONE: Look = Look { width: 360, height: 740, dark: false };
const WALL: Look = Look { width: 2560, height: 1300, dark: false };

/// A running server of the default app, and a browser that has come in.
struct Scene {
    browser: Browser,
    launcher: Running,
    ready: Ready,
    home: Home,
}

/// The address that lets a browser in once.
fn way_in(home: &Home, port: u16) -> String {
    let app = AppName::default();
    let token = Token::load(&home.folders().token(&app)).expect("the server made it");
    token.one_time_url(&app, Port::new(port).expect("not 0"), Timestamp::now())
}

impl Scene {
    /// None if this machine has no browser.
    fn open(language: &str, start: impl FnOnce(&Home) -> Running) -> Option<Self> {
        let browser = Browser::open(language).map_err(|reason| skip(&reason)).ok()?;
        let home = Home::new();
        let mut launcher = start(&home);
        let ready = launcher.ready();
        browser.look(DAY);
        let scene = Self { browser, launcher, ready, home };
        scene.come_in();
        Some(scene)
    }

    fn come_in(&self) {
        self.browser.go(&way_in(&self.home, self.ready.port));
        self.wait_until_live();
    }

    fn wait_until_live(&self) {
        self.browser.wait("document.querySelector('#live').dataset.state === 'on'");
        self.browser.wait("document.querySelector('#plot svg .bar')");
    }

    #[track_caller]
    fn assert_no_trouble(&self) {
        let troubles = self.browser.troubles();
        assert!(troubles.is_empty(), "{troubles:#?}");
    }
}

/// A launcher on a quiet port.
fn supervised(home: &Home) -> Running {
    home.launcher().home_port(quiet_port()).start()
}

#[test]
fn the_one_time_url_opens_the_console_once() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let Scene { browser, ready, home, .. } = &scene;
    assert_eq!(browser.url(), format!("{}_homeport/", ready.url));
    let here = browser.text("#here");
    assert!(here.contains(&ready.port.to_string()) && here.contains("the launcher, pid"), "{here}");
    assert_eq!(browser.shifts(), [""; 0]);
    browser.keep_picture("first-open");
    scene.assert_no_trouble();
    let used = way_in(home, ready.port);
    browser.go(&used);
    browser.go(&used);
    assert!(browser.text("main").contains("launcher open --console"), "a link is used up");
    browser.go(&format!("{}_homeport/", ready.url));
    scene.wait_until_live();
}

#[test]
fn a_conflict_shows_by_itself_and_can_be_read_with_the_keyboard() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let Scene { browser, home, .. } = &scene;
    let (port, _stranger) = taken();
    assert!(!browser.text("#conflicts").contains("stranger"));
    assert_eq!(home.server().port(port).run().code, Some(69));
    browser.wait("document.querySelector('#plot .mark .k-held')");
    browser.wait_for_text("#conflicts", "stranger");
    browser.js("document.querySelector('#plot [tabindex=\"0\"]').focus()");
    browser.press("\u{e010}"); // End
    browser.wait_for_text("#record", "is held by stranger");
    browser.press("+");
    browser.wait("[...document.getElementsByName('span')].every((radio) => !radio.checked)");
    browser.wait("document.activeElement.closest('#plot svg')");
    browser.click("#as-table summary");
    browser.wait_for_text("#records", &format!("{port} is held by stranger"));
    scene.assert_no_trouble();
}

/// A port that a stranger listens on.
fn taken() -> (u16, Stranger) {
    let port = quiet_port();
    (port, Stranger::listening(&format!("127.0.0.1:{port}")))
}

#[test]
fn a_port_is_checked_while_it_is_typed() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let browser = &scene.browser;
    let (taken, stranger) = taken();
    // In the range that Homeport chooses from, so that nothing is to be said against it.
    let free = (27_500..29_999).find(|port| is_free(*port)).expect("one is free");
    for (typed, said) in [
        ("70000", "A port is a number from 1 to 65535.".to_owned()),
        ("6000", "6000 is refused by browsers.".to_owned()),
        (&taken.to_string(), format!("{taken} is held by stranger, pid ")),
        (&free.to_string(), format!("{free} is free, and outside every range the system uses.")),
        (
            &scene.ready.port.to_string(),
            format!("{} is the port of this server.", scene.ready.port),
        ),
    ] {
        browser.fill("#set-port", typed);
        browser.wait_for_text("#set-port-note", &said);
    }
    drop(stranger);
    browser.fill("#set-port", "");
    browser.wait_for_text("#set-port-note", "Tried first at every start");
    scene.assert_no_trouble();
}

#[test]
fn settings_are_saved_and_nobodys_change_is_lost() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let Scene { browser, home, .. } = &scene;
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
    scene.assert_no_trouble();
}

#[test]
fn after_a_move_the_page_follows_and_says_so() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let Scene { browser, ready, .. } = &scene;
    let to = quiet_port();
    browser.click("[data-open=move]");
    browser.wait("document.querySelector('dialog#move').open");
    browser.fill("#move-port", &to.to_string());
    browser.wait_for_text("#move-port-note", "is free");
    browser.keep_picture("move");
    browser.click("#move [type=submit]");
    browser.wait(&format!("location.port === '{to}'"));
    browser.wait_for_text("#said", &format!("Moved from port {} to port {to}", ready.port));
    scene.wait_until_live();
    browser.wait_for_text("#here", "as you asked");
    browser.keep_picture("moved");
    scene.assert_no_trouble();
}

#[test]
fn a_move_that_cannot_be_had_is_explained_in_the_dialog() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let browser = &scene.browser;
    let (port, _stranger) = taken();
    browser.click("[data-open=move]");
    browser.fill("#move-port", &port.to_string());
    browser.click("#move [type=submit]");
    browser.wait_for_text("#move .problem", &port.to_string());
    assert_eq!(browser.js("return location.port"), json!(scene.ready.port.to_string()));
    scene.assert_no_trouble();
}

#[test]
fn after_a_restart_the_page_is_back_by_itself() {
    let Some(scene) = Scene::open("en-GB", supervised) else { return };
    let browser = &scene.browser;
    browser.click("[data-open=restart]");
    browser.click("#restart [type=submit]");
    wait_until("another server is ready", || scene.home.events("server_ready").len() == 2);
    browser.wait_for_text("#said", "The server has restarted.");
    scene.wait_until_live();
    browser.wait("document.querySelector('#plot .k-restart')");
    scene.assert_no_trouble();
}

#[test]
fn after_a_stop_the_page_says_so_and_how_to_start_again() {
    let Some(mut scene) = Scene::open("en-GB", supervised) else { return };
    scene.browser.click("[data-open=stop]");
    scene.browser.keep_picture("stop");
    scene.browser.click("#stop [type=submit]");
    scene.browser.wait_for_text("#here .ended", "The server has stopped.");
    scene.browser.wait_for_text("#here .ended", "launcher start");
    scene.browser.wait("document.querySelector('#live').dataset.state === 'stopped'");
    wait_until("the launcher has ended", || scene.launcher.has_ended());
    assert!(is_free(scene.ready.port));
    scene.browser.keep_picture("stopped");
    scene.assert_no_trouble();
}

#[test]
fn without_a_launcher_the_page_shows_the_command_that_moves() {
    let alone = |home: &Home| home.server().port(quiet_port()).start();
    let Some(scene) = Scene::open("en-GB", alone) else { return };
    let browser = &scene.browser;
    let command = format!("launcher start --port {}", scene.ready.port);
    assert!(browser.text("#here").contains(&command), "{}", browser.text("#here"));
    browser.wait("document.querySelector('[data-open=move]').disabled");
    browser.wait("document.querySelector('[data-open=restart]').disabled");
    browser.wait("!document.querySelector('[data-open=stop]').disabled");
    browser.keep_picture("alone");
    scene.assert_no_trouble();
}

#[test]
fn it_is_usable_by_everybody_by_day_and_by_night_on_a_phone_and_on_a_wall() {
    for language in ["en-GB", "zh-CN"] {
        let Some(scene) = Scene::open(language, pushed_off) else { return };
        let browser = &scene.browser;
        let expected = if language == "en-GB" { "en" } else { "zh-Hans" };
        assert_eq!(browser.js("return document.documentElement.lang"), json!(expected));
        for (name, look) in [("day", DAY), ("night", NIGHT), ("phone", PHONE), ("wall", WALL)] {
            browser.look(look);
            scene.come_in();
            let wide = browser.js("return document.documentElement.scrollWidth > innerWidth");
            assert_eq!(wide, json!(false), "{language} {name} scrolls sideways");
            // Before the picture, for which the browser makes the page as high as it is.
            assert_eq!(browser.shifts(), [""; 0], "{language} {name}");
            browser.keep_picture(&format!("{expected}-{name}"));
            assert_own_origin_alone(browser);
            scene.assert_no_trouble();
            match axe() {
                Ok(axe) => assert_eq!(browser.barriers(&axe), [""; 0], "{language} {name}"),
                Err(reason) => skip(&reason),
            }
        }
    }
}

/// A launcher whose home port a stranger has: there is something to see.
fn pushed_off(home: &Home) -> Running {
    let (port, stranger) = taken();
    let mut launcher = home.launcher().home_port(port).start();
    launcher.ready();
    drop(stranger);
    launcher
}

/// Nothing was asked of any other host, and what the page is made of is less than 100 kB.
#[track_caller]
fn assert_own_origin_alone(browser: &Browser) {
    let others = browser.js(
        "return performance.getEntries().filter(({ name, entryType }) => entryType === 'resource' \
         && new URL(name).origin !== location.origin).map(({ name }) => name)",
    );
    assert_eq!(others, json!([]));
    let bytes = browser
        .js("return performance.getEntries().filter(({ name }) => !name.includes('/api/')) \
         .reduce((sum, { decodedBodySize }) => sum + (decodedBodySize ?? 0), 0)");
    assert!(bytes.as_f64().is_some_and(|bytes| bytes < 100_000.0), "{bytes} bytes");
}
