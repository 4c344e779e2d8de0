//! `settings`: read and replaced whole, and never half.

use std::{fs, thread};

use serde_json::{Map, Value, json};
use shared::settings::{KEYS, Kind, TABLE};

use crate::{
    api_support::{Api, V1},
    support::Answer,
};

fn path() -> String {
    format!("{V1}/settings")
}

fn put(api: &Api, tag: &str, settings: &Value) -> Answer {
    api.send("PUT", &path(), &[&format!("If-Match: {tag}")], settings.to_string().as_bytes())
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").expect("a tag").to_owned()
}

#[test]
fn what_is_read_can_be_put_back_and_one_change_leaves_the_rest_alone() {
    let api = Api::start();
    let text = "\u{feff}# mine\r\nport = 3_030 # since May\r\navoid = [3000, \"4000-4010\"]\r\n";
    api.write_settings(text);
    let read = api.get(&path());
    assert_eq!(read.status, 200, "{read:?}");
    let told = read.json();
    assert_eq!(told["settings"]["port"], 3030);
    assert_eq!(told["defaults"]["range"], "15001-29999");
    let again = put(&api, &tag(&read), &told["settings"]);
    assert_eq!((again.status, tag(&again)), (200, tag(&read)));
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), text);
    assert_eq!(
        fs::read_to_string(api.folders.history()).expect("there"),
        "",
        "nothing is recorded"
    );
    let mut settings = told["settings"].clone();
    settings["port"] = 17000.into();
    settings["restart"] = "never".into();
    let changed = put(&api, &tag(&read), &settings);
    assert_eq!((changed.status, &changed.json()["settings"]), (200, &settings));
    let wanted = text.replace("3_030", "17000") + "restart = \"never\"\r\n";
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), wanted);
    let records = api.get(&format!("{V1}/history?event=settings_changed")).json();
    let keys: Vec<_> =
        records["records"].as_array().expect("a list").iter().map(|r| &r["key"]).collect();
    assert_eq!(keys, ["restart", "port"]);
    assert_eq!(records["records"][1]["to"], "17000");
    let status = api.get(&format!("{V1}/status")).json();
    assert_eq!(status["home_port"], 17000);
}

/// A client that is made from the description sends the keys that it has, and every other is removed.
#[test]
fn what_has_every_key_of_the_description_keeps_every_setting() {
    let api = Api::start();
    // The two exclude each other.
    let settings = TABLE.iter().filter(|setting| setting.key != "command");
    let text: String = settings.map(|s| format!("{} = {}\n", s.key, s.example)).collect();
    api.write_settings(&text);
    let document = api.get("/_homeport/openapi.json").json();
    let described = document["components"]["schemas"]["Settings"]["properties"].as_object();
    let read = api.get(&path());
    let told = read.json();
    let body: Map<String, Value> = described
        .expect("the settings are described")
        .keys()
        .map(|key| (key.clone(), told["settings"][key].clone()))
        .collect();
    assert!(body.keys().all(|key| KEYS.contains(&key.as_str())) && body.len() == KEYS.len());
    assert_eq!(body["start_at_login"], true);
    let replaced = put(&api, &tag(&read), &Value::Object(body));
    assert_eq!((replaced.status, tag(&replaced)), (200, tag(&read)), "{replaced:?}");
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), text);
}

#[test]
fn the_words_of_every_choice_are_described() {
    let document = Api::start().get("/_homeport/openapi.json").json();
    let properties = &document["components"]["schemas"]["Settings"]["properties"];
    for setting in TABLE {
        let Kind::Choice(words) = setting.kind else { continue };
        let parts = properties[setting.key]["oneOf"].as_array().expect("a type, or null").iter();
        let names = parts.filter_map(|part| part["$ref"].as_str()?.rsplit('/').next());
        let described: Vec<_> =
            names.map(|n| &document["components"]["schemas"][n]["enum"]).collect();
        assert_eq!(described, [&json!(words)], "{}", setting.key);
    }
}

