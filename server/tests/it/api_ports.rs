//! `ports/{port}` and the orders that depend on a port.

use shared::claim;

use crate::api_support::{Api, V1};

#[test]
fn our_own_port_is_ours_and_goes_on_answering() {
    let api = Api::start();
    let port = api.running.port;
    let told = api.get(&format!("{V1}/ports/{port}")).json();
    assert_eq!((&told["verdict"], &told["class"]), (&"ours".into(), &serde_json::Value::Null));
}

#[test]
fn a_held_port_is_taken_a_free_one_is_free_and_a_blocked_one_is_refused() {
    let api = Api::start();
    let held = claim::any().expect("some port");
    let port = held.port();
    let told = api.get(&format!("{V1}/ports/{port}")).json();
    assert_eq!((&told["verdict"], &told["port"]), (&"taken".into(), &port.get().into()));
    assert!(told["sentence"].as_str().is_some_and(|said| said.contains(&port.to_string())));
    assert!(told["os_error"]["kind"].is_string(), "{told}");
    drop(held);
    let told = api.get(&format!("{V1}/ports/{port}")).json();
    assert_eq!((&told["verdict"], &told["holder"]), (&"free".into(), &serde_json::Value::Null));
    let told = api.get(&format!("{V1}/ports/6000")).json();
    assert_eq!((&told["verdict"], &told["class"]), (&"refused".into(), &"browser_blocked".into()));
    assert_eq!(told["remarks"][0]["word"], "browser_blocked");
}

#[test]
fn many_questions_at_once_are_answered_in_turn_or_told_to_wait() {
    let api = Api::start();
    let held = claim::any().expect("some port");
    let path = format!("{V1}/ports/{}", held.port());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..12).map(|_| scope.spawn(|| api.get(&path).status)).collect();
        asking.into_iter().map(|asking| asking.join().expect("no panic")).collect()
    });
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200), "{statuses:?}");
}

#[test]
fn without_a_launcher_there_is_neither_move_nor_restart_and_the_way_is_told() {
    let api = Api::start();
    for (path, body, command) in [
        ("move", &b"{\"port\":17000}"[..], "launcher --port 17000 --app notes"),
        ("move", b"", "launcher --app notes"),
        ("restart", b"{}", "launcher --app notes"),
    ] {
        let answer = api.send("POST", &format!("{V1}/{path}"), &[], body);
        answer.assert_problem(409);
        assert_eq!(answer.json()["command"], command);
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("launcher")));
    }
}

#[test]
fn a_move_to_a_port_that_cannot_be_had_is_refused_with_who_has_it() {
    let api = Api::supervised();
    let held = claim::any().expect("some port");
    let order = |port: u16| {
        api.send("POST", &format!("{V1}/move"), &[], format!("{{\"port\":{port}}}").as_bytes())
    };
    let answer = order(held.port().get());
    answer.assert_problem(409);
    assert_eq!(answer.json()["field"], "port");
    assert!(answer.json()["class"].is_string());
    let answer = order(6000);
    answer.assert_problem(409);
    assert_eq!(answer.json()["class"], "browser_blocked");
    let answer = order(api.running.port);
    answer.assert_problem(409);
    assert_eq!(answer.json()["type"], "/_homeport/docs#same-port");
    let port = held.port().get();
    drop(held);
    let answer = order(port);
    assert_eq!((answer.status, &answer.json()["port"]), (202, &port.into()), "{answer:?}");
    let answer = api.send("POST", &format!("{V1}/move"), &[], b"{\"port\":null}");
    assert_eq!((answer.status, &answer.json()["port"]), (202, &serde_json::Value::Null));
}
