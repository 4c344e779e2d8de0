//! The API held to its own description by Schemathesis, which asks whatever the description allows,
//! and whatever it does not.
//!
//! It is a program in Python, and is put into a folder of its own under `target/`. `events` is left
//! out: a stream has no end that it could wait for. What the description cannot say is in
//! `openapi.toml`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use e2e::{Home, ReadyMessage, quiet_port, skip};
use shared::app::AppName;

use crate::fetched::python_packages;

/// The version, so that a new check of a newer one fails no build that has not changed.
const VERSION: &str = "4.32.5";

/// How many requests of each kind it makes up for each operation: enough for every rule of the
/// description to be broken once, in a quarter of a minute.
const EXAMPLES: &str = "10";

/// The variable that asks for more; `cargo xtask schemathesis` sets it.
const MORE: &str = "HOMEPORT_EXAMPLES";

/// The program, or why there is none.
static SCHEMATHESIS: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let folder = python_packages(&[&format!("schemathesis=={VERSION}")])?;
    Ok(folder.join("bin/schemathesis"))
});

/// How many requests are made up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    /// The same few each time.
    Short,
    /// More, if they are asked for.
    AsLongAsAsked,
}

/// Runs the tool with these arguments on a running server; `None`, and a skip, if it is missing.
fn ask(home: &Home, ready: &ReadyMessage, words: &[&str], search: Search) -> Option<Output> {
    let program =
        SCHEMATHESIS.as_ref().map_err(|why| skip(&format!("no Schemathesis: {why}"))).ok()?;
    let token = fs::read_to_string(home.folders().token(&AppName::default())).expect("a token");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/linux/openapi.toml");
    let more = env::var(MORE).ok().filter(|_| search == Search::AsLongAsAsked);
    let mut command = Command::new(program);
    command.arg("--config-file").arg(config).arg("run");
    command.arg(format!("{}_homeport/openapi.json", ready.url));
    command.arg("--header").arg(format!("Authorization: Bearer {}", token.trim()));
    command.args(["--checks", "all", "--request-timeout", "20", "--no-color"]);
    // The same requests each time, unless more are requested.
    if more.is_none() {
        command.args(["--seed", "1"]);
    }
    let examples = more.unwrap_or_else(|| EXAMPLES.to_owned());
    command.args(["--continue-on-failure", "--max-examples", &examples]).args(words);
    // Its data base of examples is written where it stands.
    Some(command.current_dir(home.path()).output().expect("it is there"))
}

#[track_caller]
fn assert_held(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("Test cases:"), "nothing was asked: {told}");
}

#[test]
fn the_api_does_what_its_description_says_whatever_it_is_asked() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let others = ["--exclude-operation-id", "follow", "--exclude-operation-id", "stop"];
    let Some(output) = ask(&home, &ready, &others, Search::AsLongAsAsked) else { return };
    assert_held(&output);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn nothing_but_an_order_as_it_is_described_stops_a_server() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let ready = server.ready();
    let stop = ["--mode", "negative", "--include-operation-id", "stop"];
    // A longer search comes upon the request without a body, which is an order.
    let Some(output) = ask(&home, &ready, &stop, Search::Short) else { return };
    assert_held(&output);
    assert!(!server.has_ended());
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_server_is_restarted_as_often_as_it_is_asked_and_answers_all_the_while() {
    let home = Home::new();
    let mut launcher = home.launcher().port(quiet_port()).start();
    let ready = launcher.ready();
    let both = ["--include-operation-id", "restart", "--include-operation-id", "status"];
    let Some(output) = ask(&home, &ready, &both, Search::AsLongAsAsked) else { return };
    assert_held(&output);
    assert!(home.events("server_ready").len() > 1, "it was restarted");
    assert_eq!(launcher.stop().code, Some(0));
}
