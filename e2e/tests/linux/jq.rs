//! The recipes of `logs/README.md`: each block of shell is taken from the page and run on the
//! records of real launches.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{self, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use e2e::{Home, found, quiet_port, quiet_range, skip, wait_until};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use shared::{claim, port::Port};

use crate::command_logs::output;

/// The app of these launches. Its first choice is its own, so that no other test is in the way.
const APP: &str = "recipes";

/// A recipe: its title, its command, and its output in the page.
struct Recipe {
    title: String,
    command: String,
    shown: String,
}

fn logs(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("logs");
    fs::read_to_string(folder.join(file)).expect("it is in the checkout")
}

/// Every block of shell, under its title.
fn recipes() -> Vec<Recipe> {
    let page = logs("README.md");
    let titled = page.split("\n### ").skip(1).map(|part| {
        let block = |language: &str| {
            let after = part.split_once(&format!("\n```{language}\n"))?.1;
            Some(after.split_once("\n```")?.0.to_owned())
        };
        let title = part.lines().next().unwrap_or_default().to_owned();
        let command = block("sh").unwrap_or_else(|| panic!("{title} has no command"));
        Recipe { title, command, shown: block("text").unwrap_or_default() }
    });
    let recipes: Vec<_> = titled.collect();
    assert_eq!(recipes.len(), page.matches("```sh\n").count(), "each has a title of its own");
    recipes
}

fn recipe(title: &str) -> Recipe {
    let mut recipes = recipes().into_iter();
    recipes.find(|recipe| recipe.title == title).unwrap_or_else(|| panic!("no recipe `{title}`"))
}

/// A shell in `root`, which has `logs/` with the history and the module.
fn shell(root: &Path, command: &str) -> Command {
    fs::write(root.join("logs").join("port-history.jq"), logs("port-history.jq")).expect("written");
    let mut shell = Command::new("sh");
    shell.args(["-euc", command]).current_dir(root).stdin(Stdio::null());
    shell
}

/// What a recipe prints.
fn run(root: &Path, command: &str) -> String {
    let output = shell(root, command).output().expect("there is a shell");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{command}\n{complaints}");
    String::from_utf8(output.stdout).expect("text")
}

fn rows(printed: &str) -> Vec<Value> {
    printed.lines().map(|line| serde_json::from_str(line).expect("a row of JSON")).collect()
}

/// What happened in the launches of a test.
struct Facts {
    home: Home,
    /// The home port: good in the first launch, held by this very process in the others.
    wanted: u16,
    /// What the second launch got instead, and the third, which was killed, got again.
    got: u16,
    /// When the second launch began.
    moved_at: String,
    launches: Vec<String>,
}

/// Three launches: one with its home port, one that has to move, one that is killed.
fn facts() -> Facts {
    let (home, wanted) = (Home::new(), quiet_port());
    // What the second launch gets is free for the third: nothing else chooses from these ports.
    let launcher = home.launcher().app(APP).home_port(wanted).env("HOMEPORT_RANGE", quiet_range());
    let mut first = launcher.start();
    let mut launches = vec![first.ready().launch_id];
    assert_eq!(first.stop().code, Some(0));
    let held = claim::port(Port::new(wanted).expect("not 0")).expect("the launcher let go of it");
    let mut second = launcher.start();
    let ready = second.ready();
    assert_eq!(second.stop().code, Some(0));
    let mut third = launcher.start();
    let again = third.ready();
    third.kill_both();
    drop(held);
    assert_eq!(ready.port, again.port, "the last good port");
    launches.extend([ready.launch_id, again.launch_id]);
    output::keep(
        &home,
        "{\"level\":\"warn\",\"took\":12}\n{\"level\":\"info\",\"took\":1}\nplain\n",
    );
    let moved_at = home.events("launch_started")[1]["ts"].as_str().expect("a time").to_owned();
    Facts { home, wanted, got: ready.port, moved_at, launches }
}

impl Facts {
    /// A recipe with the names and numbers of this history in place of those of the page.
    fn adapt(&self, command: &str) -> String {
        let second = &self.moved_at[..19];
        command
            .replace("3030", &self.wanted.to_string())
            .replace("\"server\"", &format!("\"{APP}\""))
            .replace("2026-11-22T08:02", second)
            .replace("2026-11-20T12:00", &self.ready_at(0))
    }

    /// When the server of a launch became ready.
    fn ready_at(&self, launch: usize) -> String {
        let ready = self.home.events("server_ready").into_iter();
        let mut of_launch = ready.filter(|record| record["launch_id"] == self.launches[launch]);
        let record = of_launch.next().expect("every server became ready");
        record["ts"].as_str().expect("a time").to_owned()
    }

    fn run(&self, recipe: &Recipe) -> String {
        run(self.home.path(), &self.adapt(&recipe.command))
    }
}

/// Whether a recipe's output has the expected text.
type Check = fn(&Facts, &str);