#[test]
fn a_change_that_was_not_seen_is_not_lost() {
    let api = Api::start();
    let read = api.get(&path());
    api.write_settings("log = \"debug\"\n");
    let stale = put(&api, &tag(&read), &json!({ "port": 3030 }));
    stale.assert_problem(412);
    for wrong in ["nonsense", "W/\"x\"", "\"x\"", &format!("W/{}", tag(&api.get(&path())))] {
        put(&api, wrong, &json!({})).assert_problem(412);
    }
    let without = api.send("PUT", &path(), &[], b"{}");
    without.assert_problem(428);
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), "log = \"debug\"\n");
}

#[test]
fn of_many_who_have_seen_the_same_one_wins() {
    let api = Api::start();
    let seen = tag(&api.get(&path()));
    let statuses: Vec<u16> = thread::scope(|scope| {
        let putting: Vec<_> = (1..=8)
            .map(|port| {
                let (api, seen) = (&api, &seen);
                scope.spawn(move || put(api, seen, &json!({ "port": port })).status)
            })
            .collect();
        putting.into_iter().map(|putting| putting.join().expect("no panic")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
}

#[test]
fn a_wrong_setting_is_named_and_a_program_is_not_chosen_by_a_browser() {
    let api = Api::start();
    api.write_settings("command = [\"/bin/mine\"]\n");
    for (settings, status, field) in [
        (json!({ "prot": 1 }), 422, "prot"),
        (json!({ "port": 0, "command": ["/bin/mine"] }), 422, "port"),
        (json!({ "range": "2-1", "command": ["/bin/mine"] }), 422, "range"),
        (json!({ "ready_timeout": "-1s", "command": ["/bin/mine"] }), 422, "ready_timeout"),
        (json!({ "command": [] }), 422, "command"),
        (json!({ "command": ["/bin/theirs"] }), 403, "command"),
        (json!({}), 403, "command"),
    ] {
        let answer = put(&api, "*", &settings);
        answer.assert_problem(status);
        assert_eq!(answer.json()["field"], field, "{settings}");
    }
    assert_eq!(
        fs::read_to_string(api.settings_file()).expect("there"),
        "command = [\"/bin/mine\"]\n"
    );
}

#[test]
fn what_a_program_is_run_with_is_not_changed_here_and_the_values_of_its_variables_are_not_shown() {
    let api = Api::start();
    let text = "program = [\"npm\", \"--api-key=s3cret\"]\nenv = { A = \"s3cret\" }\n";
    api.write_settings(text);
    let read = api.get(&path());
    assert!(!format!("{read:?}").contains("s3cret"), "{read:?}");
    let settings = read.json()["settings"].clone();
    assert_eq!(settings["env"], json!({ "A": "***" }));
    for (key, value) in [
        ("program", json!(["sh"])),
        ("program", json!(["npm", "--api-key=theirs"])),
        ("program", Value::Null),
        ("env", json!({ "A": "theirs" })),
        ("env", json!({ "A": "***", "B": "theirs" })),
        ("cwd", json!("/tmp")),
        ("path", json!("/tmp")),
        ("shell", json!(true)),
    ] {
        let mut wanted = settings.clone();
        wanted[key] = value;
        let answer = put(&api, "*", &wanted);
        answer.assert_problem(403);
        assert_eq!(answer.json()["field"], key, "{wanted}");
    }
    assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), text);
    let mut wanted = settings;
    wanted["expose"] = json!("refuse");
    assert_eq!(put(&api, "*", &wanted).status, 200);
    let now = fs::read_to_string(api.settings_file()).expect("there");
    assert_eq!(now, format!("{text}expose = \"refuse\"\n"));
}

#[test]
fn a_broken_file_is_told_with_its_line_and_left_alone() {
    let api = Api::start();
    for (text, line) in
        [("log = \"debug\"\nport = 70000\n", 2), ("port 3030\n", 1), ("prot = 1\n", 1)]
    {
        api.write_settings(text);
        for answer in [api.get(&path()), put(&api, "*", &json!({ "port": 1 }))] {
            answer.assert_problem(409);
            assert_eq!(answer.json()["line"], line, "{answer:?}");
            assert!(answer.json()["fault"].is_string());
        }
        assert_eq!(fs::read_to_string(api.settings_file()).expect("there"), text);
    }
    assert_eq!(api.get(&format!("{V1}/status")).json()["home_port"], Value::Null);
}
