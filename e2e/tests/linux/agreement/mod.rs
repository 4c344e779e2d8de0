//! Every answer about one port history is the same, whichever command or route gives it.
//!
//! Histories are made up, sound and damaged, and each answer is held to that of a small reading of
//! the file that shares no code with the programs. So two answers that agree with it agree with one
//! another.

mod reference;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use e2e::{Ended, Home, ReadyMessage, Running, quiet_port, send, wait_for, wait_until};
use serde_json::{Value, json};
use shared::{
    app::AppName,
    history::generate::{self, FaultKind, GenerateOptions, InjectedFault},
};

use self::reference::{Filter, Reference};

/// How many records a history has.
const RECORDS: u64 = 3_000;

/// Before every stamp there is.
const EVER: &str = "1960-01-01T00:00:00Z";

/// In the middle of the years, so that clocks that are wrong matter.
const MIDDLE: &str = "2024-07-01T00:00:00Z";

/// A home with a history, and what is wrong with that.
struct GeneratedHistory {
    home: Home,
    file: PathBuf,
    truth: Vec<InjectedFault>,
}

impl GeneratedHistory {
    fn new(seed: u64, faults: bool) -> Self {
        let home = Home::new();
        let file = home.folders().history();
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        let mut truth = Vec::new();
        let wanted = GenerateOptions { seed, records: RECORDS, faults };
        let to = File::create(&file).expect("made");
        let made = generate::history(wanted, to, |fault| {
            truth.push(*fault);
            Ok(())
        });
        made.expect("written");
        Self { home, file, truth }
    }

    /// The history that version 0.1.0 wrote.
    fn of_version_0_1_0() -> Self {
        let home = Home::new();
        let file = home.folders().history();
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        let fixture = "../shared/tests/fixtures/0.1.0/port-history.jsonl";
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
        fs::copy(fixture, &file).expect("it is in the checkout");
        Self { home, file, truth: Vec::new() }
    }

    fn reference(&self) -> Reference {
        Reference::read(&self.file)
    }

    fn ask(&self, words: &str) -> Ended {
        let told = self.home.ask(words);
        assert_eq!(told.code, Some(0), "{told:?}");
        told
    }

    /// Ends the test: the home's own check wants a history without damage.
    fn end(self) {
        fs::remove_file(&self.file).expect("it was there");
    }
}

/// How many lines a command reports as skipped.
fn passed_over(told: &Ended) -> usize {
    let number = told.stderr.split_whitespace().next();
    match number {
        None => 0,
        Some("One") => 1,
        Some(number) => number.parse().unwrap_or_else(|_| panic!("no number: {told:?}")),
    }
}

fn texts(told: &Ended) -> Vec<&str> {
    told.stdout.lines().collect()
}

/// Filters, and the options that mean them.
fn filters() -> Vec<(String, Filter)> {
    let ever = || Filter::default();
    let event = |event: &str| Filter { event: Some(event.to_owned()), ..ever() };
    let port = |port| Filter { port: Some(port), ..ever() };
    let app = |app: &str| Filter { app: Some(app.to_owned()), ..ever() };
    let since = |filter| Filter { since: MIDDLE.parse().ok(), ..filter };
    let filters = [
        ("", ever()),
        ("--event port_conflict", event("port_conflict")),
        ("--event launch_started", event("launch_started")),
        ("--port 3030", port(3030)),
        ("--port 17037", port(17_037)),
        ("--app notes", app("notes")),
        ("--app 3030", app("3030")),
        (
            "--app server --event server_ready --port 3030",
            Filter {
                app: Some("server".to_owned()),
                event: Some("server_ready".to_owned()),
                ..port(3030)
            },
        ),
    ];
    let with = |(words, filter): (&str, Filter)| (format!("{words} --since {EVER}"), filter);
    let late = |words: &str, filter| (format!("{words} --since {MIDDLE}"), since(filter));
    let late = [late("", ever()), late("--port 3030", port(3030))];
    filters.into_iter().map(with).chain(late).collect()
}

/// Ports with many records in the histories, and two with few or none.
const PORTS: [u16; 5] = [3030, 17_037, 18_030, 18_500, 1];