/// The text that each recipe must print about [`facts`].
fn checks() -> BTreeMap<&'static str, Check> {
    BTreeMap::from([
        (
            "Who takes our ports",
            (|facts, printed| {
                let rows = rows(printed);
                let ours = rows.iter().find(|row| row["pids"] == json!([process::id()]));
                let ours = ours.unwrap_or_else(|| panic!("we are the holder: {printed}"));
                assert_eq!(
                    (&ours["conflicts"], &ours["ports"]),
                    (&json!(2), &json!([facts.wanted]))
                );
                assert_eq!(ours["classes"], json!(["in_use"]));
            }) as Check,
        ),
        ("What keeps ports from us", |facts, printed| {
            let rows = rows(printed);
            let in_use = rows.iter().find(|row| row["class"] == "in_use").expect("a row");
            let ports = in_use["ports"].as_array().expect("a list");
            assert!(
                ports.contains(&json!(facts.wanted)) && in_use["conflicts"].as_u64() >= Some(2)
            );
        }),
        ("The story of one port", |facts, printed| {
            let number = facts.wanted.to_string();
            assert!(printed.lines().all(|line| line.contains(&number)), "{printed}");
            let has = |words: &str| assert!(printed.contains(words), "{words}: {printed}");
            has(&format!(" port_claimed port={number} origin=home"));
            has(&format!(" port_conflict port={number} origin=home class=in_use"));
            has(&format!("(pid {})", process::id()));
            has(&format!(" port_moved from={number} to={} why=conflict", facts.got));
        }),
        ("The last good port", |facts, printed| assert_eq!(printed, format!("{}\n", facts.got))),
        ("The last good ports of all apps", |facts, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            assert_eq!((&row["app"], &row["port"]), (&json!(APP), &json!(facts.got)));
            assert_eq!(row["generation"], 3);
        }),
        ("All launches", |facts, printed| {
            let rows = rows(printed);
            let of = |key: &str| rows.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
            assert_eq!(of("launch_id"), facts.launches);
            assert_eq!(of("port"), [facts.wanted, facts.got, facts.got]);
            assert_eq!(of("starts"), [1, 1, 1]);
            let stopped = json!("launch_stopped");
            assert_eq!(of("ended"), [stopped.clone(), stopped, Value::Null]);
            assert_eq!(of("ended_by"), [json!("signal"), json!("signal"), Value::Null]);
        }),
        ("Launches that moved", |facts, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            assert_eq!(row["launch_id"], facts.launches[1]);
            assert_eq!((&row["from"], &row["to"]), (&json!(facts.wanted), &json!(facts.got)));
            assert_eq!(row["because"]["pid"], process::id());
        }),
        ("Time to readiness", |facts, printed| {
            let rows = rows(printed);
            let launches: Vec<_> = rows.iter().map(|row| row["launch_id"].clone()).collect();
            assert_eq!(launches, facts.launches);
            assert!(rows.iter().all(|row| row["ms"].as_f64() > Some(0.0)), "{printed}");
        }),
        ("Time to readiness, summed up", |_, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            let of = |key: &str| row[key].as_f64().expect("a number");
            assert!(row["launches"] == 3 && of("median_ms") <= of("slowest_ms"), "{printed}");
        }),
        ("What happened at a time", |facts, printed| {
            let moved = format!("port_moved from={} to={}", facts.wanted, facts.got);
            assert!(printed.contains(&moved), "{printed}");
        }),
        ("Which app was on which port at a time", |facts, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            assert_eq!((&row["app"], &row["port"]), (&json!(APP), &json!(facts.wanted)));
        }),
        ("Launches without an end", |facts, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            assert_eq!(row["launch_id"], facts.launches[2]);
        }),
        ("Lost records", |_, printed| assert_eq!(printed, "")),
        ("Lines that are no records", |_, printed| assert_eq!(printed, "")),
        ("Without the module", |facts, printed| {
            let of_port = |row: &&Value| row["port"] == facts.wanted && row["class"] == "in_use";
            assert_eq!(rows(printed).iter().filter(of_port).count(), 2);
        }),
        (OUTPUT, |_, printed| {
            let [row] = &rows(printed)[..] else { panic!("{printed}") };
            assert_eq!(row["took"], 12);
        }),
    ])
}

/// The recipe that asks the output of a program, which is no port history.
const OUTPUT: &str = "The warnings of a program that logs JSON";

/// The recipe that never ends, and has a test of its own.
const LIVE: &str = "Follow it live";

#[test]
fn every_recipe_tells_the_facts_of_real_launches() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let (facts, mut checks) = (facts(), checks());
    for recipe in recipes().into_iter().filter(|recipe| recipe.title != LIVE) {
        let check = checks.remove(recipe.title.as_str());
        let check = check.unwrap_or_else(|| panic!("`{}` has no check", recipe.title));
        let printed = facts.run(&recipe);
        check(&facts, &printed);
        if printed.starts_with('{') {
            let keys = |row: &Value| row.as_object().expect("a row").keys().cloned().collect();
            let of = |text: &str| -> Vec<Vec<String>> { rows(text).iter().map(keys).collect() };
            assert_eq!(of(&printed)[0], of(&recipe.shown)[0], "the page shows another row");
        }
    }
    assert!(checks.is_empty(), "the page has no recipe for {:?}", checks.keys());
}

