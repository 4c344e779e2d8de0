//! One run of the server on its sockets, from the first record to the last.
//!
//! Under a launcher the launch belongs to the launcher, which writes most of its records and sends
//! messages to the server. Otherwise the launch is the server's own: it records the beginning and the
//! end, and checks once through `127.0.0.1` whether it is ready.

use std::{
    convert::Infallible,
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    process,
    time::{Duration, Instant},
};

use actix_rt::{System, SystemRunner, task::spawn_blocking};
use actix_web::web::ServiceConfig;
use shared::{
    claim::{Claim, LOOPBACKS},
    discovery::Discovery,
    event::{EndReason, Ending, Event, Process, ServerAt, ServerReady},
    exit::Exit,
    handover::{Adoption, ToLauncher},
    history::{Author, Writer},
    identity::Secret,
    launch::LaunchInfo,
    logging::{self, Diagnostics, Mode},
    message, next_command,
    paths::Folders,
    port::Port,
    token::Token,
};
use slog::{Logger, warn};
use tokio::{
    select,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use crate::{
    process::{
        args::Args,
        handover::{self, LauncherMessage},
        report::{self, ReadyServer, TerminalReport},
        run_files::ServerRunFiles,
        shutdown::{Shutdown, StopRequest},
    },
    web::{
        application::{ApplicationSettings, BoundApplication, RunningApplication},
        launcher_requests::LauncherRequests,
        storage::AppFiles,
    },
};

/// How long the server may take to answer its own check. It has just started its workers, so even a
/// very busy machine needs a fraction of this.
const SELF_CHECK: Duration = Duration::from_secs(2);

/// One run of the server.
pub struct ServerLaunch {
    /// When the process began.
    pub began: Instant,
    /// The launch. Without a launcher it is our own, and has the length of this run.
    pub info: LaunchInfo,
    /// Proves whose server it is.
    pub secret: Secret,
    /// The port history.
    pub history: Writer,
    /// Prints to stdout and stderr.
    pub report: TerminalReport,
    /// The launcher's; `None` without a launcher, or with one of version 0.1.
    token: Option<Token>,
    folders: Folders,
    diagnostics: Diagnostics,
}

impl ServerLaunch {
    /// Opens the history and the diagnostics. An error loses records or the proof of identity, and does
    /// not fail the launch.
    ///
    /// Secret and token come with the `adoption`; without a launcher the secret is read from its file.
    pub fn new(
        args: &Args,
        folders: Folders,
        info: LaunchInfo,
        adoption: Option<&Adoption>,
        began: Instant,
    ) -> Self {
        let (launch_id, level) = (info.launch_id, args.log.into());
        let author = Author { app: &info.app, process: Process::Server, launch_id };
        let read = || Secret::load_or_create(&folders.secret()).map(|(secret, _)| secret);
        let history = Writer::new(&folders, &author);
        let diagnostics = logging::open(&folders, &author, "server.jsonl", level, Mode::Async);
        history.report_losses_to(diagnostics.logger());
        if adoption.is_some() {
            history.leave_first_failure_to_launcher();
        }
        let secret = adoption.map_or_else(read, |adoption| Ok(adoption.secret.clone()));
        Self {
            began,
            secret: or_random(secret, &message!("server.secret"), Secret::random),
            history,
            report: TerminalReport {
                json: args.json,
                app: args.app.clone(),
                options: args.typed_options(),
            },
            diagnostics,
            info,
            token: adoption.and_then(|adoption| adoption.token.clone()),
            folders,
        }
    }

    /// The folders of the app.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    fn logger(&self) -> &Logger {
        self.diagnostics.logger()
    }

    /// Records that the launch failed, if it is ours, and returns the record.
    pub fn fail(&self, ending: Ending) -> Event {
        let failed = Event::LaunchFailed(ending);
        if !self.info.is_supervised() {
            self.history.record(&failed);
        }
        failed
    }

    /// Serves on `claim` until the end, with the routes of the app.
    pub fn serve<F>(
        &self,
        args: &Args,
        claim: Claim,
        messages: Option<UnboundedReceiver<LauncherMessage>>,
        routes: Option<F>,
    ) -> Exit
    where
        F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let port = claim.port();
        let run = self.run(args, claim, messages, routes);
        let ended = runtime().and_then(|system| system.block_on(run));
        let (ending, error) = match ended {
            Ok(stop) => (Ending::of(port, stop.reason).asked(stop.by), None),
            Err(error) => (Ending::of(port, EndReason::ServerFailed), Some(error.to_string())),
        };
        let end = |exit: Exit, error: Option<String>| Ending {
            exit_code: Some(exit.code()),
            error,
            ..ending.clone()
        };
        // A launcher that still runs holds the port for the next server.
        if !self.info.is_supervised() || ending.reason == EndReason::LauncherGone {
            self.history.record(&Event::PortReleased(ending.clone()));
        }
        match error {
            None if self.info.is_supervised() => Exit::Done,
            None => {
                self.history.record(&Event::LaunchStopped(end(Exit::Done, None)));
                Exit::Done
            }
            Some(error) => {
                let failed = self.fail(end(Exit::Bug, Some(error.clone())));
                self.report.failed(message!("server.failed", error), &failed);
                Exit::Bug
            }
        }
    }

    async fn run<F>(
        &self,
        args: &Args,
        claim: Claim,
        messages: Option<UnboundedReceiver<LauncherMessage>>,
        routes: Option<F>,
    ) -> io::Result<StopRequest>
    where
        F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let (sender, requests) = unbounded_channel();
        let mut files = self.run_files();
        match files.as_mut().map(ServerRunFiles::write) {
            Some(Err(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                let app = &self.info.app;
                let command = next_command::launcher("where", app);
                report::warning(message!("server.beside", app, command));
            }
            Some(Err(error)) => not_kept(&message!("server.token"), &error),
            Some(Ok(())) | None => {}
        }
        let settings = ApplicationSettings {
            has_own_pages: routes.is_some(),
            ..self.settings(args, LauncherRequests::new(sender), files.as_ref())
        };
        let app = BoundApplication::new(claim, settings, move |config| {
            if let Some(routes) = &routes {
                routes(config);
            }
        })?;
        let (history, logger) = (self.history.clone(), self.logger().clone());
        let mut shutdown =
            Shutdown::new(messages, requests, app.redirect_target(), history, logger)?;
        let at = self.server_at(app.port(), app.addresses());
        self.history.record(&Event::ServerListening(at.clone()));
        exposure(&at).iter().for_each(|event| self.history.record(event));
        let mut app = app.start().await?;
        if self.info.is_supervised() {
            handover::send(&ToLauncher::Ready);
        } else {
            select! {
                () = self.check(&app, args, files.as_mut()) => {}
                stop = shutdown.next() => {
                    shutdown.graceful_shutdown(app, stop).await;
                    return Ok(stop);
                }
            }
        }
        let stop = select! {
            ended = app.serve() => {
                return ended.and(Err(io::Error::other("it ended without being asked to")));
            }
            stop = shutdown.next() => stop,
            never = keep(files.as_mut()) => match never {},
        };
        shutdown.graceful_shutdown(app, stop).await;
        Ok(stop)
    }

    /// Sends one request to this server, as a browser would, and records and prints whether it is ready.
    async fn check(
        &self,
        app: &RunningApplication,
        args: &Args,
        files: Option<&mut ServerRunFiles<'_>>,
    ) {
        let (secret, port) = (self.secret.clone(), app.port());
        let answer = spawn_blocking(move || secret.probe(port, SELF_CHECK)).await;
        let problem = match answer {
            Ok(Ok(identity)) if identity.launch_id == self.info.launch_id => None,
            Ok(Ok(_)) => Some(message!("server.another_answers")),
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            warn!(self.logger(), "self-check failed"; shared::keys::ERROR => &problem);
            report::warning(message!("server.not_here", url = app.url(), problem));
            return;
        }
        let at = self.server_at(app.port(), app.addresses());
        self.history.record(&Event::ServerReady(ServerReady { at: at.clone(), since_spawn: None }));
        if let Some(files) = files {
            let discovery = Discovery::new(&self.info, at.server_pid, at.addresses.clone());
            if let Err(error) = files.publish(discovery) {
                report::warning(format_args!("{} ({error})", message!("warning.not_found")));
            }
        }
        let beyond = args.bind.filter(|ip| !ip.is_loopback());
        if let Some(ip) = beyond {
            report::warning(exposed(ip, app.port(), args.root.as_deref()));
        }
        let bind = args.bind.filter(|ip| !LOOPBACKS.contains(ip));
        self.report.ready(&ReadyServer { launch: &self.info, bind, at: &at });
    }

    fn settings(
        &self,
        args: &Args,
        requests: LauncherRequests,
        files: Option<&ServerRunFiles<'_>>,
    ) -> ApplicationSettings {
        ApplicationSettings {
            launch: self.info.clone(),
            root: args.root.clone(),
            has_own_pages: false,
            secret: self.secret.clone(),
            token: self.token.clone().unwrap_or_else(|| self.own_token(files)),
            files: Some(AppFiles { folders: self.folders.clone(), history: self.history.clone() }),
            requests,
            logger: self.logger().clone(),
        }
    }

    /// The files of a server without a launcher; `None` if there is one, which keeps them itself.
    fn run_files(&self) -> Option<ServerRunFiles<'_>> {
        let is_alone = !self.info.is_supervised();
        is_alone.then(|| ServerRunFiles::new(&self.folders, &self.info, &self.secret))
    }

    /// The token of a server that was passed none: its own, or under a launcher of version 0.1, which leaves
    /// it to its servers, the one of the file.
    fn own_token(&self, files: Option<&ServerRunFiles<'_>>) -> Token {
        if self.info.is_supervised() {
            let file = self.folders.token(&self.info.app);
            return or_random(
                Token::load_or_create(&file),
                &message!("server.token"),
                Token::random,
            );
        }
        files.map_or_else(Token::random, |files| files.token.clone())
    }

    fn server_at(&self, port: Port, addresses: &[SocketAddr]) -> ServerAt {
        ServerAt {
            server_pid: process::id(),
            port,
            addresses: addresses.to_vec(),
            elapsed: self.began.elapsed(),
        }
    }
}