fn commands_agree(made: GeneratedHistory) {
    let reference = made.reference();
    let damage: Vec<_> = made.truth.iter().filter(|fault| fault.kind != FaultKind::Lost).collect();
    assert_eq!(reference.damaged_lines(), damage.iter().map(|f| f.line).collect::<Vec<_>>());

    for n in [100, 1_000_000] {
        let told = made.ask(&format!("logs tail -n {n}"));
        assert_eq!(texts(&told), reference.tail(n), "logs tail -n {n}");
    }
    for (words, filter) in filters() {
        let told = made.ask(&format!("history {words}"));
        assert_eq!(texts(&told), reference.texts(&filter), "history {words}");
        assert_eq!(passed_over(&told), reference.broken(&filter), "history {words}");
    }
    for app in [None, Some("3030")] {
        for since in [EVER, MIDDLE] {
            let option = app.map(|app| format!("--app {app}")).unwrap_or_default();
            let told = made.ask(&format!("conflicts --since {since} {option}"));
            let filter = Filter {
                app: app.map(str::to_owned),
                since: since.parse().ok(),
                ..Filter::default()
            };
            let mut wanted = reference.conflicts(&filter);
            wanted["event"] = json!("conflicts");
            wanted["since"] = json!(since);
            assert_eq!(told.line("conflicts"), wanted, "conflicts --since {since} {option}");
        }
    }
    for port in PORTS {
        let told = made.ask(&format!("explain {port}")).line("explain");
        for key in ["launches", "history", "record"] {
            let wanted = &reference.explain(port, None, &made.file)[key];
            assert_eq!(&told[key], wanted, "explain {port}: {key}");
        }
        for at in ["1970-06-01T00:00:00Z", MIDDLE, "2050-01-01T00:00:00Z"] {
            let told = made.ask(&format!("explain {port} --at {at}")).line("explain");
            let mut wanted = reference.explain(port, at.parse().ok(), &made.file);
            wanted["at"] = json!(at);
            assert_eq!(told, wanted, "explain {port} --at {at}");
        }
    }
    assert_eq!(doctor(&made), reference.doctor());
    follow(&made);
    made.end();
}

/// The doctor's report on the history: records, lines that are none, the first of them, lost
/// records.
fn doctor(made: &GeneratedHistory) -> (u64, u64, Option<u64>, u64) {
    let told = made.home.command("doctor").arg("--json").run();
    let check = told.lines().into_iter().find(|check| check["check"] == "history");
    let text = check.expect("a check")["text"].as_str().expect("a text").to_owned();
    let numbers: Vec<u64> = text
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    match numbers[..] {
        [records] => (records, 0, None, 0),
        [records, broken, lost] => (records, broken, None, lost),
        [records, broken, lost, first] => (records, broken, Some(first), lost),
        _ => panic!("{text}"),
    }
}

/// `history --follow` prints what is there, and what is added.
fn follow(made: &GeneratedHistory) {
    let since = format!("--since={EVER}");
    let follower = made.home.command("history").args(["--follow", "--json", &since]).start();
    let all = |count: usize| {
        let told = wait_for(|| {
            let told = follower.stdout();
            (told.matches('\n').count() >= count).then_some(told)
        });
        let told = told.unwrap_or_else(|| panic!("not {count} lines: {}", follower.stderr()));
        assert_eq!(told.lines().collect::<Vec<_>>(), made.reference().texts(&Filter::default()));
    };
    let count = made.reference().texts(&Filter::default()).len();
    all(count);
    let last = made.reference().texts(&Filter::default()).pop().expect("records").to_owned();
    let mut file = File::options().append(true).open(&made.file).expect("it is there");
    // Where the last line is torn, its writer ends it.
    let end = if made.truth.is_empty() { "" } else { "\n" };
    file.write_all(format!("{end}{last}\n").as_bytes()).expect("written");
    all(count + 1);
}

#[test]
fn all_commands_agree_on_a_sound_history() {
    for seed in [1, 2, 3] {
        commands_agree(GeneratedHistory::new(seed, false));
    }
}

#[test]
fn all_commands_agree_on_a_damaged_history() {
    for seed in [1, 2, 3] {
        commands_agree(GeneratedHistory::new(seed, true));
    }
}

#[test]
fn all_commands_agree_on_the_history_of_version_0_1_0() {
    commands_agree(GeneratedHistory::of_version_0_1_0());
}

/// A server of the app `server`, with this history.
struct Served {
    made: GeneratedHistory,
    _running: Running,
    ready: ReadyMessage,
}

impl Served {
    fn new(made: GeneratedHistory) -> Self {
        let mut running = made.home.launcher().port(quiet_port()).start();
        let ready = running.ready();
        let id = ready.launch_id.clone();
        wait_until("the launch has written its last record", || {
            let text = fs::read(&made.file).expect("it is there");
            let text = String::from_utf8_lossy(&text);
            text.lines().any(|line| line.contains(&id) && line.contains("\"port_assigned\""))
        });
        Self { made, _running: running, ready }
    }

