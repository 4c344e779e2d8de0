//! What the system gives: ports, both loopbacks, the server's program, a browser.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use shared::{
    assignment::Assignment,
    claim, message, os,
    policy::{FEWEST_PORTS, Policy},
};

use super::check::Check;
use crate::{
    handover::ServerProgram,
    options::{CommandContext, Options},
    os as system,
    readiness::reaches_itself,
};

/// The checks of the system; without `options`, because the settings are wrong, only those that need
/// none.
pub(super) fn system(context: &CommandContext, options: Option<&Options>) -> Vec<Check> {
    let mut checks = loopbacks();
    if let Some(options) = options {
        checks.push(ports(context, options));
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
                message!("doctor.no_port", error, why = error.source),
                message!("doctor.now_no_port"),
            )];
        }
    };
    let addresses = claim.addresses();
    let has = |is_v4: bool| addresses.iter().any(|address| address.is_ipv4() == is_v4);
    let v4 = match has(true) {
        true if reaches_itself() => Check::ok("loopbacks", message!("doctor.v4_ok")),
        true => {
            Check::problem("loopbacks", message!("readiness.no_loopback"), message!("now.loopback"))
        }
        false => {
            Check::problem("loopbacks", message!("doctor.v4_missing"), message!("doctor.now_v4"))
        }
    };
    let v6 = match has(false) {
        true => message!("doctor.v6_ok"),
        false => message!("doctor.v6_missing"),
    };
    vec![v4, Check::ok("ipv6", v6)]
}

fn ports(context: &CommandContext, options: &Options) -> Check {
    let reserved = Assignment::of_other_apps(&context.folders, &context.app);
    let live = os::port_ranges();
    let policy = Policy::new(options.settings.range.value, live.clone(), options.avoid(), reserved);
    let (range, left) = (policy.range(), policy.allowed().count());
    let wider = || message!("doctor.now_wider");
    if left == 0 {
        return Check::problem("ports", message!("doctor.no_choice", range), wider());
    }
    if let Some(ephemeral) = policy.ignores_ephemeral() {
        return Check::warning(
            "ports",
            message!("doctor.ephemeral", ephemeral, range),
            message!("doctor.now_ephemeral"),
        );
    }
    let count = range.count();
    let text = match live.ephemeral {
        Some(outgoing) => message!("doctor.ports_beside", left, count, range, outgoing),
        None => message!("doctor.ports", left, count, range),
    };
    if left < FEWEST_PORTS {
        let text = message!("doctor.few_ports", ports = text, fewest = FEWEST_PORTS);
        Check::warning("ports", text, wider())
    } else {
        Check::ok("ports", text)
    }
}

fn server(options: &Options) -> Check {
    let advice = || message!("now.program");
    let Some(command) = &options.settings.command else {
        return match ServerProgram::find(None) {
            Ok(_) => Check::ok("server", message!("doctor.server_beside")),
            Err(error) => Check::problem("server", error.to_string(), advice()),
        };
    };
    let program = command.value.program();
    match is_program(OsStr::new(program)) {
        true => Check::ok("server", message!("doctor.server_named", program)),
        false => Check::problem("server", message!("doctor.server_missing", program), advice()),
    }
}

fn browser(options: &Options) -> Check {
    if !options.settings.open_browser.value {
        return Check::ok("browser", message!("doctor.browser_off"));
    }
    // The address is not opened, and decides nothing.
    let openers = open::commands("http://127.0.0.1/");
    let found = openers.iter().find(|opener| is_program(opener.get_program()));
    let text = match found.map(|opener| opener.get_program().to_string_lossy().into_owned()) {
        Some(name) if system::leads_to_browser(&name, is_program) => {
            return Check::ok("browser", message!("doctor.browser_ok", program = name));
        }
        Some(program) => message!("doctor.no_browser_behind", program),
        None => message!("doctor.browser_missing"),
    };
    Check::warning("browser", text, message!("doctor.now_browser"))
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
