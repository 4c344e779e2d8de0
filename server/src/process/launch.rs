//! One run of the server, from what was typed to its end.
//!
//! Under a launcher the launch is the launcher's, which writes most of its records and is obeyed.
//! Otherwise it is the server's own: it begins and ends it, and asks itself once through `127.0.0.1`
//! whether it is ready.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    process,
    time::{Duration, Instant},
};

use actix_rt::{System, SystemRunner, task::spawn_blocking};
use actix_web::web::ServiceConfig;
use shared::{
    claim::Claim,
    event::{EndReason, Ending, Event, Process, ServerAt, ServerReady},
    exit::Exit,
    handover::ToLauncher,
    history::{Author, Writer},
    identity::Secret,
    launch::LaunchInfo,
    logging::{self, Diagnostics, Mode},
    paths::Folders,
    port::Port,
};
use slog::{Logger, warn};
use tokio::{select, sync::mpsc::UnboundedReceiver};

use crate::{
    auth::access::Token,
    process::{
        args::Args,
        handover::{self, Order},
        report::{self, Ready, Report},
        shutdown::{Life, Stop},
    },
    web::{
        application::{Application, Settings},
        storage::AppFiles,
    },
};

/// How long the server may take to answer itself. It has just started its workers, so even a very
/// busy machine needs a fraction of this.
const SELF_CHECK: Duration = Duration::from_secs(2);

/// What is true of the whole run.
pub struct Launch {
    /// When the process began.
    pub began: Instant,
    /// The launch. Without a launcher it is our own: this run begins it and ends it.
    pub info: LaunchInfo,
    /// What proves whose server it is.
    pub secret: Secret,
    /// The port history.
    pub history: Writer,
    /// What is told on stdout and stderr.
    pub report: Report,
    folders: Folders,
    diagnostics: Diagnostics,
}

impl Launch {
    /// Opens the history and the diagnostics. What cannot be read or written costs the record or the
    /// proof of identity, not the launch.
    ///
    /// The `secret` comes from the launcher, which knows that of this user; without one it is read.
    pub fn new(
        args: &Args,
        folders: Folders,
        info: LaunchInfo,
        secret: Option<Secret>,
        began: Instant,
    ) -> Self {
        let (launch_id, level) = (info.launch_id, args.log.into());
        let author = Author { app: &info.app, process: Process::Server, launch_id };
        let read = || Secret::load_or_create(&folders.secret()).map(|(secret, _)| secret);
        let secret = secret.map_or_else(read, Ok);
        Self {
            began,
            secret: or_random(
                secret,
                "the secret that proves whose server this is",
                Secret::random,
            ),
            history: Writer::open(&folders, &author),
            report: Report { json: args.json, app: args.app.clone() },
            diagnostics: logging::open(&folders, &author, "server.jsonl", level, Mode::Async),
            info,
            folders,
        }
    }

    /// Where everything is kept.
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

