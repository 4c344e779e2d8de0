//! The API's description: every route is in it, and real responses match it.

use std::collections::BTreeSet;

use serde_json::json;
use server::web::routes::api::routes;
use shared::{
    conflict::{Class, Origin},
    port::Port,
};

use crate::{
    api_support::{Api, V1},
    description::{DOCUMENT, assert_closed},
};

/// What describes the API, or draws it.
const ABOUT: [&str; 2] = [DOCUMENT, "/_homeport/docs"];

#[test]
fn every_route_is_described_and_nothing_else_is() {
    let document = Api::start().get(DOCUMENT).json();
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .expect("methods")
                .keys()
                .map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let routes = routes().filter(|(path, _)| !ABOUT.contains(path));
    let registered: BTreeSet<(String, String)> = routes
        .flat_map(|(path, allow)| {
            let methods = allow.split(", ").filter(|method| *method != "HEAD");
            methods.map(|method| (path.to_owned(), method.to_owned()))
        })
        .collect();
    assert_eq!(described, registered);
}

/// An application whose history has a move, and conflicts with and without a holder.
fn with_a_past(taken: Port) -> Api {
    let api = Api::supervised();
    api.record("a");
    let (now, launch) = (jiff::Timestamp::now(), api.get(&format!("{V1}/status")).json());
    let holder = json!({"pid":1,"name":"node","exe":null,"user":null,"started_at":null});
    let common = json!({"ts":now,"app":"notes","launch_id":launch["launch_id"]});
    for further in [
        json!({"event":"port_conflict","port":taken,"class":"in_use","holder":null}),
        json!({"event":"port_conflict","port":taken,"class":"in_use","holder":holder}),
        json!({"event":"port_moved","from":taken,"to":api.running.port,"why":"conflict"}),
    ] {
        let mut line = common.clone();
        line.as_object_mut()
            .expect("an object")
            .extend(further.as_object().expect("an object").clone());
        api.append(format!("{line}\n").as_bytes());
    }
    api
}

#[test]
fn real_answers_are_as_the_description_says() {
    let held = shared::claim::any().expect("some port");
    let taken = held.port();
    let api = with_a_past(taken);
    // Each is held to the description as it comes. What is described takes no other member.
    for (path, free, status) in [
        ("status".to_owned(), "none", 200),
        ("version".to_owned(), "none", 200),
        ("history".to_owned(), "/records/", 200),
        ("history?limit=1".to_owned(), "/records/", 200),
        ("history?limit=0".to_owned(), "none", 400),
        ("conflicts".to_owned(), "none", 200),
        (format!("ports/{taken}"), "/history/", 200),
        (format!("ports/{}", api.running.port), "/history/", 200),
        ("ports/6000".to_owned(), "/history/", 200),
        ("ports/0".to_owned(), "none", 400),
        ("settings".to_owned(), "none", 200),
    ] {
        let path = format!("{V1}/{path}");
        let answer = api.get(&path);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_closed("GET", &path, &answer, &[free]);
    }
    let moved = &api.get(&format!("{V1}/status")).json()["moved"];
    assert_eq!((&moved["why"], &moved["holder"]["name"]), (&"conflict".into(), &"node".into()));
    for (path, body, status) in [
        ("move", json!({ "port": taken }), 409),
        ("move", json!({ "port": null }), 202),
        ("move", json!({ "port": "x" }), 422),
        ("restart", json!({}), 202),
        ("stop", json!({}), 202),
    ] {
        let path = format!("{V1}/{path}");
        let answer = api.send("POST", &path, &[], body.to_string().as_bytes());
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_closed("POST", &path, &answer, &[]);
    }
    let (path, settings) = (
        format!("{V1}/settings"),
        json!({ "port": 17342, "avoid": [3000], "ready_timeout": "20s" }),
    );
    let answer = api.send("PUT", &path, &["If-Match: *"], settings.to_string().as_bytes());
    assert_eq!(answer.status, 200);
    assert_closed("PUT", &path, &answer, &[]);
    drop(held);
    let answer = api.get(&format!("{V1}/ports/{taken}"));
    assert_eq!(answer.json()["verdict"], "free");
}

