//! Numbers for Prometheus.

use std::fs;

use crate::{api_support::Api, support::Answer};

const METRICS: &str = "/_homeport/metrics";

/// An application with this port history.
fn with_history(history: &str) -> Api {
    let api = Api::start();
    fs::create_dir_all(api.folders.logs()).expect("made");
    fs::write(api.folders.history(), history).expect("written");
    api
}

/// The value of a series, as it is spelt.
fn value<'a>(answer: &'a Answer, series: &str) -> Option<&'a str> {
    let lines = answer.body.lines().filter_map(|line| line.rsplit_once(' '));
    lines.filter(|(name, _)| *name == series).map(|(_, value)| value).next()
}

#[test]
fn the_numbers_want_the_token() {
    Api::start().running.get(METRICS).assert_problem(401);
}

#[test]
fn they_tell_the_port_its_history_and_how_long_requests_take() {
    let conflict = |app, class| {
        format!(
            "{{\"ts\":\"2026-11-22T08:00:00Z\",\"event\":\"port_conflict\",\"app\":\"{app}\",\"port\":3030,\"class\":\"{class}\"}}\n"
        )
    };
    let history = [
        "{\"ts\":\"2026-11-22T08:00:00Z\",\"event\":\"launch_started\",\"app\":\"notes\"}\n"
            .repeat(3),
        conflict("notes", "in_use").repeat(2),
        conflict("notes", "excluded"),
        conflict("other", "in_use"),
        "not a record\n".to_owned(),
    ];
    let api = with_history(&history.concat());
    api.running.get("/_homeport/healthz");
    api.running.get("/nowhere");
    api.running.ask("PURGE", "/nowhere", &[]);

    let answer = api.get(METRICS);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.header("content-type").expect("a type").starts_with("text/plain"));
    answer.assert_sealed();
    let port = api.running.port.to_string();
    let duration = "homeport_http_request_duration_seconds_count";
    for (series, wanted) in [
        ("homeport_port", port.as_str()),
        ("homeport_launches_total", "3"),
        ("homeport_restarts_total", "0"),
        ("homeport_conflicts_total{class=\"in_use\"}", "2"),
        ("homeport_conflicts_total{class=\"excluded\"}", "1"),
        (&format!("{duration}{{method=\"GET\",status=\"2xx\"}}"), "1"),
        (&format!("{duration}{{method=\"GET\",status=\"4xx\"}}"), "1"),
        (&format!("{duration}{{method=\"other\",status=\"4xx\"}}"), "1"),
    ] {
        assert_eq!(value(&answer, series), Some(wanted), "{series} in {}", answer.body);
    }
    assert!(answer.body.contains("homeport_build_info{app=\"notes\",version="), "{}", answer.body);
    assert!(value(&answer, "process_start_time_seconds").is_some());
    assert!(!answer.body.contains("nowhere"), "no label is of a client's making");

    fs::write(api.folders.history(), history.concat() + &conflict("notes", "in_use"))
        .expect("written");
    let answer = api.get(METRICS);
    assert_eq!(value(&answer, "homeport_conflicts_total{class=\"in_use\"}"), Some("3"));
}
