//! Installing Debian packages, where that needs no password.

use crate::{cargo, report::Outcome, screen};
use std::{path::Path, process::Command};

/// Whether this is Debian, or a relative of it, and we are root.
pub(crate) fn can_install() -> bool {
    Path::new("/etc/debian_version").exists()
        && cargo::answer(cargo::tool("id", ["-u"])).as_deref() == Some("0")
}

/// Installs packages, as far as this release of Debian has them. What is still missing afterwards
/// the caller finds by looking for the tools themselves.
pub(crate) fn install(packages: &[&str]) {
    screen::say(&format!("installing {}", packages.join(" ")));
    apt_get(&["update", "--quiet"]);
    // One unknown name would make apt-get refuse all the others.
    let is_known =
        |package: &&&str| cargo::succeeds(cargo::tool("apt-cache", ["show", "--quiet", package]));
    let known: Vec<&str> = packages.iter().filter(is_known).copied().collect();
    if !known.is_empty() {
        apt_get(&[&["install", "-y", "--quiet", "--no-install-recommends"], &known[..]].concat());
    }
}

/// A failure is printed and otherwise ignored: old package lists may suffice.
fn apt_get(args: &[&str]) {
    let mut command: Command = cargo::tool("apt-get", args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    if let Outcome::Failed(why) = cargo::outcome(command) {
        screen::say(&format!("apt-get {}: {why}", args[0]));
    }
}
