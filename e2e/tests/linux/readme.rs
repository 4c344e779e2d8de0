//! What the README shows is what the programs print.

use std::{collections::BTreeMap, fs, process::Command};

use e2e::{Home, Running, Stranger, found, quiet_port, quiet_range, skip, wait_until};
use shared::{
    conflict::Holder,
    messages::Language,
    sentences::{self, HolderTime},
};

/// The `console` blocks of the README: what is printed after each command.
fn shown() -> Vec<String> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let readme = readme.expect("the README is there");
    let blocks = readme.split("```console\n").skip(1);
    let block = |text: &str| text.split("```").next().unwrap_or_default().to_owned();
    blocks.map(block).map(|text| text.split_once('\n').expect("a command").1.to_owned()).collect()
}

/// A shown text with what varies put in.
fn filled(shown: &str, values: &BTreeMap<&str, String>) -> String {
    values
        .iter()
        .fold(shown.to_owned(), |text, (name, value)| text.replace(&format!("[{name}]"), value))
}

fn printed(launcher: &Running) -> String {
    wait_until("the last line", || launcher.stdout().contains("Ctrl-C"));
    launcher.stdout()
}

/// What `run` gives once its conflict over `port` has a holder. On a busy machine the second that a
/// diagnosis may take can pass without one.
fn with_holder<T>(home: &Home, port: u16, mut run: impl FnMut() -> T) -> T {
    let found = (0..5).find_map(|_| {
        let result = run();
        (!home.conflict_over(port)["holder"].is_null()).then_some(result)
    });
    found.unwrap_or_else(|| panic!("no holder is found:\n{}", home.describe()))
}

fn holder(home: &Home, port: u16) -> String {
    let conflict = home.conflict_over(port);
    let holder: Holder = serde_json::from_value(conflict["holder"].clone()).expect("a holder");
    sentences::holder(Language::English.messages(), &holder, HolderTime::Local)
}

#[test]
fn the_readme_shows_what_the_programs_print() {
    let [first, moved, taken]: [String; 3] = shown().try_into().expect("three console blocks");
    let home = Home::new();
    let mut values = BTreeMap::from([("HOME", home.path().display().to_string())]);

    // In ports of its own: another launch of the default app may have its first choice.
    let launch = home.launcher().without("--json").env("HOMEPORT_RANGE", quiet_range());
    let launcher = launch.start();
    let told = printed(&launcher);
    let port = home.last_good().expect("remembered");
    values.insert("PORT", port.to_string());
    assert_eq!(told, filled(&first, &values));
    launcher.stop();

    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    let remembered = fs::read(home.assignment_file("server")).expect("remembered");
    let told = with_holder(&home, port, || {
        fs::write(home.assignment_file("server"), &remembered).expect("written");
        let launcher = launch.start();
        let told = printed(&launcher);
        launcher.stop();
        told
    });
    values.insert("OTHER", home.last_good().expect("remembered").to_string());
    values.insert("HOLDER", holder(&home, port));
    values.insert("PID", home.conflict_over(port)["holder"]["pid"].to_string());
    assert_eq!(told, filled(&moved, &values));

    let ended = with_holder(&home, port, || home.server().without("--json").port(port).run());
    values.insert("HOLDER", holder(&home, port));
    let (_, suggested) = ended.stderr.split_once("server --port ").expect("a suggestion");
    values.insert("OTHER", suggested.split(' ').next().unwrap_or_default().to_owned());
    assert_eq!((ended.code, ended.stderr), (Some(69), filled(&taken, &values)));
    drop(stranger);
}

#[test]
fn the_question_in_the_readme_is_answered() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let readme = readme.expect("the README is there");
    let question = readme.lines().find(|line| line.starts_with("jq ")).expect("a question");
    let (home, port) = (Home::new(), quiet_port());
    let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
    assert_eq!(home.launcher().port(port).run().code, Some(69));
    let answered = Command::new("sh").args(["-c", question]).current_dir(home.path()).output();
    let answer = String::from_utf8(answered.expect("jq runs").stdout).expect("text");
    assert!(answer.contains(&format!("\t{port}\tin_use\tstranger")), "{answer}");
    drop(stranger);
}

#[test]
fn the_settings_in_the_readme_are_understood() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let readme = readme.expect("the README is there");
    let settings = readme.split("```toml\n").nth(1).expect("a block of settings");
    let settings = settings.split("```").next().unwrap_or_default();
    let home = Home::new();
    home.set("server", settings.replace("17890", &quiet_port().to_string()));
    let mut launcher = home.launcher().start();
    assert_eq!(launcher.ready().origin, "home");
    launcher.stop();
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let text = fs::read_to_string(format!("{root}/ARCHITECTURE.md")).expect("it is there");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| I")).collect();
    assert_eq!(rows.len(), 22, "one row for each invariant");
    for row in rows {
        let named: Vec<_> = row.split('`').filter_map(|word| word.rsplit_once("::")).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for (module, test) in named {
            let module = module.replace("::", "/");
            let read =
                |folder| fs::read_to_string(format!("{root}/e2e/tests/{folder}/{module}.rs"));
            let file: String =
                ["portable", "linux"].into_iter().filter_map(|f| read(f).ok()).collect();
            assert!(file.contains(&format!("fn {test}()")), "no {module}::{test}");
        }
    }
}

#[test]
fn the_readme_names_the_commands_that_want_a_running_server() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    let readme = readme.expect("the README is there");
    let row = readme.lines().find(|line| line.starts_with("| 3 |")).expect("a row");
    let named: Vec<_> = row.split('`').skip(1).step_by(2).collect();
    let home = Home::new();
    let help = |words: &[&str]| {
        let launch = home.launcher().without("--no-open").without("--json");
        words.iter().fold(launch, |launch, word| launch.arg(*word)).run().stdout
    };
    let all = help(&["--help"]);
    let commands = all.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let commands =
        commands.expect("commands").lines().filter_map(|line| line.split_whitespace().next());
    let has_code = |command: &&str| {
        help(&[command, "--help"]).replace('\n', " ").contains(", 3 it is not running")
    };
    let wanted: Vec<_> = commands.filter(|command| *command != "help").filter(has_code).collect();
    assert_eq!(named, wanted);
}
