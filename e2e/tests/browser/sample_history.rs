//! A past for the console to show: what six weeks, or six years, of launches leave behind.

use std::{fs, io::Write};

use e2e::{Home, quiet_port};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// The time from one launch to the next.
const PACE: SignedDuration = SignedDuration::from_hours(12);

/// How long a launch lasts.
const LASTS: SignedDuration = SignedDuration::from_hours(9);

/// Writes the records of so many launches, two a day, the last of which ended a while ago. Every
/// seventh finds its port taken, every fifth crashes, every ninth is moved.
pub(crate) fn write(home: &Home, launches: u32) {
    let ports = [quiet_port(), quiet_port(), quiet_port()];
    let last = Timestamp::now() - SignedDuration::from_hours(14);
    let mut text = Vec::new();
    let mut port = ports[0];
    for number in 0..launches {
        let at = last - PACE * i32::try_from(launches - number - 1).expect("few");
        let mut launch = Launch::new(number, at, &mut text);
        launch.tell(
            "launch_started",
            &json!({ "argv": ["launcher"], "last_good": port, "home_port": null }),
        );
        if number % 7 == 3 {
            let (from, to) = (port, ports[((number / 7) % 3) as usize]);
            let (class, name) = match number % 3 {
                0 => ("in_use", Some("docker-proxy")),
                1 => ("source_port", Some("chromium")),
                _ => ("excluded", None),
            };
            launch.refused(from, class, name);
            if from != to {
                launch.warn("port_moved", &json!({ "from": from, "to": to, "why": "conflict" }));
                port = to;
            }
        }
        launch.serve(port);
        if number % 5 == 4 {
            launch.at += SignedDuration::from_hours(2);
            let how = json!({ "exit_code": null, "signal": 9, "uptime_ms": 7.2e6, "attempt": 1, "delay_ms": 100.0, "port": port, "server_pid": 4_000, "error": null });
            launch.warn("server_exited", &how);
            let mut why = how.clone();
            (why["why"], why["by"]) = ("failed".into(), Value::Null);
            launch.tell("server_restarting", &why);
            launch.serve(port);
        }
        if number % 9 == 8 {
            launch.at += SignedDuration::from_hours(1);
            let to = ports[((number / 9) % 3) as usize];
            if to != port {
                launch.warn("port_moved", &json!({ "from": port, "to": to, "why": "asked" }));
                port = to;
                launch.serve(port);
            }
        }
        launch.at = at + LASTS;
        let end =
            json!({ "port": port, "reason": "asked", "exit_code": 0, "error": null, "by": null });
        launch.tell("port_released", &end);
        launch.tell("launch_stopped", &end);
    }
    let file = home.folders().history();
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

/// One launch of the past, as its launcher recorded it.
struct Launch<'a> {
    at: Timestamp,
    number: u32,
    told: u32,
    text: &'a mut Vec<u8>,
}

impl<'a> Launch<'a> {
    fn new(number: u32, at: Timestamp, text: &'a mut Vec<u8>) -> Self {
        Self { at, number, told: 0, text }
    }

    fn tell(&mut self, event: &str, rest: &Value) {
        self.record("INFO", event, rest);
    }

    fn warn(&mut self, event: &str, rest: &Value) {
        self.record("WARNING", event, rest);
    }

    fn serve(&mut self, port: u16) {
        let addresses = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
        let claim = json!({ "port": port, "origin": "last_good", "addresses": addresses, "tried": 1, "elapsed_ms": 0.1 });
        let at = json!({ "server_pid": 4_000, "port": port, "addresses": addresses, "elapsed_ms": 9.0, "since_spawn_ms": 8.0 });
        self.tell("port_claimed", &claim);
        self.tell("server_ready", &at);
    }

    fn refused(&mut self, port: u16, class: &str, name: Option<&str>) {
        let holder = name.map(|name| {
            json!({ "pid": 812, "name": name, "exe": null, "user": "root", "started_at": null })
        });
        let conflict = json!({
            "port": port, "origin": "last_good", "class": class, "os_error": null, "holder": holder,
            "last_good": true, "elapsed_ms": 0.2,
        });
        self.warn("port_conflict", &conflict);
    }

    fn record(&mut self, level: &str, event: &str, rest: &Value) {
        let msg = match event {
            "port_conflict" => "port cannot be claimed".to_owned(),
            "port_moved" => "port changed".to_owned(),
            other => other.replace('_', " "),
        };
        let mut record = json!({
            "ts": format!("{:.6}", self.at), "level": level, "event": event, "msg": msg, "schema": 1,
            "app": "server", "process": "launcher", "pid": 10_000 + self.number,
            "launch_id": Uuid::from_u128((0x7000_8000 << 64) + u128::from(self.number)),
            "seq": self.told, "version": "0.1.0", "machine": "desk",
        });
        let all = record.as_object_mut().expect("one");
        all.extend(rest.as_object().expect("one").clone());
        writeln!(self.text, "{record}").expect("there is room");
        self.told += 1;
        self.at += SignedDuration::from_millis(40);
    }
}
