//! The numbers of a launched server, as Prometheus would read them.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use e2e::{Home, Stranger, found, quiet_port, send, skip};
use shared::app::AppName;

fn numbers(home: &Home, port: u16) -> String {
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    let headers = format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {}", token.trim());
    let request = format!("GET /_homeport/metrics HTTP/1.0\r\n{headers}\r\n\r\n");
    let answer = send(port, &request).expect("an answer");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

#[test]
fn the_numbers_tell_the_story_of_the_port() {
    let (home, port) = (Home::new(), quiet_port());
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let mut running = home.launcher().home_port(port).start();
    let ready = running.ready();
    let numbers = numbers(&home, ready.port);
    // Others may have met on the way: tests that run at the same time choose from the same range.
    let met = home.events("port_conflict").iter().filter(|met| met["class"] == "in_use").count();
    assert!(met >= 1);
    for line in [
        format!("homeport_port {}", ready.port),
        "homeport_launches_total 1".to_owned(),
        "homeport_restarts_total 0".to_owned(),
        format!("homeport_conflicts_total{{class=\"in_use\"}} {met}"),
    ] {
        assert!(numbers.lines().any(|told| told == line), "{line} in {numbers}");
    }
    drop(stranger);
}

#[test]
fn prometheus_own_tool_finds_nothing_wrong_with_them() {
    if !found("promtool") {
        return skip("promtool is missing");
    }
    let home = Home::new();
    let mut running = home.launcher().start();
    let numbers = numbers(&home, running.ready().port);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = promtool.spawn().expect("it is there");
    let mut stdin = child.stdin.take().expect("it was piped");
    stdin.write_all(numbers.as_bytes()).expect("it reads");
    drop(stdin);
    let checked = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty(), "{said}\n{numbers}");
}
