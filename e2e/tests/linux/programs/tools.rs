//! Servers that a system does not have: fetched into `target/` by pip and by npm, and kept there.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use e2e::skip;

use crate::fetched::{node_packages, python_packages};

/// The variable that asks for the servers that take long to fetch and to start; `cargo xtask test --all` sets it.
const ALL_SERVERS: &str = "HOMEPORT_ALL_SERVERS";

/// The versions, so that a new one fails no build that has not changed.
const UVICORN: [&str; 1] = ["uvicorn==0.54.0"];
const PYTHON_SERVERS: [&str; 3] = ["gunicorn==27.0.1", "flask==3.1.3", "django==5.2.19"];
const NODE_SERVERS: [&str; 2] = ["express@5.3.0", "vite@8.4.0"];

static WITH_UVICORN: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| python_packages(&UVICORN));
static WITH_PYTHON_SERVERS: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| python_packages(&PYTHON_SERVERS));
static WITH_NODE_SERVERS: LazyLock<Result<PathBuf, String>> =
    LazyLock::new(|| node_packages(&NODE_SERVERS));

/// The path of `uvicorn`; `None`, and the test is skipped, where it cannot be had.
pub(super) fn uvicorn() -> Option<String> {
    there(&WITH_UVICORN).map(|folder| text(&folder.join("bin/uvicorn")))
}

/// The path of a server in Python that only a long run fetches.
pub(super) fn python_server(name: &str) -> Option<String> {
    is_asked_for().then(|| there(&WITH_PYTHON_SERVERS))?.map(|it| text(&it.join("bin").join(name)))
}

/// The folder `node_modules` with the servers of Node that only a long run fetches.
pub(super) fn node_modules() -> Option<PathBuf> {
    is_asked_for().then(|| there(&WITH_NODE_SERVERS))?.map(|it| it.join("node_modules"))
}

/// A program of the system, where root's shell looks for it too; `None`, and the test is skipped, if it is missing.
pub(super) fn of_system(name: &str) -> Option<String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{name} is missing"));
    }
    found.map(|file| text(&file))
}

/// Whether the servers of the long run are wanted; else the test is skipped.
pub(super) fn is_asked_for() -> bool {
    let is_set = env::var_os(ALL_SERVERS).is_some_and(|value| !value.is_empty());
    if !is_set {
        skip(&format!("it takes long: `cargo xtask test --all` sets {ALL_SERVERS}"));
    }
    is_set
}

fn there(made: &Result<PathBuf, String>) -> Option<PathBuf> {
    made.as_ref().map_err(|why| skip(&format!("it could not be fetched: {why}"))).ok().cloned()
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path of text").to_owned()
}