#[test]
fn the_versions_are_those_of_the_records_and_of_the_description() {
    let api = Api::start();
    let told = api.get(&format!("{V1}/version")).json();
    assert_eq!(told["version"], api.get(DOCUMENT).json()["info"]["version"]);
    assert_eq!(told["schemas"]["history"], shared::event::SCHEMA);
    assert!(V1.ends_with(told["api"].as_str().expect("a text")), "{told}");
}

#[test]
fn problems_of_every_kind_are_as_the_description_says() {
    let (api, alone) = (Api::supervised(), Api::start());
    let without_files = Api::with(|settings| settings.files = None);
    let broken = Api::start();
    broken.write_settings("port = \n");
    let held = shared::claim::any().expect("some port");
    let (taken, ours) = (held.port().get(), api.running.port);
    let gone = format!("history?cursor={}", "1".repeat(17));
    let any = "If-Match: *";
    for (api, method, path, header, body, kind) in [
        (&api, "GET", "status?x=1", any, "", "wrong-parameter"),
        (&api, "POST", "move", any, "{", "not-json"),
        (&api, "POST", "move", any, "{\"port\":0}", "wrong-value"),
        (&api, "PUT", "settings", any, "{\"command\":[\"x\"]}", "protected-setting"),
        (&api, "POST", "stop", "Content-Encoding: gzip", "{}", "wrong-media-type"),
        (&api, "DELETE", "status", any, "", "wrong-method"),
        (&api, "GET", gone.as_str(), any, "", "cursor-gone"),
        (&alone, "POST", "move", any, "{}", "no-launcher"),
        (&api, "POST", "move", any, &format!("{{\"port\":{taken}}}"), "port-unavailable"),
        (&api, "POST", "move", any, "{\"port\":6000}", "port-unavailable"),
        (&api, "POST", "move", any, &format!("{{\"port\":{ours}}}"), "same-port"),
        (&broken, "GET", "settings", any, "", "broken-settings"),
        (&api, "PUT", "settings", "X: y", "{}", "if-match-missing"),
        (&api, "PUT", "settings", "If-Match: \"old\"", "{}", "settings-changed"),
        (&without_files, "GET", "settings", any, "", "no-files"),
    ] {
        let path = format!("{V1}/{path}");
        let answer = match method {
            "GET" => api.get(&path),
            _ => api.send(method, &path, &[header], body.as_bytes()),
        };
        assert_eq!(answer.json()["type"], format!("/_homeport/docs#{kind}"), "{answer:?}");
        answer.assert_problem(answer.status);
        if method != "DELETE" {
            assert_closed(method, &path, &answer, &[]);
        }
    }
}

#[test]
fn every_class_and_origin_of_the_code_is_described() {
    let document = Api::start().get(DOCUMENT).json();
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(words("Class"), json!(Class::ALL));
    assert_eq!(words("Origin"), json!(Origin::ALL));
}

#[test]
fn the_page_for_people_names_every_operation_and_every_link_on_it_leads_somewhere() {
    let api = Api::start();
    let page = api.get("/_homeport/docs");
    assert_eq!(page.status, 200, "{page:?}");
    page.assert_sealed();
    for (path, _) in routes().filter(|(path, _)| !ABOUT.contains(path)) {
        assert!(page.body.contains(path), "{path}");
    }
    assert!(page.body.contains("All of <a href=\"#schema-LaunchInfo\">"));
    for link in page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        match link.strip_prefix('#') {
            Some(anchor) => assert!(page.body.contains(&format!("id=\"{anchor}\"")), "{link}"),
            None => assert_eq!(api.get(link).status, 200, "{link}"),
        }
    }
    assert!(
        !page.body.contains("<script")
            && !page.body.contains("style=")
            && !page.body.contains("https://")
    );
}
