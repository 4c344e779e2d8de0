//! How the console looks: by day and by night, on a phone and on a wall, in each language,
//! with forced colours, without motion, and without scripts.

use std::fs;

use e2e::{Browser, Home, Running, Viewport, axe, skip, wait_until};
use serde_json::json;

use crate::{
    sample_history,
    session::{DAY, Session, supervised, taken},
};

const NIGHT: Viewport = Viewport { dark: true, ..DAY };
const TABLET: Viewport = Viewport { width: 768, ..DAY };
const PHONE: Viewport = Viewport { width: 360, height: 740, ..DAY };
const WALL: Viewport = Viewport { width: 2560, height: 1300, ..DAY };

#[test]
fn it_is_accessible_in_light_and_dark_on_small_and_large_screens() {
    for language in ["en-GB", "zh-CN"] {
        let Some(session) = Session::open(language, pushed_off) else { return };
        let browser = &session.browser;
        let expected = if language == "en-GB" { "en" } else { "zh-Hans" };
        assert_eq!(browser.js("return document.documentElement.lang"), json!(expected));
        for (name, look) in
            [("day", DAY), ("night", NIGHT), ("tablet", TABLET), ("phone", PHONE), ("wall", WALL)]
        {
            browser.look(look);
            session.come_in();
            let wide = browser.js("return document.documentElement.scrollWidth > innerWidth");
            assert_eq!(wide, json!(false), "{language} {name} scrolls sideways");
            // Before the picture, for which the browser makes the page as high as it is.
            assert_eq!(browser.shifts(), [""; 0], "{language} {name}");
            browser.keep_picture(&format!("{expected}-{name}"));
            assert_own_origin_alone(browser);
            session.assert_no_trouble();
            assert_no_barrier(browser, &format!("{language} {name}"));
        }
    }
}

/// A launcher with six weeks behind it, whose home port a stranger has: there is something to see.
fn pushed_off(home: &Home) -> Running {
    sample_history::write(home, 84);
    let (port, stranger) = taken();
    let mut launcher = home.launcher().home_port(port).start();
    launcher.ready();
    drop(stranger);
    // The page is renewed when the launcher sees it, which must not happen while it is looked at.
    let history = home.folders().history();
    let is_seen = || fs::read_to_string(&history).is_ok_and(|text| text.contains("home_port_free"));
    wait_until("the home port is seen to be free", is_seen);
    launcher
}

#[track_caller]
fn assert_no_barrier(browser: &Browser, occasion: &str) {
    match axe() {
        Ok(axe) => assert_eq!(browser.barriers(&axe), [""; 0], "{occasion}"),
        Err(reason) => skip(&reason),
    }
}

/// Nothing was asked of any other host, and what the page is made of is less than 100 kB.
#[track_caller]
fn assert_own_origin_alone(browser: &Browser) {
    let others = browser.js(
        "return performance.getEntries().filter(({ name, entryType }) => entryType === 'resource' \
         && new URL(name).origin !== location.origin).map(({ name }) => name)",
    );
    assert_eq!(others, json!([]));
    // What is fetched later is not what the page is made of.
    let bytes = browser.js("return performance.getEntries() \
         .filter(({ initiatorType }) => !['fetch', 'other'].includes(initiatorType)) \
         .reduce((sum, { decodedBodySize }) => sum + (decodedBodySize ?? 0), 0)");
    assert!(bytes.as_f64().is_some_and(|bytes| bytes < 100_000.0), "{bytes} bytes");
}

#[test]
fn with_few_colours_of_ones_own_the_shapes_tell_the_marks_apart() {
    let Some(session) = Session::open("en-GB", pushed_off) else { return };
    let browser = &session.browser;
    browser.look(Viewport { forced_colors: true, ..DAY });
    browser.wait("matchMedia('(forced-colors: active)').matches");
    let fill = |place: &str| {
        browser.js(&format!("return getComputedStyle(document.querySelector('{place}')).fill"))
    };
    let text = browser.js("return getComputedStyle(document.body).color");
    assert_eq!(fill("#plot .k-held"), text, "a mark has the colour of the text");
    assert_ne!(fill("#plot .bar.runs rect"), fill("#plot .bar:not(.runs) rect"));
    browser.keep_picture("forced-colors");
    assert_no_barrier(browser, "forced colours");
    session.assert_no_trouble();
}

#[test]
fn nothing_moves_where_reduced_motion_is_preferred() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    let moving = "document.querySelector('#live').dataset.state = 'lost'; \
                  const style = (e, p) => getComputedStyle(e, p); \
                  return [style(document.querySelector('#live'), '::before').animationName, \
                  style(document.querySelector('button')).transitionDuration].join()";
    assert!(browser.js(moving).as_str().is_some_and(|moving| moving.starts_with("breathe,0.15s")));
    browser.look(Viewport { still: true, ..DAY });
    assert_eq!(browser.js(moving), json!("none,0s"));
}

#[test]
fn a_long_history_is_read_as_far_as_can_be_seen_and_stays_usable() {
    let long = |home: &Home| {
        sample_history::write(home, 3_400);
        supervised(home)
    };
    let Some(session) = Session::open("en-GB", long) else { return };
    let browser = &session.browser;
    assert!(session.home.history().len() > 20_000);
    browser.wait_for_text("#history-note", "Only the newest 20,000 records are shown.");
    let pages = "performance.getEntriesByType('resource') \
                 .filter(({ name }) => name.includes('/history?')).length";
    assert_eq!(browser.js(&format!("return {pages}")), json!(20));
    browser.click("input[name=span][value=all]");
    browser.wait("document.querySelectorAll('#plot .mark').length > 10");
    let drawn = browser.js("return document.querySelectorAll('#plot *').length");
    assert!(drawn.as_u64().is_some_and(|drawn| drawn < 5_000), "{drawn} elements");
    browser.keep_picture("long-history");
    browser.click("#as-table summary");
    browser.wait("document.querySelectorAll('#records tr').length === 100");
    let (port, _stranger) = taken();
    assert_eq!(session.home.server().port(port).run().code, Some(69));
    browser.wait_for_text("#records tr", &format!("{port} is held by stranger"));
    session.assert_no_trouble();
}

#[test]
fn without_scripts_all_that_is_known_can_be_read() {
    let Some(session) = Session::open("en-GB", pushed_off) else { return };
    let Session { browser, ready, .. } = &session;
    browser.allow_scripts(false);
    browser.go(&format!("{}_homeport/", ready.url));
    let page = browser.text("body");
    for wanted in [
        &ready.port.to_string(),
        "is held by stranger",
        "Without JavaScript this page only shows the state",
        "Port conflicts",
        "Home port",
        "The port history, as records",
    ] {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
    for gone in ["Connecting", "Reading the port history", "Restart…", "Discard changes"] {
        assert!(!page.contains(gone), "{gone} does nothing without scripts: {page}");
    }
    browser.keep_picture("no-scripts");
    browser.click("#plot a");
    assert!(browser.text("body").contains("\"records\""), "{}", browser.text("body"));
}

#[test]
fn the_description_of_the_api_looks_as_the_console_does() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, ready, .. } = &session;
    for (name, look) in [("day", DAY), ("night", NIGHT), ("phone", PHONE)] {
        browser.look(look);
        browser.go(&format!("{}_homeport/docs", ready.url));
        let wide = browser.js("return document.documentElement.scrollWidth > innerWidth");
        assert_eq!(wide, json!(false), "{name} scrolls sideways");
        browser.keep_picture(&format!("api-{name}"));
        assert_no_barrier(browser, name);
        session.assert_no_trouble();
    }
}
