//! Identity and health.

use std::time::Duration;

use shared::{
    app::AppName,
    identity::{MAX_CHALLENGE, ProbeError, Secret},
    port::Port,
};

use crate::support::{plain, serve, settings};

#[test]
fn only_this_users_programs_recognise_the_server() {
    let settings = settings();
    let (secret, launch_id) = (settings.secret.clone(), settings.launch.launch_id);
    let app = serve(settings, |_| {});
    let port = Port::new(app.port).expect("not 0");
    let identity = secret.probe(port, Duration::from_secs(5)).expect("ours");
    assert_eq!((identity.app.as_str(), identity.launch_id), ("notes", launch_id));
    let stranger = Secret::random().probe(port, Duration::from_secs(5));
    assert!(matches!(stranger, Err(ProbeError::Stranger)), "{stranger:?}");
}

#[test]
fn a_challenge_is_short_visible_text() {
    let settings = settings();
    let secret = settings.secret.clone();
    let app = serve(settings, |_| {});
    let port = Port::new(app.port).expect("not 0");
    let ask = |challenge: &str| app.get(&format!("/_homeport/identity?challenge={challenge}"));
    let longest = "n".repeat(MAX_CHALLENGE);
    let name: AppName = "notes".parse().expect("a name");
    assert_eq!(ask(&longest).json()["hmac"], secret.answer(&longest, &name, port));
    for wrong in ["", "a%0Ab", "a%20b", "%C3%BC", "%FF", &"n".repeat(MAX_CHALLENGE + 1)] {
        ask(wrong).assert_problem(400);
    }
    app.get("/_homeport/identity").assert_problem(400);
    app.get("/_homeport/identity?challenge=a&challenge=b").assert_problem(400);
}

#[test]
fn health_needs_no_credential() {
    let app = plain();
    assert_eq!(app.get("/_homeport/healthz").json(), serde_json::json!({"status": "ok"}));
    assert_eq!(app.get("/_homeport/readyz").json(), serde_json::json!({"status": "ready"}));
    let head = app.ask("HEAD", "/_homeport/healthz", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}
