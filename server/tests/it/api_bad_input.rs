//! Every route of the API with what is wrong: the right status, a problem that names the field, and
//! nothing changed.

use std::fs;

use server::web::routes::api::routes;

use crate::api_support::{Api, V1};

#[test]
fn every_route_wants_the_token_and_says_which_methods_it_takes() {
    let api = Api::start();
    for (path, allow) in routes() {
        let path = path.replace("{port}", "3030");
        if !path.contains("/assets/") {
            let first = allow.split(',').next().expect("a method");
            let answer = api.running.ask(first, &path, &["Content-Length: 0"]);
            answer.assert_problem(401);
            answer.assert_sealed();
        }
        for method in ["PATCH", "DELETE", "OPTIONS", "POST", "PUT"] {
            if allow.split(", ").any(|allowed| allowed == method) {
                continue;
            }
            let answer = api.send(method, &path, &[], b"");
            answer.assert_problem(405);
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
            answer.assert_sealed();
        }
    }
}

#[test]
fn a_wrong_parameter_is_named() {
    let api = Api::start();
    for (path, field) in [
        ("status?x=1", "x"),
        ("history?limit=0", "limit"),
        ("history?limit=1001", "limit"),
        ("history?limit=", "limit"),
        ("history?limit=1&limit=2", "limit"),
        ("history?cursor=nonsense", "cursor"),
        ("history?since=soon", "since"),
        ("history?until=-7d", "until"),
        ("history?event=%00", "event"),
        ("history?event=PORT", "event"),
        ("history?port=0", "port"),
        ("history?port=65536", "port"),
        ("history?port=%FF", "port"),
        ("history?launch_id=1", "launch_id"),
        ("history?all_apps=perhaps", "all_apps"),
        ("history?LIMIT=1", "LIMIT"),
        ("conflicts?since=7", "since"),
        ("conflicts?port=1", "port"),
        ("ports/0", "port"),
        ("ports/65536", "port"),
        ("ports/-1", "port"),
        ("ports/abc", "port"),
        ("ports/%FF%FE", "port"),
        ("ports/%2e%2e", "port"),
        ("ports/3030?x", "x"),
        ("settings?a", "a"),
        ("events?a=b", "a"),
    ] {
        let answer = api.get(&format!("{V1}/{path}"));
        answer.assert_problem(400);
        assert_eq!(answer.json()["field"], field, "{path}");
    }
    for path in ["ports", "ports/", "ports/1/2", "history/", "nothing"] {
        api.get(&format!("{V1}/{path}")).assert_problem(404);
    }
}

#[test]
fn a_wrong_body_is_refused_with_its_place_and_nothing_changes() {
    let api = Api::supervised();
    api.write_settings("port = 3030\n");
    let any = ["If-Match: *"];
    for path in ["settings", "move", "restart", "stop"] {
        let method = if path == "settings" { "PUT" } else { "POST" };
        let path = format!("{V1}/{path}");
        for (body, status) in [
            (&b"{\"port\": }"[..], 400),
            (b"[]", 400),
            (b"\"x\"", 400),
            (b"{\"a\":\"\xff\"}", 400),
            (b"\xef\xbb\xbf{}", 400),
            (b"{\"unknown\":1}", 422),
        ] {
            let answer = api.send(method, &path, &any, body);
            answer.assert_problem(status);
            let told = answer.json();
            let place = if status == 400 { &told["line"] } else { &told["field"] };
            assert!(!place.is_null(), "{path} {told}");
        }
        for kind in [
            "Content-Type: text/plain",
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Type: application/json; charset=utf-16",
            "Content-Type: \x7f",
        ] {
            let answer = api.send_as(method, &path, &[kind, any[0]], b"{}");
            assert!(answer.status == 415 || answer.status == 400, "{answer:?}");
        }
        let packed = ["Content-Encoding: gzip", any[0]];
        api.send(method, &path, &packed, b"{}").assert_problem(415);
        api.send_as(method, &path, &any, b"{}").assert_problem(415);
        let long = [b"{\"a\":\"".to_vec(), vec![b'x'; 70_000], b"\"}".to_vec()].concat();
        api.send(method, &path, &any, &long).assert_problem(413);
        let host = api.running.port;
        let chunked = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{host}\r\nConnection: close\r\n{}\r\nIf-Match: *\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n12000\r\n{}\r\n0\r\n\r\n",
            api.bearer(),
            "x".repeat(0x12000),
        );
        api.running.send(&chunked).assert_problem(413);
    }
    for body in [
        &b"{\"port\":0}"[..],
        b"{\"port\":65536}",
        b"{\"port\":\"3030\"}",
        b"{\"port\":1.5}",
        b"{\"port\":-1}",
    ] {
        let answer = api.send("POST", &format!("{V1}/move"), &[], body);
        answer.assert_problem(422);
        assert_eq!(answer.json()["field"], "port");
    }
    for (path, body, detail) in [
        ("move", "nojson", "the body is not JSON: see line 1, column 2"),
        ("move", r#"{"port":"x"}"#, "this is a text: write a number"),
        ("move", r#"{"port":[1]}"#, "this is a list: write a number"),
        ("move", r#"{"port":{}}"#, "this is an object: write a number"),
        ("move", r#"{"port":true}"#, "this is true: write a number"),
        ("move", r#"{"port":1,"port":2}"#, "`port` is given more than once"),
        ("settings", r#"{"port":3}x"#, "the body is not JSON: see line 1, column 11"),
        (
            "settings",
            r#"{"log":"warn"}"#,
            r#"`log` cannot be "warn": "warn" is not `error`, `warning`, `info` or `debug`: write `"log": "warning"`"#,
        ),
        (
            "settings",
            r#"{"command":"/bin/a b"}"#,
            r#"`command` cannot be "/bin/a b": "/bin/a b" is not a list of texts: a program and its arguments: write `"command": ["/bin/a","b"]`"#,
        ),
        (
            "settings",
            r#"{"port":{"a":1}}"#,
            r#"`port` cannot be {"a":1}: {"a":1} is not a port from 1 to 65535; an example is 3030"#,
        ),
        (
            "settings",
            r#"{"avoid":[true]}"#,
            r#"`avoid` cannot be [true]: write a port such as 3000, or a range such as "3000-3100""#,
        ),
    ] {
        let method = if path == "settings" { "PUT" } else { "POST" };
        let answer = api.send(method, &format!("{V1}/{path}"), &any, body.as_bytes());
        assert_eq!(answer.json()["detail"], detail, "{body}");
    }
    // An integer, as JSON Schema has it.
    let answer = api.send("POST", &format!("{V1}/move"), &[], b"{\"port\":3031.0}");
    assert_eq!((answer.status, &answer.json()["port"]), (202, &3031.into()));
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), "port = 3030\n");
    assert_eq!(
        fs::read_to_string(api.folders.history()).expect("there"),
        "",
        "nothing is recorded"
    );
    assert_eq!(api.get(&format!("{V1}/status")).status, 200);
}
