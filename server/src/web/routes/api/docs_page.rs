//! The API's description for people, drawn from the one for programs.
//!
//! It needs no other host and no script: every operation is a section that can be linked to.

use std::slice;

use actix_web::HttpResponse;
use maud::{Markup, html};
use serde_json::{Map, Value};
use shared::messages::Language;

use super::{
    super::{components, document::Document},
    fields::Empty,
    openapi::DOCUMENT,
    query::Query,
};
use crate::{
    problem::{Problem, ProblemKind},
    web::authorized::Authorized,
};

/// `GET /_homeport/docs`
pub(super) async fn page(_: Authorized, _: Query<Empty>) -> Result<HttpResponse, Problem> {
    // The description is written in English alone, and so is everything around it.
    let (language, styles) = (Language::English, &["style/docs.css"]);
    let body = body(&DOCUMENT);
    Ok(Document { language, title: "API · Homeport", styles, script: None, body }.response())
}

/// One method of one path.
struct ApiOperation<'a> {
    method: &'a str,
    path: &'a str,
    about: &'a Value,
}

fn operations(document: &Value) -> impl Iterator<Item = ApiOperation<'_>> {
    members(&document["paths"]).flat_map(|(path, item)| {
        members(item).map(move |(method, about)| ApiOperation { method, path, about })
    })
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn body(document: &Value) -> Markup {
    let info = &document["info"];
    let messages = Language::English.messages();
    html! {
        body {
            header.top { a.home href="/_homeport/" { (components::brand()) } }
            main {
                h1 { "API, version 1" }
                p { (text(info, "description")) }
                p {
                    "For programs: " a href="/_homeport/openapi.json" { "openapi.json" }
                    ". A script sends the token of the app, which is in the file "
                    code { "run/<app>.token" } ":"
                }
                pre tabindex="0" { code {
                    "curl -H \"Authorization: Bearer $(cat run/server.token)\" \\\n     "
                    "http://127.0.0.1:17342/_homeport/api/v1/status"
                } }
                (contents(document))
                @for operation in operations(document) { (section(&operation)) }
                h2 id="schemas" { "Schemas" }
                @for (name, schema) in members(&document["components"]["schemas"]) {
                    (described(name, schema))
                }
                (problems())
            }
            footer.bottom { p { (messages.message("page.local")) } }
        }
    }
}

fn contents(document: &Value) -> Markup {
    html! {
        nav aria-label="Operations" {
            ul {
                @for ApiOperation { method, path, about } in operations(document) {
                    li {
                        a href={ "#" (anchor(method, path)) } {
                            span.method { (method.to_uppercase()) } " " (short(path))
                        }
                        span.quiet { (text(about, "summary")) }
                    }
                }
                li { a href="#schemas" { "Schemas" } }
                li { a href="#problems" { "Problems" } }
            }
        }
    }
}

fn section(operation: &ApiOperation<'_>) -> Markup {
    let ApiOperation { method, path, about } = operation;
    let content = &about["requestBody"]["content"];
    html! {
        section id=(anchor(method, path)) {
            h2 { span.method { (method.to_uppercase()) } " " code { (path) } }
            p { (text(about, "summary")) "." }
            @if about["description"].is_string() { p { (text(about, "description")) } }
            @if let Some(parameters) = about["parameters"].as_array() {
                h3 { "Parameters" }
                dl { @for parameter in parameters { (parameter_row(parameter)) } }
            }
            @for (media_type, body) in members(content) {
                h3 { "Body" }
                p { code { (media_type) } ": " (kind(&body["schema"])) }
            }
            h3 { "Answers" }
            dl { @for (status, answer) in members(&about["responses"]) { (answer_row(status, answer)) } }
        }
    }
}

