//! The access log, and the causes of problems.

use std::{
    fmt, fs,
    sync::{Arc, Mutex},
};

use slog::{Drain, KV, Key, Level, Logger, OwnedKVList, Record, Serializer, o};

use crate::{
    api_support::Api,
    support::{serve, settings},
};

/// Keeps every line as `message key=value …`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Serializer for Line {
    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.0 += &format!(" {key}={value}");
        Ok(())
    }
}

impl Drain for Lines {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), slog::Never> {
        let mut line = Line(record.msg().to_string());
        record.kv().serialize(record, &mut line).expect("it takes everything");
        self.0.lock().expect("no panic").push(line.0);
        Ok(())
    }
}

impl Lines {
    fn of(&self, requests: &[(&str, &str, &[&str])], level: Level) -> Vec<String> {
        let mut settings = settings();
        let drain = self.clone().filter_level(level);
        settings.logger = Logger::root(drain.ignore_res(), o!());
        let app = serve(settings, |_| {});
        for (method, path, headers) in requests {
            app.ask(method, path, headers);
        }
        drop(app);
        self.0.lock().expect("no panic").clone()
    }
}

#[test]
fn each_response_is_one_line_without_the_query_and_refusals_too() {
    let requests: [(&str, &str, &[&str]); 3] = [
        ("GET", "/_homeport/identity?challenge=hush", &[]),
        ("POST", "/_homeport/", &["Origin: http://evil", "Content-Length: 0"]),
        ("GET", "/nowhere", &[]),
    ];
    let lines = Lines::default().of(&requests, Level::Info);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, wanted) in lines.iter().zip([
        "method=GET path=/_homeport/identity status=200 bytes=",
        "method=POST path=/_homeport/ status=403 bytes=",
        "method=GET path=/nowhere status=404 bytes=10 elapsed_ms=",
    ]) {
        assert!(line.starts_with(&format!("request {wanted}")), "{line}");
        assert!(line.contains(" remote_addr=127.0.0.1:") && !line.contains("hush"), "{line}");
    }
}

#[test]
fn the_token_and_a_ticket_in_a_path_stand_in_no_line() {
    let lines = Lines::default();
    let mut settings = settings();
    settings.logger = Logger::root(lines.clone().ignore_res(), o!());
    let token = settings.token.reveal().to_owned();
    let app = serve(settings, |_| {});
    app.get(&format!("/_homeport/api/v1/{token}")).assert_problem(404);
    app.get(&format!("/token={token}"));
    app.ask("GET", &format!("/_homeport/api/v1/ports/{token}"), &["Authorization: Bearer 0"]);
    let ticket = format!("1795848233.{}.{token}", &token[..32]);
    app.ask("GET", &format!("/_homeport/metrics;ticket={ticket}"), &["Authorization: Bearer 0"]);
    app.ask(&token, "/", &[]);
    drop(app);
    let lines = lines.0.lock().expect("no panic").clone();
    assert!(!lines.iter().any(|line| line.contains(&token[..32])), "{lines:?}");
    for wanted in [
        "path=/_homeport/api/v1/***",
        "wrong credential path=/_homeport/api/v1/ports/***",
        "path=/***",
        "path=/_homeport/***",
        "method=***",
    ] {
        assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted}: {lines:?}");
    }
}

#[test]
fn it_is_off_where_no_log_is_kept() {
    assert!(Lines::default().of(&[("GET", "/", &[])], Level::Warning).is_empty());
}

#[test]
fn a_cause_inside_the_server_is_logged_with_its_sources_and_not_sent() {
    let lines = Lines::default();
    let drain = lines.clone().filter_level(Level::Warning);
    let api = Api::with(|settings| settings.logger = Logger::root(drain.ignore_res(), o!()));
    let _ = fs::remove_file(api.folders.history());
    fs::create_dir_all(api.folders.history()).expect("a folder is no history");
    let answer = api.get("/_homeport/metrics");
    answer.assert_problem(500);
    assert!(!answer.body.contains("regular file"), "{answer:?}");
    let lines = lines.0.lock().expect("no panic").clone();
    let cause = "cannot count the port history: it is a folder, not a file";
    assert_eq!(lines, [format!("request failed path=/_homeport/metrics error={cause}")]);
}
