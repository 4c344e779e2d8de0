//! The program: from the command line to an exit code.

use std::{
    ffi::OsString,
    net::IpAddr,
    time::{Duration, Instant},
};

use actix_web::web::ServiceConfig;
use clap::FromArgMatches;
use shared::{
    app::AppName,
    assignment::Assignment,
    claim::Claim,
    conflict::{Conflict, Origin},
    diagnose::Diagnostician,
    environment::Environment,
    event::{EndReason, Ending, Event, masked},
    exit::Exit,
    handover::ToLauncher,
    invoked_as,
    launch::LaunchInfo,
    os,
    paths::Folders,
    policy::Policy,
    port::Port,
};

use crate::{
    process::{
        args::{Args, Typed, command},
        handover,
        launch::Launch,
        port_conflict, report,
        socket_source::{self, Way},
    },
    web::port_policy,
};

/// Runs the server as `argv` says, until it ends.
pub fn run(argv: &[OsString]) -> Exit {
    with_routes(argv, |_| {})
}

/// The same for an app with routes of its own (see `examples/notes.rs`). A program whose `main` is
/// this can be named as the `command` of the settings, and is then kept by the launcher as ours is.
pub fn with_routes<F>(argv: &[OsString], routes: F) -> Exit
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let began = Instant::now();
    os::survive_file_size_limit();
    invoked_as::keep(argv);
    let matches = command().try_get_matches_from(argv);
    let typed = match matches.and_then(|matches| Typed::from_arg_matches(&matches)) {
        Ok(typed) => typed,
        Err(error) => {
            // A closed stdout is no reason to say anything else.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let args = match Args::resolve(typed, &Environment::of_process()) {
        Ok(args) => args,
        Err(error) => {
            report::refusal(format_args!("{error}."));
            return Exit::Usage;
        }
    };
    let way = match Way::find(&args) {
        Ok(way) => way,
        Err(no_way) => {
            report::refusal(no_way.text);
            return no_way.exit;
        }
    };
    let folders = match Folders::locate(args.home.as_deref(), args.log_dir.as_deref()) {
        Ok(folders) => folders,
        Err(error) => {
            report::refusal(format_args!("{error}."));
            return Exit::BadSettings;
        }
    };
    let own = |port| LaunchInfo {
        last_good: last_good(&folders, &args.app),
        ..LaunchInfo::new(args.app.clone(), port)
    };
    match way {
        Way::HandOver(claim, adoption, orders) => {
            handover::say(&ToLauncher::Listening { addresses: claim.addresses() });
            let info = adoption.launch(args.app.clone());
            let launch = Launch::new(&args, folders, info, Some(adoption.secret), began);
            launch.serve(&args, claim, Some(orders), routes)
        }
        Way::Inherited(claim) => {
            let info = LaunchInfo { origin: Origin::Inherited, ..own(claim.port()) };
            let launch = own_launch(&args, folders, info, argv, began);
            launch.history.record(&claimed(&launch, &claim, Duration::ZERO));
            launch.serve(&args, claim, None, routes)
        }
        Way::Claim(port) => {
            let info = own(port);
            let launch = own_launch(&args, folders, info, argv, began);
            match claim(&launch, port, args.bind) {
                Ok(claim) => launch.serve(&args, claim, None, routes),
                Err(exit) => exit,
            }
        }
    }
}

/// The last good port of `app`, as far as its assignment can be read. Mending the file is for the
/// launcher.
fn last_good(folders: &Folders, app: &AppName) -> Option<Port> {
    let assignment = Assignment::load(&folders.assignment(app)).ok()?;
    assignment.last_good.map(|good| good.port)
}

/// Begins a launch of our own.
fn own_launch(
    args: &Args,
    folders: Folders,
    info: LaunchInfo,
    argv: &[OsString],
    began: Instant,
) -> Launch {
    let last_good = info.last_good;
    let launch = Launch::new(args, folders, info, None, began);
    let argv = masked(argv.iter().map(|argument| argument.to_string_lossy().into_owned()));
    launch.history.record(&Event::LaunchStarted { argv, last_good, home_port: None });
    launch
}

/// Claims the port that was asked for, or tells everything about why not.
fn claim(launch: &Launch, port: Port, bind: Option<IpAddr>) -> Result<Claim, Exit> {
    let policy = port_policy::policy(launch.folders(), &launch.info.app);
    let last_good = launch.info.last_good;
    if let Some(class) = policy.refusal(port, Origin::Explicit) {
        return Err(give_up(launch, &policy, &port_policy::refused(port, class, last_good)));
    }
    let began = Instant::now();
    let claim = match socket_source::claim(port, bind) {
        Ok(claim) => claim,
        Err(error) if error.is_conflict() => {
            let (app, secret) = (launch.info.app.clone(), launch.secret.clone());
            let diagnostician = Diagnostician::new(app, launch.folders(), secret);
            let conflict = port_conflict::diagnosed(diagnostician, port, &error, last_good, began);
            return Err(give_up(launch, &policy, &conflict));
        }
        Err(error) => {
            let text = format!("{error}: {}", error.source);
            return Err(fail(launch, Some(port), EndReason::ClaimFailed, Exit::Bug, &text));
        }
    };
    let is_missing = |ip: &IpAddr| !claim.addresses().iter().any(|address| address.ip() == *ip);
    if let Some(ip) = bind.filter(is_missing) {
        let text = format!("this computer has no address {ip} to serve on");
        return Err(fail(launch, Some(port), EndReason::NoSuchAddress, Exit::Usage, &text));
    }
    launch.history.record(&claimed(launch, &claim, began.elapsed()));
    Ok(claim)
}

fn claimed(launch: &Launch, claim: &Claim, elapsed: Duration) -> Event {
    Event::PortClaimed {
        port: claim.port(),
        origin: launch.info.origin,
        addresses: claim.addresses(),
        tried: 1,
        elapsed,
    }
}

/// Records the conflict and the end before it tells anybody.
fn give_up(launch: &Launch, policy: &Policy, conflict: &Conflict) -> Exit {
    let exit = Exit::PortUnavailable;
    launch.history.record(&Event::PortConflict(conflict.clone()));
    let failed = launch.fail(Ending {
        port: Some(conflict.port),
        reason: EndReason::NoPort,
        exit_code: Some(exit.code()),
        error: Some(conflict.sentence()),
        by: None,
    });
    launch.report.taken(conflict, &failed, port_conflict::suggestion(policy));
    exit
}

fn fail(launch: &Launch, port: Option<Port>, reason: EndReason, exit: Exit, text: &str) -> Exit {
    let error = Some(text.to_owned());
    let failed =
        launch.fail(Ending { port, reason, exit_code: Some(exit.code()), error, by: None });
    launch.report.failed(format_args!("{text}."), &failed);
    exit
}
