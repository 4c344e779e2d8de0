//! The program: from the command line to an exit code.

use std::{
    ffi::OsString,
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use actix_web::web::ServiceConfig;
use clap::FromArgMatches;
use shared::{
    app::AppName,
    assignment::Assignment,
    claim::{Claim, ClaimError},
    clock::{self, WrongClock},
    conflict::{Class, Conflict, Origin},
    diagnose::Diagnostician,
    discovery::Discovery,
    environment::{Environment, VariableError},
    event::{EndReason, Ending, Event, masked},
    exit::Exit,
    explain::explicit_policy,
    handover::ToLauncher,
    invoked_as,
    launch::LaunchInfo,
    message, os,
    paths::{Folders, NoHome},
    policy::Policy,
    port::Port,
    trust::{self, Untrusted},
    words::Process,
};

use crate::{
    os::descriptors,
    process::{
        args::{Args, TypedArgs, command},
        handover,
        launch::ServerLaunch,
        report,
        socket_source::{self, SocketSource, SocketSourceError},
        suggestion,
    },
};

/// Why the program ends before a launch begins.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The command line is wrong, or asks for help or the version only.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// The time is none that a launch can have.
    #[error("{0}")]
    Clock(#[from] WrongClock),
    /// An environment variable has a wrong value.
    #[error("{0}")]
    Variable(#[from] VariableError),
    /// There are no sockets to serve on.
    #[error("{0}")]
    Sockets(#[from] SocketSourceError),
    /// The folders of the app cannot be determined.
    #[error("{0}")]
    Folders(#[from] NoHome),
    /// Another user may write to what a launch rests on.
    #[error("{}: {}", .0.path.display(), .0)]
    Untrusted(#[from] Untrusted),
}

impl StartError {
    /// What a person can do.
    fn now(&self) -> Option<String> {
        match self {
            Self::Variable(error) => Some(message!("now.variable", variable = error.variable)),
            Self::Untrusted(untrusted) => Some(untrusted.repair()),
            Self::CommandLine(_) | Self::Clock(_) | Self::Sockets(_) | Self::Folders(_) => None,
        }
    }

    /// Prints the error, and returns the code with which the program exits.
    fn report(&self) -> Exit {
        let exit = match self {
            Self::CommandLine(error) => return print(error),
            Self::Variable(_) | Self::Folders(_) => Exit::Usage,
            Self::Clock(_) => Exit::NotReady,
            Self::Sockets(error) => error.exit(),
            Self::Untrusted(_) => Exit::BadSettings,
        };
        report::error(self);
        if let Some(now) = self.now() {
            report::now(now);
        }
        exit
    }
}

/// Prints what is wrong with the command line, or the help or version that it asks for.
fn print(text: &clap::Error) -> Exit {
    match text.print() {
        _ if text.use_stderr() => Exit::Usage,
        // Who asked for it may have gone away early.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::NotReady,
        _ => Exit::Done,
    }
}

/// Runs the server with the command line `argv`, until it ends.
pub fn run(argv: &[OsString]) -> Exit {
    start(argv, None::<fn(&mut ServiceConfig)>).unwrap_or_else(|error| error.report())
}

/// Runs a server with `routes` of its own (see `examples/notes.rs`). A program whose `main` is this can
/// be the `command` of the settings, and is then kept by the launcher as ours is.
pub fn with_routes<F>(argv: &[OsString], routes: F) -> Exit
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    start(argv, Some(routes)).unwrap_or_else(|error| error.report())
}

fn start<F>(argv: &[OsString], routes: Option<F>) -> Result<Exit, StartError>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let began = Instant::now();
    os::reset_inherited();
    descriptors::raise_limit();
    invoked_as::keep(Process::Server, argv);
    clock::check()?;
    let typed = TypedArgs::from_arg_matches(&command().try_get_matches_from(argv)?)?;
    let environment = Environment::of_process();
    let args = Args::resolve(typed, &environment)?;
    // A launcher has said it already.
    if let Some(ignored) = environment.ignored().filter(|_| !args.hand_over) {
        report::warning(ignored);
    }
    let source = SocketSource::find(&args)?;
    let folders = Folders::locate(args.home.as_deref(), args.log_dir.as_deref())?;
    if !matches!(source, SocketSource::HandOver { .. }) {
        trust::check_launch(&folders, &args.app)?;
    }
    let own = |port| LaunchInfo {
        last_good: last_good(&folders, &args.app),
        ..LaunchInfo::new(args.app.clone(), port)
    };
    Ok(match source {
        SocketSource::HandOver { claim, handover } => {
            handover::send(&ToLauncher::Listening { addresses: claim.addresses() });
            let (adoption, messages) = (handover.adoption, handover.messages);
            let info = adoption.launch(args.app.clone());
            let launch = ServerLaunch::new(&args, folders, info, Some(&adoption), began);
            launch.serve(&args, claim, Some(messages), routes)
        }
        SocketSource::Inherited(claim) => {
            let info = LaunchInfo { origin: Origin::Inherited, ..own(claim.port()) };
            let launch = own_launch(&args, folders, info, argv, began);
            launch.history.record(&claimed(&launch, &claim, Duration::ZERO));
            launch.serve(&args, claim, None, routes)
        }
        SocketSource::Claim(port) => {
            let info = own(port);
            let launch = own_launch(&args, folders, info, argv, began);
            let policy = explicit_policy(launch.folders(), &launch.info.app);
            match claim(&launch, &policy, port, args.bind) {
                Ok(claim) => launch.serve(&args, claim, None, routes),
                Err(failure) => failure.end(&launch, &policy),
            }
        }
    })
}

/// The last good port of `app`; `None` also if its assignment cannot be read, which the launcher
/// repairs.
fn last_good(folders: &Folders, app: &AppName) -> Option<Port> {
    let assignment = Assignment::load(&folders.assignment(app)).ok()?;
    assignment.last_good.map(|good| good.port)
}

/// Begins a launch without a launcher, and records its start.
fn own_launch(
    args: &Args,
    folders: Folders,
    info: LaunchInfo,
    argv: &[OsString],
    began: Instant,
) -> ServerLaunch {
    let last_good = info.last_good;
    let launch = ServerLaunch::new(args, folders, info, None, began);
    let argv = masked(argv.iter().map(|argument| argument.to_string_lossy().into_owned()));
    launch.history.record(&Event::LaunchStarted { argv, last_good, home_port: None });
    launch
}

/// Why the port that was asked for could not be claimed.
#[derive(Debug, thiserror::Error)]
enum ClaimFailure {
    #[error("{}", .0.sentence())]
    Conflict(Box<Conflict>),
    /// The system refused the claim for another reason.
    #[error("{source}: {}", .source.source)]
    System { port: Port, source: ClaimError },
    /// The host does not have the address of `--bind`.
    #[error("{}", message!("server.no_address", ip = .ip))]
    NoSuchAddress { port: Port, ip: IpAddr },
}

impl ClaimFailure {
    /// Records the failure and then prints it. Returns the code with which the program exits.
    fn end(&self, launch: &ServerLaunch, policy: &Policy) -> Exit {
        let (port, reason, exit) = match self {
            Self::Conflict(conflict) => {
                (conflict.port, EndReason::PortUnavailable, Exit::PortUnavailable)
            }
            Self::System { port, .. } => (*port, EndReason::ClaimFailed, Exit::Bug),
            Self::NoSuchAddress { port, .. } => (*port, EndReason::NoSuchAddress, Exit::Usage),
        };
        if let Self::Conflict(conflict) = self {
            launch.history.record(&Event::PortConflict(Conflict::clone(conflict)));
        }
        let failed = launch.fail(Ending {
            port: Some(port),
            reason,
            exit_code: Some(exit.code()),
            error: Some(self.to_string()),
            by: None,
        });
        match self {
            Self::Conflict(conflict) => {
                let suggestion = suggestion::find(policy);
                let stopped = stopped_process(launch, conflict);
                launch.report.port_conflict(conflict, &failed, suggestion, stopped);
            }
            _ => launch.report.failed(format_args!("{self}."), &failed),
        }
        exit
    }
}

/// The process of this app that has the port and is stopped, if it is the app that has it.
fn stopped_process(launch: &ServerLaunch, conflict: &Conflict) -> Option<u32> {
    if conflict.class != Class::OwnInstance {
        return None;
    }
    let published = Discovery::of_app(launch.folders(), &launch.info.app)
        .flat_map(|found| [Some(found.server_pid), found.launcher_pid]);
    let holder = conflict.holder.as_ref().map(|holder| holder.pid);
    published.chain(holder).flatten().find(|pid| os::is_stopped(*pid))
}

/// Claims the port that was asked for, and records the claim.
fn claim(
    launch: &ServerLaunch,
    policy: &Policy,
    port: Port,
    bind: Option<IpAddr>,
) -> Result<Claim, ClaimFailure> {
    let last_good = launch.info.last_good;
    if let Some(class) = policy.refusal(port, Origin::Explicit) {
        let conflict = Conflict::explicit(port, class, last_good == Some(port));
        return Err(ClaimFailure::Conflict(Box::new(conflict)));
    }
    let began = Instant::now();
    let claim = socket_source::claim(port, bind).map_err(|source| {
        if !source.is_conflict() {
            return ClaimFailure::System { port, source };
        }
        let (app, secret) = (launch.info.app.clone(), launch.secret.clone());
        let mut diagnostician = Diagnostician::new(app, launch.folders(), secret);
        let is_last_good = last_good == Some(port);
        let conflict = diagnostician.explicit_conflict(port, &source, is_last_good, began);
        ClaimFailure::Conflict(Box::new(conflict))
    })?;
    let is_missing = |ip: &IpAddr| !claim.addresses().iter().any(|address| address.ip() == *ip);
    if let Some(ip) = bind.filter(is_missing) {
        return Err(ClaimFailure::NoSuchAddress { port, ip });
    }
    launch.history.record(&claimed(launch, &claim, began.elapsed()));
    Ok(claim)
}

fn claimed(launch: &ServerLaunch, claim: &Claim, elapsed: Duration) -> Event {
    Event::PortClaimed {
        port: claim.port(),
        origin: launch.info.origin,
        addresses: claim.addresses(),
        tried: 1,
        elapsed,
    }
}
