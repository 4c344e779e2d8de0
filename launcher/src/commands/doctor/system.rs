//! What the system gives: ports, both loopbacks, the server's program, a browser.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use shared::{
    assignment::Assignment,
    claim, os,
    policy::{FEWEST_PORTS, Policy},
};

use super::check::Check;
use crate::{
    handover::ServerProgram,
    options::{Basics, Options},
};

/// What does not depend on the settings, and what does if they are right.
pub(super) fn system(basics: &Basics, options: Option<&Options>) -> Vec<Check> {
    let mut checks = loopbacks();
    if let Some(options) = options {
        checks.push(ports(basics, options));
        checks.push(server(options));
        checks.push(browser(options));
    }
    checks
}

fn loopbacks() -> Vec<Check> {
    let claim = match claim::any() {
        Ok(claim) => claim,
        Err(error) => {
            return vec![Check::problem(
                "loopbacks",
                format!("no port can be claimed: {error} ({})", error.source),
                "look whether the loopback interface is up, and whether file descriptors are left",
            )];
        }
    };
    let addresses = claim.addresses();
    let has = |is_v4: bool| addresses.iter().any(|address| address.is_ipv4() == is_v4);
    let v4 = if has(true) {
        Check::ok("loopbacks", "ports can be claimed on 127.0.0.1")
    } else {
        Check::problem("loopbacks", "127.0.0.1 is not there", "bring the loopback interface up")
    };
    let v6 = match has(false) {
        true => "ports can be claimed on [::1] too",
        false => "this machine has no [::1], so 127.0.0.1 alone is used",
    };
    vec![v4, Check::ok("ipv6", v6)]
}

fn ports(basics: &Basics, options: &Options) -> Check {
    let reserved = Assignment::of_other_apps(&basics.folders, &basics.app);
    let live = os::port_ranges();
    let policy = Policy::new(options.settings.range.value, live.clone(), options.avoid(), reserved);
    let (range, left) = (policy.range(), policy.allowed().count());
    let wider = "widen `range`, or shorten `avoid`, in the settings";
    let outgoing = live.ephemeral.map_or_else(String::new, |range| {
        format!("; the system takes {range} for outgoing connections")
    });
    if left == 0 {
        return Check::problem("ports", format!("no port of {range} may be chosen"), wider);
    }
    if let Some(ephemeral) = policy.ignores_ephemeral() {
        return Check::warning(
            "ports",
            format!(
                "the system takes {ephemeral} for outgoing connections, which leaves too few ports of {range}, so it is not avoided"
            ),
            "set another `range`, or make the system's dynamic range narrower",
        );
    }
    let text = format!("{left} of the {} ports of {range} may be chosen{outgoing}", range.count());
    if left < FEWEST_PORTS {
        Check::warning("ports", text, wider)
    } else {
        Check::ok("ports", text)
    }
}

fn server(options: &Options) -> Check {
    let advice = "put the server's program there, or name one in the settings: command = [\"/path/to/server\"]";
    let Some(command) = &options.settings.command else {
        return match ServerProgram::find(None) {
            Ok(_) => Check::ok("server", "its program is beside the launcher"),
            Err(error) => Check::problem("server", error.to_string(), advice),
        };
    };
    let program = command.value.program();
    match is_program(OsStr::new(program)) {
        true => Check::ok("server", format!("the settings name {program}")),
        false => Check::problem("server", format!("{program} cannot be found"), advice),
    }
}

fn browser(options: &Options) -> Check {
    if !options.settings.open_browser.value {
        return Check::ok("browser", "it is not opened, as the settings wish");
    }
    // The address is not opened, and decides nothing.
    let openers = open::commands("http://127.0.0.1/");
    match openers.iter().find(|opener| is_program(opener.get_program())) {
        Some(opener) => {
            let name = opener.get_program().to_string_lossy().into_owned();
            Check::ok("browser", format!("{name} opens it"))
        }
        None => Check::warning(
            "browser",
            "no program that opens a browser was found",
            "open the URL by hand, or install xdg-utils; `open_browser = false` ends this warning",
        ),
    }
}

/// Whether the system would find this program: at its path, or on the `PATH` if it is a bare name.
fn is_program(name: &OsStr) -> bool {
    let is_there =
        |path: PathBuf| path.is_file() || path.with_extension(env::consts::EXE_EXTENSION).is_file();
    if Path::new(name).components().count() > 1 {
        return is_there(PathBuf::from(name));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| is_there(folder.join(name)))
}
