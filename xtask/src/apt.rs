//! Installing Debian packages, where that needs no password. Their services are not started: they would take ports.

use crate::{cargo, report::Outcome, screen};
use std::{fs, path::Path, process::Command};

/// What the scripts of packages ask whether they may start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Answers that they may not.
const NO_SERVICE: &str = "#!/bin/sh\nexit 101\n";

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
        let _stopped = ServicesStopped::begin();
        apt_get(&[&["install", "-y", "--quiet", "--no-install-recommends"], &known[..]].concat());
    }
}

/// While this is there no package starts its service. A policy that was there before stays as it is.
struct ServicesStopped {
    is_ours: bool,
}

impl ServicesStopped {
    fn begin() -> Self {
        let is_ours = !Path::new(POLICY).exists()
            && fs::write(POLICY, NO_SERVICE).is_ok()
            && cargo::succeeds(cargo::tool("chmod", ["755", POLICY]));
        Self { is_ours }
    }
}

impl Drop for ServicesStopped {
    fn drop(&mut self) {
        if self.is_ours {
            // One that is left is seen: no service starts.
            let _ = fs::remove_file(POLICY);
        }
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
