//! The API's description: every route is in it, and real answers are as it says.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::routes::api::ROUTES;
use shared::conflict::{Class, Origin};

use crate::api_support::{Api, V1};

const DOCUMENT: &str = "/_homeport/openapi.json";

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
    let routes = ROUTES.iter().filter(|(path, _)| !ABOUT.contains(path));
    let registered: BTreeSet<(String, String)> = routes
        .flat_map(|(path, allow)| {
            let methods = allow.split(", ").filter(|method| *method != "HEAD");
            methods.map(|method| ((*path).to_owned(), method.to_owned()))
        })
        .collect();
    assert_eq!(described, registered);
}

#[test]
fn real_answers_are_as_the_description_says() {
    let api = Api::supervised();
    let document = api.get(DOCUMENT).json();
    let held = shared::claim::any().expect("some port");
    let taken = held.port();
    api.record("a");
    let now = jiff::Timestamp::now();
    for holder in
        [json!(null), json!({"pid":1,"name":"node","exe":null,"user":null,"started_at":null})]
    {
        let line = json!({"ts":now,"event":"port_conflict","app":"notes","port":taken,"class":"in_use","holder":holder});
        api.append(format!("{line}\n").as_bytes());
    }
    for (path, template, status) in [
        ("status".to_owned(), "status", 200),
        ("history".to_owned(), "history", 200),
        ("history?limit=1".to_owned(), "history", 200),
        ("history?limit=0".to_owned(), "history", 400),
        ("conflicts".to_owned(), "conflicts", 200),
        (format!("ports/{taken}"), "ports/{port}", 200),
        ("ports/6000".to_owned(), "ports/{port}", 200),
        ("ports/0".to_owned(), "ports/{port}", 400),
        ("settings".to_owned(), "settings", 200),
    ] {
        let answer = api.get(&format!("{V1}/{path}"));
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        check(&document, template, "get", status, &answer.json());
    }
    for (path, body, status) in [
        ("move", json!({ "port": taken }), 409),
        ("move", json!({ "port": null }), 202),
        ("move", json!({ "port": "x" }), 422),
        ("restart", json!({}), 202),
        ("stop", json!({}), 202),
    ] {
        let answer = api.send("POST", &format!("{V1}/{path}"), &[], body.to_string().as_bytes());
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        check(&document, path, "post", status, &answer.json());
    }
    let settings = json!({ "port": 17342, "avoid": [3000], "ready_timeout": "20s" });
    let answer = api.send(
        "PUT",
        &format!("{V1}/settings"),
        &["If-Match: *"],
        settings.to_string().as_bytes(),
    );
    check(&document, "settings", "put", answer.status, &answer.json());
    assert_eq!(answer.status, 200);
}

/// Holds an answer against the schema of its path, method and status.
#[track_caller]
fn check(document: &Value, path: &str, method: &str, status: u16, answer: &Value) {
    let mut described =
        &document["paths"][format!("{V1}/{path}")][method]["responses"][status.to_string()];
    if let Some(name) = described["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        described = &document["components"]["responses"][name];
    }
    let content = described["content"].as_object().and_then(|content| content.values().next());
    let schema = content
        .map(|content| &content["schema"])
        .unwrap_or_else(|| panic!("{method} {path} {status} is not described"));
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    let errors: Vec<_> = validator
        .iter_errors(answer)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{method} {path} {status}: {errors:?} in {answer}");
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
    for (path, _) in ROUTES.iter().filter(|(path, _)| !ABOUT.contains(path)) {
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
