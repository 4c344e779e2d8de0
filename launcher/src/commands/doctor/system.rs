//! What the system gives: ports, both loopbacks, the server's program, a browser.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use shared::{
    assignment::Assignment,
    claim,
    conflict::Class,
    explain::ExplainContext,
    identity::Secret,
    message, next_command, os,
    policy::{FEWEST_PORTS, Policy},
    settings::OnConflict,
};

use super::check::Check;
use crate::{
    error::LaunchError,
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
    let command = options.settings.command.as_ref().map(|command| &command.value);
    let program = match ServerProgram::find(command) {
        Ok(program) => program,
        Err(error) => return Check::problem("server", error.to_string(), advice()),
    };
    let name = program.path().display();
    let files = files_of(program.path().as_os_str());
    match files.first() {
        None => {
            Check::problem("server", message!("doctor.server_missing", program = name), advice())
        }
        Some(file) if !files.iter().any(|file| os::may_execute(file)) => {
            let text = message!("doctor.server_not_executable", file = file.display());
            let file = next_command::quoted(file);
            Check::problem("server", text, message!("access.now_chmod", mode = "a+x", file))
        }
        Some(_) if command.is_none() => Check::ok("server", message!("doctor.server_beside")),
        Some(_) => Check::ok("server", message!("doctor.server_named", program = name)),
    }
}

/// Whether the next start gets the one port that it must have, if there is one.
pub(super) fn wanted_port(context: &CommandContext, options: &Options) -> Option<Check> {
    let remembered = Assignment::load(&context.folders.assignment(&context.app)).ok();
    let last_good = remembered.and_then(|remembered| remembered.last_good).map(|good| good.port);
    let range = &options.settings.range;
    let last_good = last_good.filter(|port| !range.is_set() || range.value.contains(*port));
    let explicit = options.port.as_ref().map(|port| port.value);
    let must_not_move = options.settings.on_conflict.value == OnConflict::Fail;
    let remembered = options.home_port.as_ref().map(|home| home.value).or(last_good);
    let port = explicit.or(remembered.filter(|_| must_not_move))?;
    let asking = ExplainContext {
        app: &context.app,
        folders: &context.folders,
        range: range.value,
        avoid: &options.avoid(),
        home: options.home_port.as_ref().map(|home| home.value),
    };
    let secret = Secret::load(&context.folders.secret()).unwrap_or_else(|_| Secret::random());
    // Where no socket can be had at all, the check of the loopbacks says so.
    let conflict = asking.conflict(port, secret).ok()?;
    let Some(conflict) = conflict else {
        return Some(Check::ok("wanted_port", message!("doctor.port_free", port)));
    };
    if conflict.class == Class::OwnInstance {
        return None;
    }
    let failure = match explicit {
        Some(_) => LaunchError::NoPort(vec![conflict]),
        None => LaunchError::MustNotMove(vec![conflict]),
    };
    let text = message!("doctor.start_fails", why = failure.why_here().join("; "));
    Some(Check::problem("wanted_port", text, failure.now().join("; ")))
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

/// Whether the system would run this program.
fn is_program(name: &OsStr) -> bool {
    files_of(name).iter().any(|file| os::may_execute(file))
}

/// The files that this program could be: at its path, or on the `PATH` if it is a bare name.
fn files_of(name: &OsStr) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let paths: Vec<_> = match Path::new(name).components().count() {
        0 | 1 => env::split_paths(&path).map(|folder| folder.join(name)).collect(),
        _ => vec![PathBuf::from(name)],
    };
    let with_suffix = |path: PathBuf| {
        let mut name = path.clone().into_os_string();
        name.push(env::consts::EXE_SUFFIX);
        [path, PathBuf::from(name)]
    };
    paths.into_iter().flat_map(with_suffix).filter(|path| path.is_file()).collect()
}
