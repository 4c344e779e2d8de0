//! The console without a mouse.

use serde_json::{Value, json};

use crate::session::{Session, supervised, taken};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const END: &str = "\u{e010}";
const LEFT: &str = "\u{e012}";

/// The focused element, by a short name or by its id.
const FOCUSED: &str = "
    const focused = document.activeElement;
    const names = {
        '.skip': 'skip', '.address a': 'address', '[data-copy]': 'copy', '[name=span]': 'span',
        '.thing': 'thing', 'summary': 'table', 'footer a': 'api',
        '#settings-form [type=submit]': 'save', '#settings-form [type=reset]': 'discard',
    };
    const [, name] = Object.entries(names).find(([place]) => focused.matches(place)) ?? [];
    return name ?? focused.dataset.open ?? focused.dataset.zoom ?? focused.id";

#[test]
fn a_conflict_shows_by_itself_and_can_be_read_with_the_keyboard() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, home, .. } = &session;
    let (port, _stranger) = taken();
    assert!(!browser.text("#conflicts").contains("stranger"));
    assert_eq!(home.server().port(port).run().code, Some(69));
    browser.wait("document.querySelector('#plot .mark .k-held')");
    browser.wait_for_text("#conflicts", "stranger");
    browser.js("document.querySelector('#plot [tabindex=\"0\"]').focus()");
    browser.press(END);
    browser.wait_for_text("#record", "is held by stranger");
    browser.press("+");
    browser.wait("[...document.getElementsByName('span')].every((radio) => !radio.checked)");
    browser.wait("document.activeElement.closest('#plot svg')");
    browser.click("#as-table summary");
    browser.wait_for_text("#records", &format!("{port} is held by stranger"));
    session.assert_no_trouble();
}

#[test]
fn everything_is_reached_with_the_tab_key_in_the_order_in_which_it_is_read() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    let mut reached = Vec::new();
    while reached.last().is_none_or(|last: &String| last != "api") {
        browser.press(TAB);
        let focused = browser.js(FOCUSED);
        reached.push(focused.as_str().unwrap_or_default().to_owned());
        assert!(reached.len() < 60, "the tab key leads to no end: {reached:?}");
        let is_seen = "getComputedStyle(document.activeElement).outlineStyle !== 'none' || \
                       document.activeElement.matches('.thing, [name=span]')";
        assert_eq!(browser.js(&format!("return {is_seen}")), json!(true), "{reached:?}");
    }
    let mut rest = reached.iter();
    for wanted in [
        "skip", "address", "copy", "move", "restart", "stop", "span", "earlier", "later", "out",
        "in", "thing", "table", "set-port", "set-log", "save", "discard", "api",
    ] {
        assert!(rest.any(|one| one == wanted), "{wanted} is not where it belongs: {reached:?}");
    }
    assert_eq!(reached.iter().filter(|one| *one == "thing").count(), 1, "arrows do the rest");
}

#[test]
fn a_dialog_takes_the_focus_and_gives_it_back() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let browser = &session.browser;
    for (dialog, inside) in [("move", "move-port"), ("restart", "restart"), ("stop", "stop")] {
        browser.js(&format!("document.querySelector('[data-open={dialog}]').focus()"));
        browser.press(ENTER);
        browser
            .wait(&format!("document.getElementById('{inside}').matches(':focus, :focus-within')"));
        for _ in 0..8 {
            browser.press(TAB);
            let is_out =
                browser.js("return document.activeElement.closest('main, header, footer')");
            assert_eq!(is_out, Value::Null, "{dialog} lets the focus go");
        }
        browser.press(ESCAPE);
        browser.wait(&format!("!document.getElementById('{dialog}').open"));
        browser.wait(&format!("document.activeElement.dataset.open === '{dialog}'"));
    }
    assert_eq!(session.home.events("server_ready").len(), 1, "nothing was done");
    session.assert_no_trouble();
}

#[test]
fn the_arrow_keys_lead_through_the_picture() {
    let Some(session) = Session::open("en-GB", supervised) else { return };
    let Session { browser, home, .. } = &session;
    let (port, _stranger) = taken();
    assert_eq!(home.server().port(port).run().code, Some(69));
    browser.wait("document.querySelector('#plot .mark .k-held')");
    browser.js("document.querySelector('#plot [tabindex=\"0\"]').focus()");
    browser.press(END);
    browser.wait_for_text("#record", "Held by another program");
    browser.press(LEFT);
    browser.wait_for_text("#record", &format!("Launch on port {}", session.ready.port));
    browser.press("-");
    browser.wait("document.activeElement.closest('#plot svg')");
    session.assert_no_trouble();
}
