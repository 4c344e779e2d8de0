//! The one-time URL, and the cookie that it sets.

use std::ops::Deref;

use jiff::{SignedDuration, Timestamp};
use shared::token::Token;
use shared::{app::AppName, port::Port, token::cookie_name};

use crate::support::{Answer, Running, serve, serve_on, settings};

const STATUS: &str = "/_homeport/api/v1/status";

/// An application whose token the test has, as the launcher would.
struct Known {
    running: Running,
    token: Token,
    app: AppName,
}

impl Deref for Known {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}

fn known() -> Known {
    let settings = settings();
    let (token, app) = (settings.token.clone(), settings.launch.app.clone());
    Known { running: serve(settings, |_| {}), token, app }
}

impl Known {
    fn port(&self) -> Port {
        Port::new(self.running.port).expect("not 0")
    }

    fn ticket(&self) -> String {
        self.ticket_of(Timestamp::now())
    }

    fn ticket_of(&self, when: Timestamp) -> String {
        self.token.ticket(&self.app, self.port(), when)
    }

    fn enter(&self, ticket: &str) -> Answer {
        self.get(&format!("/_homeport/enter?ticket={ticket}"))
    }

    fn cookie(&self) -> String {
        let name = cookie_name(&self.app, self.port());
        format!("{name}={}", self.token.cookie(&self.app, self.port()))
    }