#[test]
fn records_are_followed_as_they_happen() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let (home, port) = (Home::new(), quiet_port());
    let launcher = home.launcher().app(APP).home_port(port);
    let mut first = launcher.start();
    first.ready();
    let _ = first.stop();

    let mut follower = shell(home.path(), &recipe(LIVE).command);
    let mut follower =
        follower.process_group(0).stdout(Stdio::piped()).spawn().expect("there is a shell");
    let stdout = BufReader::new(follower.stdout.take().expect("it was piped"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = Arc::clone(&seen);
    let reader = thread::spawn(move || {
        let lines = stdout.lines().map_while(Result::ok);
        lines.for_each(|line| seeing.lock().expect("no panic while locked").push(line));
    });
    let count = |words: &str| {
        let seen = seen.lock().expect("no panic while locked");
        seen.iter().filter(|line| line.contains(words)).count()
    };
    wait_until("the last records are printed", || count(" launch_stopped ") == 1);
    let mut second = launcher.start();
    second.ready();
    wait_until("the next ones are", || count(&format!(" server_ready port={port} ")) == 2);
    let _ = second.stop();

    let group = Pid::from_child(&follower);
    kill_process_group(group, Signal::TERM).expect("it still follows");
    let _ = follower.wait();
    reader.join().expect("it ends with the pipe");
}

#[test]
fn a_lost_record_and_half_a_line_show_and_break_no_recipe() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let (facts, copy) = (facts(), tempfile::tempdir().expect("a folder"));
    let history = fs::read_to_string(facts.home.folders().history()).expect("there");
    let is_lost = |line: &&str| {
        let record: Value = serde_json::from_str(line).expect("whole");
        record["event"] == "port_assigned" && record["launch_id"] == facts.launches[0]
    };
    let lost = history.lines().find(is_lost).expect("the first launch was good");
    let half = &lost[..lost.len() / 2];
    fs::create_dir(copy.path().join("logs")).expect("made");
    let file = copy.path().join("logs").join("port-history.jsonl");
    // A killed writer leaves half a line, and the next one begins a new one.
    fs::write(file, history.replace(lost, half) + half).expect("written");

    let run = |title: &str| run(copy.path(), &facts.adapt(&recipe(title).command));
    let record: Value = serde_json::from_str(lost).expect("whole");
    let [row] = &rows(&run("Lost records"))[..] else { panic!("one gap") };
    let seq = record["seq"].as_u64().expect("a number");
    assert_eq!((&row["after_seq"], &row["lost"]), (&json!(seq - 1), &json!(1)));
    assert_eq!(row["pid"], record["pid"]);
    assert_eq!(run("Lines that are no records"), format!("{half}\n{half}\n"));
    let of_history = |recipe: &&Recipe| ![LIVE, OUTPUT].contains(&recipe.title.as_str());
    for recipe in recipes().iter().filter(of_history) {
        assert_ne!(run(&recipe.title), "", "{}", recipe.title);
    }
}

#[test]
fn commands_that_start_nothing_are_no_launches_and_what_was_asked_for_is_told_from_where() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    for name in ["restart", "stop"] {
        assert_eq!(home.command(name).run().code, Some(0), "{name}");
    }
    assert_eq!(running.exit().code, Some(0));
    let set = home.command("settings").args(["set", "redirect_for", "1m"]).run();
    assert_eq!(set.code, Some(0), "{set:?}");
    assert_eq!(home.command("forget").run().code, Some(0));
    assert_eq!(home.events("settings_changed").len() + home.events("port_forgotten").len(), 2);

    let run = |title: &str| {
        let command = recipe(title).command.replace("3030", &port.to_string());
        run(home.path(), &command)
    };
    let [launch] = &rows(&run("All launches"))[..] else { panic!("one launch") };
    for (key, value) in [
        ("starts", json!(2)),
        ("restarts_asked", json!(1)),
        ("restarts_failed", json!(0)),
        ("ended", json!("launch_stopped")),
        ("ended_by", json!("cli")),
    ] {
        assert_eq!(launch[key], value, "{key}: {launch}");
    }
    assert_eq!(run("Launches without an end"), "");
    let story = run("The story of one port");
    let of_event = |event: &str| {
        let mut lines = story.lines().filter(move |line| line.contains(event));
        lines.next().unwrap_or_else(|| panic!("no {event}: {story}"))
    };
    for event in [" server_restarting ", " launch_stopped ", " port_released "] {
        assert!(of_event(event).contains(" by=cli"), "{story}");
    }
    assert!(of_event(" server_restarting ").contains(" why=asked "), "{story}");
}