fn parameter_row(parameter: &Value) -> Markup {
    let needed = if parameter["required"] == true { ", required" } else { "" };
    html! {
        div {
            dt { code { (text(parameter, "name")) } }
            dd {
                (text(parameter, "description")) " "
                span.quiet { "In the " (text(parameter, "in")) (needed) ": " (kind(&parameter["schema"])) (bounds(&parameter["schema"])) }
            }
        }
    }
}

fn answer_row(status: &str, answer: &Value) -> Markup {
    html! {
        div {
            dt { (status) }
            dd {
                @if answer["$ref"].is_string() { a href="#problems" { "A problem" } }
                @else {
                    (text(answer, "description"))
                    @for (_, content) in members(&answer["content"]) { ": " (kind(&content["schema"])) }
                }
            }
        }
    }
}

fn described(name: &str, schema: &Value) -> Markup {
    let all_of = schema["allOf"].as_array().map(Vec::as_slice);
    html! {
        section id={ "schema-" (name) } {
            h3 { (name) }
            p { (text(schema, "description")) }
            @for part in all_of.unwrap_or(slice::from_ref(schema)) {
                @if part["properties"].is_object() { (properties(part)) }
                @else {
                    p.quiet { @if all_of.is_some() { "All of " } (kind(part)) (bounds(part)) }
                }
            }
        }
    }
}

fn properties(schema: &Value) -> Markup {
    let required = schema["required"].as_array();
    let is_required =
        |member: &str| required.is_some_and(|all| all.iter().any(|one| one == member));
    html! {
        dl {
            @for (member, about) in members(&schema["properties"]) {
                div {
                    dt { code { (member) } }
                    dd {
                        (text(about, "description")) " "
                        span.quiet { (kind(about)) (bounds(about)) @if !is_required(member) { ", may be absent" } }
                    }
                }
            }
        }
    }
}

/// What kind of value it is, with a link to its schema.
fn kind(schema: &Value) -> Markup {
    let one_of =
        schema["oneOf"].as_array().or(schema["anyOf"].as_array()).or(schema["allOf"].as_array());
    html! {
        @if let Some(name) = text(schema, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
            a href={ "#schema-" (name) } { (name) }
        } @else if let Some(kinds) = one_of {
            @for (at, one) in kinds.iter().enumerate() { @if at > 0 { " or " } (kind(one)) }
        } @else if let Some(words) = schema["enum"].as_array() {
            @for (at, word) in words.iter().enumerate() {
                @if at > 0 { ", " } code { (word.as_str().unwrap_or_default()) }
            }
        } @else if schema["items"].is_object() { "list of " (kind(&schema["items"])) }
        @else { (types(&schema["type"])) }
    }
}

fn types(kind: &Value) -> String {
    match kind {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => "any value".to_owned(),
    }
}

fn bounds(schema: &Value) -> String {
    let said = [("minimum", "from"), ("maximum", "to"), ("example", "such as")];
    let about = schema.as_object().map(Map::len).unwrap_or_default();
    let bound = |(key, word): (&str, &str)| match &schema[key] {
        Value::Null => None,
        Value::String(value) => Some(format!(", {word} {value}")),
        value => Some(format!(", {word} {value}")),
    };
    if about == 0 { String::new() } else { said.into_iter().filter_map(bound).collect() }
}

fn problems() -> Markup {
    html! {
        section id="problems" {
            h2 { "Problems" }
            p {
                "A refused request is answered with " code { "application/problem+json" }
                ": " code { "type" } " says which kind it is, " code { "detail" }
                " what is wrong, and " code { "field" } " where."
            }
            dl {
                @for kind in ProblemKind::described() {
                    div id=(kind.anchor()) { dt { code { (kind.anchor()) } } dd { (kind.about()) } }
                }
            }
        }
    }
}

fn anchor(method: &str, path: &str) -> String {
    let dashed = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{method}{}", short(path).chars().map(dashed).collect::<String>())
}

fn short(path: &str) -> &str {
    path.strip_prefix("/_homeport/api/v1").unwrap_or(path)
}
