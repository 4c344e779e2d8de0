//! `history` and `conflicts` over a file that grows, that is broken, and that is put aside.

use std::fs;

use crate::api_support::{Api, V1};

fn keys(records: &serde_json::Value) -> Vec<String> {
    let records = records["records"].as_array().expect("a list");
    records.iter().map(|record| record["key"].as_str().unwrap_or("?").to_owned()).collect()
}

#[test]
fn pages_follow_one_another_while_records_are_added() {
    let api = Api::start();
    assert_eq!(
        api.get(&format!("{V1}/history")).json(),
        serde_json::json!({"records":[],"next":null,"broken_lines":0})
    );
    for key in ["a", "b", "c", "d", "e"] {
        api.record(key);
    }
    let first = api.get(&format!("{V1}/history?limit=2")).json();
    assert_eq!(keys(&first), ["e", "d"]);
    api.record("f");
    let next = first["next"].as_str().expect("there is more");
    let second = api.get(&format!("{V1}/history?limit=2&cursor={next}")).json();
    assert_eq!(keys(&second), ["c", "b"]);
    let next = second["next"].as_str().expect("there is more");
    let third = api.get(&format!("{V1}/history?limit=2&cursor={next}")).json();
    assert_eq!((keys(&third), &third["next"]), (vec!["a".to_owned()], &serde_json::Value::Null));
    fs::write(api.folders.history(), "").expect("cut short");
    let gone = api.get(&format!("{V1}/history?cursor={next}"));
    gone.assert_problem(410);
    assert_eq!(gone.json()["type"], "/_homeport/docs#cursor-gone");
}

#[test]
fn broken_lines_are_counted_and_whole_ones_come_as_they_were_written() {
    let api = Api::start();
    api.record("a");
    api.append(b"{\"ts\":\"2026-\n\xff\xfe\n[]\n{ \"ts\" : \"2026-11-22T12:00:00Z\", \"event\":\"x\",\"app\":\"notes\",\"n\":1.50 }\n");
    api.append(b"{\"ts\":\"2026-11-22T12:00:00Z\",\"event\":\"x\",\"app\":\"other\"}\n");
    let answer = api.get(&format!("{V1}/history"));
    assert!(
        answer.body.contains(
            "{ \"ts\" : \"2026-11-22T12:00:00Z\", \"event\":\"x\",\"app\":\"notes\",\"n\":1.50 }"
        ),
        "{answer:?}"
    );
    let told = answer.json();
    assert_eq!(
        (&told["broken_lines"], told["records"].as_array().map(Vec::len)),
        (&3.into(), Some(2))
    );
    let all = api.get(&format!("{V1}/history?all_apps=true&event=x")).json();
    assert_eq!(all["records"].as_array().map(Vec::len), Some(2));
    let none = api.get(&format!("{V1}/history?since=1s&until=2020-01-01T00:00:00Z")).json();
    assert_eq!(none["records"].as_array().map(Vec::len), Some(0));
}

#[test]
fn conflicts_are_told_by_holder() {
    let api = Api::start();
    let now = jiff::Timestamp::now();
    for (name, count) in [("node", 3), ("docker-proxy", 5)] {
        for port in 0..count {
            let line = format!(
                r#"{{"ts":"{now}","event":"port_conflict","app":"notes","port":{},"class":"in_use","holder":{{"pid":1,"name":"{name}","exe":null,"user":"me","started_at":null}}}}"#,
                3000 + port
            );
            api.append((line + "\n").as_bytes());
        }
    }
    api.append(b"{\"ts\":\"2001-01-01T00:00:00Z\",\"event\":\"port_conflict\",\"app\":\"notes\",\"port\":1,\"class\":\"in_use\"}\n");
    let told = api.get(&format!("{V1}/conflicts")).json();
    assert_eq!(
        (&told["total"], &told["holders"][0]["name"], &told["holders"][0]["count"]),
        (&8.into(), &"docker-proxy".into(), &5.into())
    );
    let told = api.get(&format!("{V1}/conflicts?since=2000-01-01T00:00:00Z")).json();
    assert_eq!(
        (&told["total"], &told["holders"][2]["name"]),
        (&9.into(), &serde_json::Value::Null)
    );
}

#[test]
fn times_are_named_in_the_words_of_the_commands() {
    let api = Api::start();
    for since in ["10m", "7d", "14:00", "yesterday+14:00", "2026-11-22", "2026-11-22T12:00:00Z"] {
        for route in ["history", "conflicts"] {
            let told = api.get(&format!("{V1}/{route}?since={since}"));
            assert_eq!(told.status, 200, "{since}: {told:?}");
        }
    }
    let refused = api.get(&format!("{V1}/history?until=soon"));
    assert_eq!(refused.json()["field"], "until", "{refused:?}");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("`soon` is not a time: write 10m, 2h or 7d"), "{detail}");
}