    /// What the server answers to a request with its token.
    fn get(&self, path: &str) -> String {
        let token = self.made.home.folders().token(&AppName::default());
        let token = fs::read_to_string(token).expect("a token");
        let (port, token) = (self.ready.port, token.trim());
        let headers = format!("Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}");
        let request = format!("GET /_homeport/{path} HTTP/1.0\r\n{headers}\r\n\r\n");
        let answer = send(port, &request).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    fn api(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(&format!("api/v1/{path}"))).expect("JSON")
    }

    /// All pages of the history, newest first, and how many lines of them are no records.
    fn pages(&self, query: &str) -> (Vec<Value>, u64) {
        let (mut records, mut broken, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let mut page = self.api(&format!("history?limit=700&{query}{cursor}"));
            broken += page["broken_lines"].as_u64().expect("a number");
            let Value::Array(more) = page["records"].take() else { panic!("{page}") };
            records.extend(more);
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (records, broken),
            }
        }
    }
}

fn server_agrees(made: GeneratedHistory) {
    agrees(Served::new(made));
}

fn agrees(served: Served) {
    let reference = served.made.reference();
    let app = |filter| Filter { app: Some("server".to_owned()), ..filter };

    let status = served.made.ask("status").line("status");
    assert_eq!(status["last_conflict"], reference.last_conflict("server"), "status");

    let of_event = Filter { event: Some("port_conflict".to_owned()), ..Filter::default() };
    let of_port = Filter { port: Some(3030), ..Filter::default() };
    let since = Filter { since: MIDDLE.parse().ok(), ..Filter::default() };
    for (query, filter) in [
        ("all_apps=true", Filter::default()),
        ("", app(Filter::default())),
        ("event=port_conflict&all_apps=true", of_event.clone()),
        ("event=port_conflict", app(of_event)),
        ("port=3030&all_apps=true", of_port),
        (&format!("all_apps=true&since={MIDDLE}"), since.clone()),
    ] {
        let (records, broken) = served.pages(query);
        let mut wanted = reference.values(&filter);
        wanted.reverse();
        assert_eq!(records, wanted, "history?{query}");
        assert_eq!(broken, reference.broken(&filter) as u64, "history?{query}");
    }

    let conflicts = served.api(&format!("conflicts?all_apps=true&since={MIDDLE}"));
    assert_eq!(conflicts, reference.conflicts(&since), "conflicts");
    let conflicts = served.api(&format!("conflicts?since={EVER}"));
    assert_eq!(conflicts, reference.conflicts(&app(Filter::default())), "conflicts");

    for port in [3030, 17_037] {
        let told = served.api(&format!("ports/{port}"));
        let wanted = reference.explain(port, None, &served.made.file);
        assert_eq!(told["launches"], wanted["launches"], "ports/{port}");
        let mut latest = wanted["history"].as_array().expect("a list").clone();
        latest.reverse();
        latest.truncate(5);
        assert_eq!(told["history"], json!(latest), "ports/{port}");
    }

    let numbers = served.get("metrics");
    let wanted = reference.numbers("server");
    for line in &wanted {
        assert!(numbers.lines().any(|told| told == line), "{line} in {numbers}");
    }
    let counters =
        ["homeport_launches_total", "homeport_restarts_total", "homeport_conflicts_total"];
    let is_counter = |line: &&str| counters.iter().any(|name| line.starts_with(name));
    assert_eq!(numbers.lines().filter(is_counter).count(), wanted.len(), "{numbers}");
    let Served { made, _running, .. } = served;
    _running.stop();
    made.end();
}

#[test]
fn a_running_server_and_status_agree_with_the_commands_on_a_sound_history() {
    for seed in [4, 5, 6] {
        server_agrees(GeneratedHistory::new(seed, false));
    }
}

#[test]
fn a_running_server_and_status_agree_with_the_commands_on_a_damaged_history() {
    for seed in [4, 5, 6] {
        server_agrees(GeneratedHistory::new(seed, true));
    }
}

/// It begins without an assignment, so its ports are recalled from the history.
#[test]
fn a_start_with_the_history_of_version_0_1_0_recalls_its_ports_and_agrees_with_the_commands() {
    let made = GeneratedHistory::of_version_0_1_0();
    let (recovered, assigned) = {
        let served = Served::new(made);
        let text = fs::read_to_string(&served.made.file).expect("text");
        let of_launch = text.lines().filter(|line| line.contains(&served.ready.launch_id));
        let of_launch: Vec<Value> =
            of_launch.map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let one = |event: &str| of_launch.iter().find(|record| record["event"] == event).cloned();
        let found = (one("state_recovered"), one("port_assigned"));
        agrees(served);
        found
    };
    assert_eq!(recovered.expect("it is in the record")["source"], "port_history");
    assert_eq!(assigned.expect("it is in the record")["previous"], 18_030);
}
