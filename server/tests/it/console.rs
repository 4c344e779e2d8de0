//! The console's page and what it loads, as a browser fetches them.

use shared::{port::Port, token::cookie_name};

use crate::support::{Answer, Running, plain, serve, settings};

/// An application, and the cookie that lets one in.
fn known() -> (Running, String) {
    let settings = settings();
    let (token, app) = (settings.token.clone(), settings.launch.app.clone());
    let running = serve(settings, |_| {});
    let port = Port::new(running.port).expect("not 0");
    let cookie = format!("Cookie: {}={}", cookie_name(&app, port), token.cookie(&app, port));
    (running, cookie)
}

fn page(app: &Running, cookie: &str) -> Answer {
    app.ask("GET", "/_homeport/", &[cookie])
}

/// Everything of ours that a page names.
fn links(page: &str) -> Vec<&str> {
    let starts = ["href=\"", "src=\""];
    let rests = starts.iter().flat_map(|start| page.split(start).skip(1));
    let links = rests.filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.starts_with("/_homeport/assets/")).collect()
}

#[test]
fn it_opens_for_the_cookie_alone() {
    let (app, cookie) = known();
    let page = page(&app, &cookie);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("id=\"timeline\"") && page.body.contains("id=\"settings-form\""));
    page.assert_sealed();
    for stranger in [app.get("/_homeport/"), self::page(&app, &(cookie + "0"))] {
        assert_eq!(stranger.status, 200);
        assert!(!stranger.body.contains("id=\"timeline\""), "the landing page");
    }
}

#[test]
fn it_runs_nothing_but_its_own_files() {
    let (app, cookie) = known();
    let body = page(&app, &cookie).body;
    assert!(!body.contains("<style") && !body.contains(" style=") && !body.contains(" onclick="));
    assert!(!body.contains("https://"));
    let scripts = body.matches("<script").count();
    assert_eq!(scripts, body.matches("<script type=\"module\" src=\"/_homeport/assets/").count());
    assert_eq!(scripts, 1);
}

#[test]
fn all_that_it_loads_is_there_is_kept_for_good_and_is_as_small_as_documented() {
    let (app, cookie) = known();
    let page = page(&app, &cookie);
    let mut bytes = page.body.len();
    let mut links = links(&page.body);
    links.sort_unstable();
    links.dedup();
    for link in &links {
        let answer = app.get(link);
        assert_eq!(answer.status, 200, "{link}");
        let kept = answer.header("cache-control");
        assert_eq!(kept, Some("public, max-age=31536000, immutable"), "{link}");
        let media_type = answer.header("content-type").expect("a type");
        let expected = match link.rsplit_once('.').expect("a suffix").1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(media_type, expected, "{link}");
        assert!(!answer.body.contains("url(") && !answer.body.contains("https://"), "{link}");
        bytes += answer.body.len();
    }
    assert!(links.len() > 10, "{links:?}");
    let documented = include_str!("../../../docs/console.md").split("are less than ").nth(1);
    let documented = documented.and_then(|text| text.split(" kB").next()?.parse().ok());
    let wanted: usize = documented.expect("the documentation names the size");
    assert!(
        (wanted - 5..wanted).contains(&(bytes / 1000)),
        "{bytes} bytes, {wanted} kB documented"
    );
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    let app = plain();
    let landing = app.get("/_homeport/");
    let link = links(&landing.body)[0];
    let answer = app.get(link);
    let tag = answer.header("etag").expect("a tag");
    let again = app.ask("GET", link, &[&format!("If-None-Match: \"other\", {tag}")]);
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
    let other = app.ask("GET", link, &["If-None-Match: \"other\""]);
    assert_eq!((other.status, other.body), (200, answer.body.clone()));
}

#[test]
fn a_page_of_an_earlier_version_finds_its_files_and_keeps_none() {
    let app = plain();
    let answer = app.get("/_homeport/assets/0123456789ab/script/console.js");
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-cache")));
    for absent in ["script/none.js", "text/en.json", "../Cargo.toml", "%2e%2e/icon.svg", ""] {
        let answer = app.get(&format!("/_homeport/assets/0123456789ab/{absent}"));
        assert_eq!(answer.status, 404, "{absent}");
    }
}