/// Keeps the files of a server without a launcher, for as long as this is polled.
async fn keep(files: Option<&mut ServerRunFiles<'_>>) -> Infallible {
    match files {
        Some(files) => files.keep().await,
        None => pending().await,
    }
}

/// The event of a server that other computers can reach.
fn exposure(at: &ServerAt) -> Option<Event> {
    let ServerAt { port, server_pid, .. } = *at;
    let is_reachable = |address: &&SocketAddr| !address.ip().is_loopback();
    let addresses: Vec<_> = at.addresses.iter().filter(is_reachable).copied().collect();
    (!addresses.is_empty()).then_some(Event::PortExposed { port, addresses, server_pid })
}

/// The warning about what other computers can do from now on.
fn exposed(ip: IpAddr, port: Port, root: Option<&Path>) -> String {
    let place = match ip.is_unspecified() {
        true => message!("server.exposed_everywhere", port),
        false => message!("server.exposed_at", address = SocketAddr::new(ip, port.get())),
    };
    let content = match root {
        Some(root) => message!("server.exposed_files", folder = root.display()),
        None => message!("server.exposed_app"),
    };
    message!("server.exposed", ip, place, content)
}

/// The runtime of the main thread. [`System::new`] would panic where the host is out of files.
fn runtime() -> io::Result<SystemRunner> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(System::with_tokio_rt(|| tokio))
}

/// The value that was read, or a random one for this run, with a warning.
fn or_random<T>(found: io::Result<T>, what: &str, random: impl FnOnce() -> T) -> T {
    found.unwrap_or_else(|error| {
        not_kept(what, &error);
        random()
    })
}

fn not_kept(what: &str, error: &io::Error) {
    report::warning(message!("server.not_kept", what, error));
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn what_other_computers_can_reach_is_recorded_and_nothing_else() {
        let port = Port::new(17000).expect("not 0");
        let exposed = |ips: &[&str]| {
            let address = |ip: &&str| SocketAddr::new(ip.parse().expect("an address"), 17000);
            let addresses: Vec<_> = ips.iter().map(address).collect();
            exposure(&ServerAt { server_pid: 7, port, addresses, elapsed: Duration::ZERO })
        };
        assert_eq!(exposed(&["127.0.0.1", "::1"]), None);
        for ip in ["10.83.0.1", "0.0.0.0", "::"] {
            let addresses = vec![SocketAddr::new(ip.parse().expect("an address"), 17000)];
            let event = Event::PortExposed { port, addresses, server_pid: 7 };
            assert_eq!(exposed(&["127.0.0.1", ip, "::1"]), Some(event), "{ip}");
        }
    }
}