    #[track_caller]
    fn assert_not_admitted(&self, ticket: &str) {
        let answer = self.enter(ticket);
        assert_eq!(answer.status, 401, "{ticket}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.header("set-cookie"), None);
        assert!(answer.body.contains("launcher open --console --app notes"), "{answer:?}");
        answer.assert_sealed();
    }
}

#[test]
fn a_ticket_opens_the_console_once_and_its_cookie_opens_the_rest() {
    let app = known();
    let ticket = app.ticket();
    let answer = app.enter(&ticket);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/_homeport/")));
    answer.assert_sealed();
    let set = answer.header("set-cookie").expect("a cookie");
    let (cookie, attributes) = set.split_once("; ").expect("attributes");
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/_homeport");
    assert_eq!(cookie, app.cookie());

    assert_eq!(app.get(STATUS).status, 401);
    assert_eq!(app.ask("GET", STATUS, &[&format!("Cookie: {cookie}")]).status, 200);
    app.assert_not_admitted(&ticket);
    assert_eq!(app.enter(&app.ticket()).status, 303, "another one is as good");
}

#[test]
fn a_ticket_that_is_late_early_forged_or_for_another_is_refused() {
    let app = known();
    let minutes = |count: i64| Timestamp::now() + SignedDuration::from_secs(60 * count);
    for when in [minutes(-1), minutes(2)] {
        app.assert_not_admitted(&app.ticket_of(when));
    }
    let (other_app, now) = ("other".parse().expect("a name"), Timestamp::now());
    app.assert_not_admitted(&app.token.ticket(&other_app, app.port(), now));
    let other_port = Port::new(if app.running.port == 1 { 2 } else { 1 }).expect("not 0");
    app.assert_not_admitted(&app.token.ticket(&app.app, other_port, now));
    app.assert_not_admitted(&Token::random().ticket(&app.app, app.port(), now));
    for garbage in ["", "..", "%00", "a.b.c", "%ff", "1&ticket=2"] {
        app.assert_not_admitted(garbage);
    }
    assert_eq!(app.get("/_homeport/enter").status, 401);
}

#[test]
fn what_looks_ahead_of_the_person_uses_no_ticket() {
    let app = known();
    let target = format!("/_homeport/enter?ticket={}", app.ticket());
    for purpose in ["Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Purpose: prefetch"]
    {
        let answer = app.ask("GET", &target, &[purpose]);
        assert_eq!((answer.status, answer.header("set-cookie")), (503, None), "{purpose}");
    }
    let head = app.ask("HEAD", &target, &[]);
    assert_eq!((head.status, head.header("set-cookie")), (303, None));
    app.ask("POST", &target, &["Content-Length: 0"]).assert_problem(405);
    assert_eq!(app.get(&target).status, 303);
    assert_eq!(app.ask("HEAD", &target, &[]).status, 303, "it does not reveal that it was used");
}

#[test]
fn a_cookie_outlives_the_server_and_a_used_ticket_does_not_come_back() {
    let settings = settings();
    let (token, app) = (settings.token.clone(), settings.launch.app.clone());
    let claim = shared::claim::any().expect("some port");
    let port = claim.port();
    let running = serve_on(claim, settings.clone(), |_| {});
    let mut known = Known { running, token, app };
    let cookie = known.cookie();
    // Made before the next server began, whichever of the two it was meant for.
    let early = known.ticket_of(Timestamp::now() - SignedDuration::from_secs(2));
    known.running.ask_to_stop();
    known.running.wait();
    let claim = shared::claim::port(port).expect("free again");
    let known = Known { running: serve_on(claim, settings, |_| {}), ..known };
    assert_eq!(known.ask("GET", STATUS, &[&format!("Cookie: {cookie}")]).status, 200);
    known.assert_not_admitted(&early);
}

#[test]
fn a_cookie_of_another_port_or_name_is_no_credential_and_does_not_shut_out_the_right_one() {
    let app = known();
    let (port, cookie) = (app.running.port, app.cookie());
    let value = cookie.split_once('=').expect("a pair").1.to_owned();
    for wrong in [
        format!("Cookie: homeport-notes={value}"),
        format!("Cookie: homeport-notes-{}={value}", port.wrapping_add(1)),
        format!("Cookie: homeport-notes-{port}={}", "0".repeat(value.len())),
        format!("Cookie: homeport-notes-{port}="),
        "Cookie: ;;=;".to_owned(),
    ] {
        app.ask("GET", STATUS, &[&wrong]).assert_problem(401);
    }
    let shadowed = format!("Cookie: homeport-notes-{port}=0; {cookie}");
    assert_eq!(app.ask("GET", STATUS, &[&shadowed]).status, 200);
    let header = format!("Cookie: {cookie}");
    assert_eq!(app.ask("GET", STATUS, &["Authorization: Bearer 0", &header]).status, 200);
}

#[test]
fn guessing_is_slowed_down_and_a_right_token_is_not() {
    let app = known();
    let guess = format!("Authorization: Bearer {}", "0".repeat(64));
    let answers: Vec<_> = (0..40).map(|_| app.ask("GET", STATUS, &[&guess])).collect();
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((20..40).contains(&refused), "{refused}");
    let limited = answers.iter().find(|answer| answer.status == 429).expect("some");
    limited.assert_problem(429);
    limited.assert_sealed();
    assert_eq!(limited.header("retry-after"), Some("1"));
    assert!([401, 429].contains(&app.enter("forged").status));
    // Neither of these is a guess.
    app.get(STATUS).assert_problem(401);
    assert_eq!(app.ask("GET", STATUS, &[&format!("Cookie: {}", app.cookie())]).status, 200);
    assert_eq!(app.enter(&app.ticket()).status, 303);
}

/// Pages of a site or of the app could use what a person who has opened the console may do.
#[test]
fn where_other_pages_share_the_origin_no_browser_is_let_in() {
    let site = tempfile::tempdir().expect("a folder");
    for has_root in [false, true] {
        let mut settings = settings();
        settings.has_own_pages = !has_root;
        settings.root = has_root.then(|| site.path().to_owned());
        let (token, app) = (settings.token.clone(), settings.launch.app.clone());
        let known = Known { running: serve(settings, |_| {}), token, app };
        let entered = known.enter(&known.ticket());
        assert_eq!((entered.status, entered.header("set-cookie")), (303, None), "{has_root}");
        let cookie = format!("Cookie: {}", known.cookie());
        for (method, path) in [("GET", STATUS), ("POST", "/_homeport/api/v1/stop")] {
            let answer = known.running.ask(method, path, &[&cookie]);
            assert_eq!(answer.status, 401, "{has_root}: {method}");
        }
        let page = known.running.ask("GET", "/_homeport/", &[&cookie]);
        assert!(page.body.contains("launcher history"), "{has_root}: it names commands: {page:?}");
        assert!(!page.body.contains("launcher stop"), "{has_root}: it has no launcher: {page:?}");
        let bearer = format!("Authorization: Bearer {}", known.token.reveal());
        assert_eq!(known.running.ask("GET", STATUS, &[&bearer]).status, 200, "{has_root}");
    }
}
