//! `--bind ADDR`, as another computer meets it: two networks with one cable between them.

use std::fs;

use e2e::{Home, Netns, found, skip, wait_until};
use shared::app::AppName;

/// This computer and another one.
fn two_computers() -> Option<(Netns, Netns)> {
    let (here, there) = (Netns::new(&[])?, Netns::new(&[])?);
    if !found("curl") {
        skip("curl is missing");
        return None;
    }
    match here.wire("10.83.0.1", &there, "10.83.0.2") {
        Ok(()) => Some((here, there)),
        Err(refusal) => {
            skip(&format!("no cable between two networks here: {refusal}"));
            None
        }
    }
}

/// The status that `netns` gets, `000` if there is no answer.
fn status(netns: &Netns, url: &str, headers: &[&str]) -> String {
    let mut curl = netns.context().command("curl");
    curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]);
    curl.args(["--max-time", "10"]);
    for header in headers {
        curl.args(["--header", header]);
    }
    let done = curl.arg(url).output().expect("curl runs");
    String::from_utf8(done.stdout).expect("text")
}

/// I12: a port of its own in each network, so that any will do.
#[test]
fn another_computer_reaches_what_was_opened_to_it_and_the_rest_only_with_the_token() {
    let Some((here, there)) = two_computers() else { return };
    let home = Home::new();
    let mut server =
        home.server().at(&here.context()).port(17017).arg("--bind").arg("10.83.0.1").start();
    let ready = server.ready();
    for words in
        ["10.83.0.1:17017", "other computers", "require the token", "the app itself serves"]
    {
        wait_until(words, || server.stderr().contains(words));
    }

    let exposed = home.last("port_exposed");
    assert_eq!(exposed["addresses"], serde_json::json!(["10.83.0.1:17017"]));
    assert_eq!(
        (&exposed["port"], &exposed["server_pid"]),
        (&17017.into(), &ready.server_pid.into())
    );

    let url = |path: &str| format!("http://10.83.0.1:17017{path}");
    assert_eq!(status(&there, &url("/_homeport/healthz"), &[]), "200");
    for path in ["/_homeport/api/v1/status", "/_homeport/metrics"] {
        assert_eq!(status(&there, &url(path), &[]), "401", "{path}");
        let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("there");
        let header = format!("Authorization: Bearer {}", token.trim());
        assert_eq!(status(&there, &url(path), &[&header]), "200", "{path}");
    }
    assert_eq!(status(&there, &url("/_homeport/healthz"), &["Host: evil.example:17017"]), "421");
    assert_eq!(status(&there, &url("/_homeport/healthz"), &["Host: 10.83.0.2:17017"]), "421");
}

/// I12.
#[test]
fn another_computer_does_not_reach_what_was_not_opened_to_it() {
    let Some((here, there)) = two_computers() else { return };
    let home = Home::new();
    let mut launcher = home.launcher().at(&here.context()).port(17017).start();
    launcher.ready();
    assert_eq!(status(&here, "http://127.0.0.1:17017/_homeport/healthz", &[]), "200");
    assert_eq!(status(&there, "http://10.83.0.1:17017/_homeport/healthz", &[]), "000");
    assert!(home.events("port_exposed").is_empty());
}
