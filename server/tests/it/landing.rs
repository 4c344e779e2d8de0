//! What `/_homeport/` tells a visitor without the token.

use server::web::application::ApplicationSettings;
use shared::{claim, conflict::Origin, port::Port};

use crate::support::{Answer, plain, serve, serve_on, settings};

fn page(last_good: Option<u16>, origin: Origin) -> Answer {
    let mut settings = settings();
    (settings.launch.last_good, settings.launch.origin) = (last_good.and_then(Port::new), origin);
    serve(settings, |_| {}).get("/_homeport/")
}

#[test]
fn the_root_leads_to_it() {
    let app = plain();
    for path in ["/", "/_homeport"] {
        let answer = app.get(path);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/_homeport/")));
    }
}

#[test]
fn it_says_where_one_is_and_how_to_come_in() {
    let app = plain();
    let answer = app.get("/_homeport/");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    answer.assert_sealed();
    for wanted in [
        "<html lang=\"en\">",
        "name=\"viewport\"",
        "<main>",
        "<h1>notes</h1>",
        "<span class=\"host\">http://127.0.0.1:</span>",
        &format!("<span class=\"port\">{}</span>", app.port),
        "launcher open --console --app notes",
        "run/notes.token",
    ] {
        assert!(answer.body.contains(wanted), "{wanted} in {}", answer.body);
    }
}

#[test]
fn it_says_whether_the_port_is_the_one_of_last_time() {
    assert!(page(Some(1), Origin::Range).body.contains("Last time it was port 1."));
    assert!(page(None, Origin::FirstChoice).body.contains("A new port"));
    let (sockets, mut settings) = (claim::any().expect("some port"), settings());
    (settings.launch.last_good, settings.launch.origin) = (Some(sockets.port()), Origin::LastGood);
    let app = serve_on(sockets, settings, |_| {});
    assert!(app.get("/_homeport/").body.contains("The same port as last time."));
}

#[test]
fn it_speaks_the_language_of_the_browser() {
    let app = plain();
    let chinese = app.ask("GET", "/_homeport/", &["Accept-Language: zh-CN,zh;q=0.9,en;q=0.8"]);
    assert_eq!(chinese.header("content-language"), Some("zh-Hans"));
    assert!(chinese.header("vary").is_some_and(|vary| vary.contains("Accept-Language")));
    assert!(chinese.body.contains("<html lang=\"zh-Hans\">") && chinese.body.contains("正在运行"));
    let english = app.ask("GET", "/_homeport/", &["Accept-Language: fr"]);
    assert_eq!(english.header("content-language"), Some("en"));
}

#[test]
fn it_needs_nothing_that_its_own_policy_forbids() {
    let app = plain();
    let body = app.get("/_homeport/").body;
    assert!(!body.contains("<script") && !body.contains("<style") && !body.contains("style="));
    assert!(!body.contains("https://") && !body.contains("onclick"));
    let links = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links.filter(|link| link.starts_with("/_homeport/")) {
        assert_eq!(app.get(link).status, 200, "{link}");
    }
}

#[test]
fn it_tells_a_stranger_nothing_that_only_the_token_opens() {
    let (settings, home) = (settings(), tempfile::tempdir().expect("a folder"));
    let launch_id = settings.launch.launch_id.to_string();
    let app = serve(ApplicationSettings { root: Some(home.path().to_owned()), ..settings }, |_| {});
    let body = app.get("/_homeport/").body;
    assert!(!body.contains(&launch_id) && !body.contains(home.path().to_str().expect("text")));
}
