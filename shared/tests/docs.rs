//! What `docs/` and `logs/README.md` show is what the programs read and write.

mod support;

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use shared::{
    allotted_ports::AllottedPorts,
    app_folder::AppFolder,
    assignment::Assignment,
    conflict::{Class, Origin},
    discovery::Discovery,
    handover::{ToLauncher, ToServer},
    identity::{Identity, Secret},
    keys,
    port::Port,
    settings::{KEYS, Settings, TABLE},
    wire,
};
use support::{problems, repository, schema, validator};

/// The fenced blocks of a page that are in `language`, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = repository(page);
    let fence = format!("```{language}");
    let mut lines = text.lines();
    let mut blocks = Vec::new();
    while lines.any(|line| line == fence) {
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n") + "\n");
    }
    assert!(!blocks.is_empty(), "{page} has no block in {language}");
    blocks
}

/// The JSON values of a page, in order; a block may hold several.
fn values(page: &str) -> Vec<Value> {
    let blocks = blocks(page, "json");
    let read = |block: &String| -> Vec<Value> {
        let values = serde_json::Deserializer::from_str(block).into_iter();
        values.map(|v| v.unwrap_or_else(|error| panic!("{page}: {error}: {block}"))).collect()
    };
    blocks.iter().flat_map(read).collect()
}

fn keys_of(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The first cells of a page's tables, each word in backquotes by itself.
fn rows(page: &str) -> BTreeSet<String> {
    let text = repository(page);
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned));
    words.collect()
}

#[test]
fn every_settings_folder_and_assignment_example_is_read_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("example.toml");
    let (mut settings, mut folders, mut assignments, mut allotments) = (Vec::new(), 0, 0, 0);
    for block in blocks("docs/formats.md", "toml") {
        fs::write(&file, &block).expect("written");
        if block.contains("folder = ") {
            let folder = AppFolder::load(&file).unwrap_or_else(|error| panic!("{error}"));
            assert!(folder.path().has_root() && !folder.is_given());
            folders += 1;
        } else if block.contains("[ports]") {
            let allotted = AllottedPorts::load(&file).unwrap_or_else(|error| panic!("{error}"));
            assert!(allotted.first_choice.is_some() && allotted.ports.len() == 1);
            allotments += 1;
        } else if block.starts_with("schema") {
            let assignment = Assignment::load(&file).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(assignment.ports().count(), 2);
            assignments += 1;
        } else {
            settings.push(Settings::load(&file).unwrap_or_else(|error| panic!("{error}")));
            let set = KEYS.iter().filter(|key| Settings::line_of_key(&file, key).is_some());
            let of_program = TABLE.iter().filter(|setting| setting.is_of_program).count();
            let counts = [1, of_program, KEYS.len() - of_program];
            assert!(counts.contains(&set.count()), "one key, or every one: {block}");
        }
    }
    assert_eq!((settings.len(), folders, assignments, allotments), (3, 1, 1, 1));
}

#[test]
fn every_setting_has_its_row_and_every_word_of_a_record_too() {
    let rows = rows("docs/formats.md");
    let schema = schema();
    let words = |pointer| schema.pointer(pointer).and_then(Value::as_array).expect("a list").iter();
    let events = words("/properties/event/enum");
    let classes = words("/$defs/class/enum");
    let origins = words("/$defs/origin/enum");
    let words = events.chain(classes).chain(origins).map(|word| word.as_str().expect("a word"));
    let missing: Vec<_> = KEYS.into_iter().chain(keys::ALL.iter().copied()).chain(words).collect();
    let missing: Vec<_> = missing.into_iter().filter(|word| !rows.contains(*word)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_rows_of_classes_and_origins_say_nothing_that_the_code_does_not_know() {
    let text = repository("docs/formats.md");
    let section = |title: &str| {
        let after = text.split_once(&format!("\n### {title}\n")).expect("it is there").1;
        let rows = after.split("\n#").next().unwrap_or(after).lines();
        let word = |line: &str| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned());
        rows.filter_map(word).map(Value::String).collect::<Vec<_>>()
    };
    for class in section("Classes") {
        serde_json::from_value::<Class>(class).expect("a class");
    }
    let origins = section("Origins").into_iter();
    let origins: Vec<Origin> =
        origins.map(|origin| serde_json::from_value(origin).expect("an origin")).collect();
    assert!(origins.is_sorted(), "in the order in which they are tried");
}

#[test]
fn every_event_has_the_keys_that_the_reference_lists() {
    let (schema, text) = (schema(), repository("docs/formats.md"));
    let events = schema["properties"]["event"]["enum"].as_array().expect("words");
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [event, level, _from, listed, _meaning] = &cells[..] else { continue };
        let event = event.trim_matches('`');
        if !events.iter().any(|word| word == event) {
            continue;
        }
        let part = &schema["$defs"][event];
        let target = part["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
        let keys = target.map_or(part, |target| schema.pointer(target).expect("it is there"));
        let keys: Vec<_> = keys["required"].as_array().expect("a list").iter().collect();
        let listed: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
        assert_eq!(keys, listed, "{event}");
        let levels = &part["properties"]["level"];
        let levels = levels["enum"].as_array().cloned().unwrap_or(vec![levels["const"].clone()]);
        assert!(levels.iter().all(|l| level.contains(l.as_str().expect("a word"))), "{event}");
        seen.insert(event.to_owned());
    }
    assert_eq!(seen.len(), events.len());
}

#[test]
fn every_json_example_of_the_formats_is_one() {
    let validator = validator();
    let (mut records, mut lines, mut discoveries, mut printed, mut outputs) = (0, 0, 0, 0, 0);
    let readme = values("logs/README.md");
    for value in values("docs/formats.md").into_iter().chain(readme) {
        if value.get(keys::TARGET).is_some() {
            let common = &schema()["required"];
            let common: Vec<_> = common.as_array().expect("a list").iter().collect();
            let wanted = common.iter().map(|key| key.as_str().expect("a word"));
            let wanted: Vec<_> =
                wanted.map(|key| if key == keys::EVENT { keys::TARGET } else { key }).collect();
            assert_eq!(keys_of(&value)[..wanted.len()], wanted);
            assert!(keys_of(&value).iter().all(|key| keys::ALL.contains(key)), "{value}");
            lines += 1;
        } else if value.get(keys::STREAM).is_some() {
            assert!(keys_of(&value).iter().all(|key| keys::ALL.contains(key)), "{value}");
            let text = value[keys::TEXT].as_str().expect("a text");
            assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), value[keys::JSON]);
            outputs += 1;
        } else if value.get(keys::SEQ).is_some() {
            assert_eq!(problems(&validator, &value), [""; 0], "{value}");
            records += 1;
        } else if value.get(keys::EVENT).is_some() {
            let others = ["launcher_pid"];
            let known = |key: &&str| keys::ALL.contains(key) || others.contains(key);
            assert!(keys_of(&value).iter().all(known), "{value}");
            printed += 1;
        } else {
            let read: Discovery = serde_json::from_value(value.clone()).expect("a discovery file");
            assert_eq!(serde_json::to_value(read).expect("it is JSON"), value);
            let rows = rows("docs/formats.md");
            assert!(keys_of(&value).iter().all(|key| rows.contains(*key)), "{value}");
            discoveries += 1;
        }
    }
    assert_eq!((records, lines, discoveries, printed, outputs), (2, 1, 1, 1, 1));
}