    /// Serves on `claim` until the end, with these routes of the app's own.
    pub fn serve<F>(
        &self,
        args: &Args,
        claim: Claim,
        orders: Option<UnboundedReceiver<Order>>,
        routes: F,
    ) -> Exit
    where
        F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let port = claim.port();
        let app = || Application::build(claim, self.settings(args), routes);
        let ended = runtime()
            .and_then(|system| system.block_on(async { self.run(args, app()?, orders).await }));
        let (ending, error) = match ended {
            Ok(stop) => (Ending::of(port, stop.reason).asked(stop.by), None),
            Err(error) => (Ending::of(port, EndReason::ServerFailed), Some(error.to_string())),
        };
        let end = |exit: Exit, error: Option<String>| Ending {
            exit_code: Some(exit.code()),
            error,
            ..ending.clone()
        };
        // A launcher that is still there holds the port for the next server.
        if !self.info.is_supervised() || ending.reason == Stop::LAUNCHER_GONE {
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
                self.report.failed(format_args!("the server failed: {error}."), &failed);
                Exit::Bug
            }
        }
    }

    async fn run(
        &self,
        args: &Args,
        mut app: Application,
        orders: Option<UnboundedReceiver<Order>>,
    ) -> io::Result<Stop> {
        let wishes = app.wishes();
        let mut life = Life::new(orders, wishes, app.moved(), self.logger().clone())?;
        let at = self.whereabouts(&app);
        self.history.record(&Event::ServerListening(at.clone()));
        exposure(&at).iter().for_each(|event| self.history.record(event));
        app.start().await?;
        if self.info.is_supervised() {
            handover::say(&ToLauncher::Ready);
        } else {
            select! {
                () = self.check(&app, args) => {}
                stop = life.next() => { life.wind_down(app, stop).await; return Ok(stop) }
            }
        }
        let stop = select! {
            ended = app.serve() => {
                return ended.and(Err(io::Error::other("it ended without being asked to")));
            }
            stop = life.next() => stop,
        };
        life.wind_down(app, stop).await;
        Ok(stop)
    }

    /// Asks ourselves once, as a browser would, and tells what came of it.
    async fn check(&self, app: &Application, args: &Args) {
        let (secret, port) = (self.secret.clone(), app.port());
        let answer = spawn_blocking(move || secret.probe(port, SELF_CHECK)).await;
        let problem = match answer {
            Ok(Ok(identity)) if identity.launch_id == self.info.launch_id => None,
            Ok(Ok(_)) => Some("another server of this user answers there".to_owned()),
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            warn!(self.logger(), "self-check failed"; shared::keys::ERROR => &problem);
            report::warning(format_args!("{} does not lead here: {problem}.", app.url()));
            return;
        }
        let at = self.whereabouts(app);
        self.history.record(&Event::ServerReady(ServerReady { at: at.clone(), since_spawn: None }));
        let beyond = args.bind.filter(|ip| !ip.is_loopback());
        if let Some(ip) = beyond {
            report::warning(exposed(ip, app.port(), args.root.as_deref()));
        }
        self.report.ready(&Ready { launch: &self.info, beyond, at: &at });
    }

    fn settings(&self, args: &Args) -> Settings {
        let token = Token::load_or_create(&self.folders.token(&self.info.app));
        Settings {
            launch: self.info.clone(),
            root: args.root.clone(),
            secret: self.secret.clone(),
            token: or_random(token, "the token", Token::random),
            files: Some(AppFiles { folders: self.folders.clone(), history: self.history.clone() }),
            logger: self.logger().clone(),
        }
    }

    fn whereabouts(&self, app: &Application) -> ServerAt {
        ServerAt {
            server_pid: process::id(),
            port: app.port(),
            addresses: app.addresses().to_vec(),
            elapsed: self.began.elapsed(),
        }
    }
}

/// What is recorded of a server that other computers can reach.
fn exposure(at: &ServerAt) -> Option<Event> {
    let ServerAt { port, server_pid, .. } = *at;
    let is_reachable = |address: &&SocketAddr| !address.ip().is_loopback();
    let addresses: Vec<_> = at.addresses.iter().filter(is_reachable).copied().collect();
    (!addresses.is_empty()).then_some(Event::PortExposed { port, addresses, server_pid })
}

/// What other computers can do from now on.
fn exposed(ip: IpAddr, port: Port, root: Option<&Path>) -> String {
    let whole = match ip.is_unspecified() {
        true => format!("at every address of this one, on port {port}"),
        false => format!("at http://{}/", SocketAddr::new(ip, port.get())),
    };
    let theirs = match root {
        Some(root) => format!("the files of {}", root.display()),
        None => "what the app itself serves".to_owned(),
    };
    format!(
        "--bind {ip} lets other computers open this app {whole}. They see {theirs}, and that it \
         runs. The console, status, history, settings and metrics want the token. Nothing is \
         encrypted on the way."
    )
}

/// The runtime of the main thread. [`System::new`] would panic where the host is out of files.
fn runtime() -> io::Result<SystemRunner> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(System::with_tokio_rt(|| tokio))
}

/// What was found, or one that holds for this run alone.
fn or_random<T>(found: io::Result<T>, what: &str, random: impl FnOnce() -> T) -> T {
    found.unwrap_or_else(|error| {
        report::warning(format_args!("cannot keep {what}: {error}. It holds for this run alone."));
        random()
    })
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
