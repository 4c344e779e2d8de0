//! What the system gives: ports, both loopbacks, the server's program, a browser.

use std::ffi::OsStr;

use shared::{
    assignment::Assignment,
    claim,
    conflict::Class,
    identity::Secret,
    message, os,
    policy::{FEWEST_PORTS, Policy},
    settings::OnConflict,
};

use super::check::Check;
use crate::{
    error::LaunchError,
    handover::ServerProgram,
    home_port,
    options::{CommandContext, Options},
    os as system,
    program_file::{self, NoProgram},
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
    let settings = context.folders.settings(&context.app);
    let wider = || options.now_wider(&settings);
    if left == 0 {
        return Check::problem("ports", message!("doctor.no_choice", range), wider());
    }
    if let Some(ephemeral) = policy.ignores_ephemeral() {
        return Check::warning(
            "ports",
            message!("doctor.ephemeral", ephemeral, range),
            message!("doctor.now_ephemeral", range = options.what_sets_the_range(&settings)),
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
    match program_file::check(program.path().as_os_str()) {
        Ok(()) if command.is_none() => Check::ok("server", message!("doctor.server_beside")),
        Ok(()) => {
            let program = program.path().display();
            Check::ok("server", message!("doctor.server_named", program))
        }
        Err(problem) => {
            let now = problem.repair().unwrap_or_else(|| match &problem {
                NoProgram::NoFile(..) => message!("now.other_program"),
                _ => advice(),
            });
            Check::problem("server", problem.to_string(), now)
        }
    }
}

/// Whether the next start gets the one port that it must have, if there is one; else whether a start can use the
/// home port.
pub(super) fn wanted_port(context: &CommandContext, options: &Options) -> Option<Check> {
    let remembered = Assignment::load(&context.folders.assignment(&context.app)).ok();
    let last_good = remembered.and_then(|remembered| remembered.last_good).map(|good| good.port);
    let range = &options.settings.range;
    let last_good = last_good.filter(|port| !range.is_set() || range.value.contains(*port));
    let explicit = options.port.as_ref().map(|port| port.value);
    let must_not_move = options.settings.on_conflict.value == OnConflict::Fail;
    let remembered = options.home_port.as_ref().map(|home| home.value).or(last_good);
    let Some(port) = explicit.or(remembered.filter(|_| must_not_move)) else {
        return refused_home_port(context, options);
    };
    let avoid = options.avoid();
    let asker = options.explain_context(context, &avoid);
    let secret = Secret::load(&context.folders.secret()).unwrap_or_else(|_| Secret::random());
    // Where no socket can be had at all, the check of the loopbacks says so.
    let conflict = asker.conflict(port, secret).ok()?;
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

fn refused_home_port(context: &CommandContext, options: &Options) -> Option<Check> {
    let port = options.home_port.as_ref()?.value;
    let refused = home_port::refused(context, port)?;
    let text = message!("status.home_refused", port, why = refused.sentence_here());
    let now = refused.advice().unwrap_or_else(|| message!("advice.other_port"));
    Some(Check::warning("home_port", text, now))
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
    program_file::check(name).is_ok()
}