/// What is said in one of the two directions, and whether `line` is it.
fn is_read<T>(line: &str) -> bool
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let Ok(Some(message)) = wire::read_message::<T>(&mut line.as_bytes()) else { return false };
    let mut said = Vec::new();
    wire::write_message(&mut said, &message).expect("a Vec takes everything");
    assert_eq!(String::from_utf8(said).expect("text"), line, "written as it is read");
    true
}

#[test]
fn every_handover_message_of_the_protocol_is_documented() {
    let text = repository("docs/handover.md");
    let (to_server, to_launcher) = text
        .split_once("### Launcher to server")
        .and_then(|(_, rest)| rest.split_once("### Server to launcher"))
        .expect("both directions");
    let to_launcher = to_launcher.split("### Order").next().unwrap_or_default();
    let said = |part: &str, is_read: fn(&str) -> bool| {
        let lines = part.lines().filter(|line| line.starts_with("{\"say\""));
        lines.for_each(|line| assert!(is_read(&format!("{line}\n")), "{line}"));
        let words =
            part.lines().filter_map(|line| line.strip_prefix("{\"say\":\"")?.split('"').next());
        words.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(said(to_server, is_read::<ToServer>), words_of::<ToServer>());
    assert_eq!(said(to_launcher, is_read::<ToLauncher>), words_of::<ToLauncher>());
}

/// Every `say` that is understood, from what serde says of one that is not.
fn words_of<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
    let error = wire::read_message::<T>(&mut &b"{\"say\":\"?\"}\n"[..]).expect_err("no such word");
    let error = error.to_string();
    let list = error.split_once("is none of").expect("it lists them").1;
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_identity_of_the_protocol_is_what_its_secret_gives() {
    let page = "docs/handover.md";
    let values = values(page);
    let of = |key: &str| values.iter().find(|value| value.get(key).is_some()).expect("it is there");
    let identity: Identity = serde_json::from_value(of("hmac").clone()).expect("an identity");
    let secret: Secret = serde_json::from_value(of("secret")["secret"].clone()).expect("a secret");
    let blocks = blocks(page, "text");
    let message = blocks.iter().find(|block| block.starts_with("homeport identity")).expect("it");
    let [_, app, port, challenge] = message.lines().collect::<Vec<_>>()[..] else {
        panic!("four lines: {message}")
    };
    assert_eq!(app, identity.app.as_str());
    let port: Port = port.parse().expect("a port");
    assert_eq!(secret.answer(challenge, &identity.app, port), identity.hmac);
    let request = blocks.iter().find(|block| block.starts_with("GET ")).expect("a request");
    let path = shared::identity::PATH;
    assert!(request.contains(&format!("{path}?challenge={challenge} ")), "{request}");
}

#[test]
fn the_limits_of_the_protocol_are_those_of_the_code() {
    let text = repository("docs/handover.md");
    for limit in [wire::MAX_LINE, shared::identity::MAX_CHALLENGE as u64] {
        let digits = match limit {
            1000.. => format!("{},{:03}", limit / 1000, limit % 1000),
            _ => limit.to_string(),
        };
        assert!(text.contains(&digits), "{digits}");
    }
    let probe = shared::identity::PROBE_TIMEOUT.as_secs_f64();
    assert!(text.contains(&format!("| {probe} s |")), "{probe}");
}
