//! An application that holds its sockets and does not serve yet.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use actix_files::{Files, PathBufWrap};
use actix_web::{
    App, HttpServer,
    dev::{Server, Url},
    guard::{GuardContext, fn_guard},
    middleware::{Condition, from_fn},
    web,
};
use shared::{claim::Claim, history::Cancellation, port::Port};
use slog::Logger;
use tokio::sync::Semaphore;

use super::{
    running::{ACTIX_PATIENCE, RunningApplication},
    settings::ApplicationSettings,
    worker_barrier::WorkerBarrier,
};
use crate::{
    auth::access::Access,
    os::{accept_monitor::AcceptMonitor, descriptors},
    web::{
        access_log::{self, access_log},
        app_state::{AppState, Serving},
        connections::{Connections, close_on_response},
        guard::{AllowedHosts, guard},
        metrics::{Metrics, measured},
        redirect::redirect,
        redirect_target::RedirectTarget,
        routes::{self, api::events::EventHub},
        storage::Storage,
    },
};

/// Threads that answer requests. One can be busy while the other still answers `healthz`; a local
/// tool has no use for more.
const WORKERS: usize = 2;

/// How long a client may take to send the head of its first request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept for a next request: longer than a person reads a page, so that the
/// next click finds an open connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many connections all workers take, if the process may have as many files; further ones wait in
/// the kernel's queue until one is closed. A client that is silent keeps its place for
/// [`REQUEST_TIMEOUT`]: there are enough places that some thousands of them hold up no other.
const MAX_CONNECTIONS: usize = 8192;

/// How many files the server needs besides its connections, with those of a site among them.
const OTHER_FILES: usize = 256;

/// An application that holds its sockets. It answers requests once it is [started](Self::start);
/// dropping it closes the sockets.
pub struct BoundApplication {
    server: Server,
    state: web::Data<AppState>,
    connections: Connections,
    accept_monitor: AcceptMonitor,
    barrier: WorkerBarrier,
    hub: EventHub,
}

impl BoundApplication {
    /// Makes an application of sockets that are already ours. `routes` registers the routes of the
    /// app, once for each worker and listener; every path but `/_homeport/` is the app's own.
    ///
    /// A program that is to be kept by the launcher, with the command line of `server`, need not call
    /// this: `server::process::run::with_routes` does, as `examples/notes.rs` shows.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] if the sockets are not on the launch's port; otherwise the
    /// error with which the system refuses the sockets.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_web::web;
    /// use server::web::application::{ApplicationSettings, BoundApplication};
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let sockets = shared::claim::any().expect("some port");
    /// let settings = ApplicationSettings::new("notes".parse().expect("a name"), sockets.port());
    /// let bound = BoundApplication::new(sockets, settings, |routes| {
    ///     routes.route("/", web::get().to(|| async { "hello" }));
    /// })?;
    /// let running = bound.start().await?;
    /// println!("{}", running.url());
    /// # running.stop(std::time::Duration::ZERO).await;
    /// # std::io::Result::Ok(()) }).expect("it runs");
    /// ```
    pub fn new<F>(sockets: Claim, settings: ApplicationSettings, routes: F) -> io::Result<Self>
    where
        F: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (launch, sockets_port) = (&settings.launch, sockets.port());
        if launch.port != sockets_port {
            let problem =
                format!("the launch is on port {}, the sockets are on {sockets_port}", launch.port);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let hosts = AllowedHosts::new(sockets_port, &sockets.addresses());
        let history = settings.files.as_ref().map(|files| files.folders.history());
        let tickets = settings.files.as_ref().map(|files| files.folders.tickets(&launch.app));
        let metrics = Metrics::new(&launch.app, history).map_err(io::Error::other)?;
        let metrics = web::Data::new(metrics);
        let access =
            Access::new(settings.token, &settings.launch, tickets, settings.logger.clone());
        let access = match settings.has_own_pages || settings.root.is_some() {
            true => access.without_browsers(),
            false => access,
        };
        let (root, logger) = (settings.root, settings.logger);
        let connections = Connections::default();
        let hub = EventHub::default();
        let events = web::Data::new(hub.clone());
        let redirect_target = RedirectTarget::new(sockets_port, connections.clone());
        let state = web::Data::new(AppState {
            serving: Serving::new(sockets.addresses()),
            redirect_target: Arc::new(redirect_target),
            secret: settings.secret,
            access,
            storage: Storage::new(settings.files, &settings.launch),
            launch: settings.launch,
            requests: settings.requests,
            port_checks: Arc::new(Semaphore::new(1)),
            long_reads: Cancellation::default(),
        });
        let (shared_state, drained) = (state.clone(), connections.clone());
        let is_logged = access_log::is_wanted(&logger);
        let barrier = WorkerBarrier::default();
        let joined = barrier.clone();
        let factory = move || {
            joined.join();
            let (hosts, logger) = (Rc::new(hosts.clone()), Rc::new(logger.clone()));
            let (state, drained) = (shared_state.clone(), drained.clone());
            let requests = metrics.requests();
            App::new()
                .app_data(shared_state.clone())
                .app_data(events.clone())
                .app_data(metrics.clone())
                .app_data(web::Data::new(Logger::clone(&logger)))
                .default_service(web::to(routes::nothing_here))
                .configure(routes::register)
                .configure(routes.clone())
                .configure(|config| {
                    if let Some(root) = &root {
                        config.service(site(root));
                        config.default_service(web::to(routes::not_found));
                    }
                })
                .wrap(from_fn(move |request, next| redirect(state.clone(), request, next)))
                .wrap(from_fn(move |request, next| guard(Rc::clone(&hosts), request, next)))
                .wrap(from_fn(move |request, next| {
                    close_on_response(drained.clone(), request, next)
                }))
                .wrap(Condition::new(
                    is_logged,
                    from_fn(move |request, next| access_log(Rc::clone(&logger), request, next)),
                ))
                .wrap(from_fn(move |request, next| measured(requests.clone(), request, next)))
        };
        let counted = connections.clone();
        let server = HttpServer::new(factory)
            .on_connect(move |_, data| {
                data.insert(counted.open());
            })
            .workers(WORKERS)
            .max_connections(connections_of_a_worker(descriptors::limit()))
            .client_request_timeout(REQUEST_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            // A file is sent as a head and a body. The body would wait until the client acknowledges
            // the head, which a client delays by 40 ms.
            .tcp_nodelay(true)
            .shutdown_timeout(ACTIX_PATIENCE)
            .disable_signals();
        let listeners = sockets.into_listeners();
        let accept_monitor = AcceptMonitor::new(&listeners);
        let server = listeners.into_iter().try_fold(server, HttpServer::listen)?;
        Ok(Self { server: server.run(), state, connections, accept_monitor, barrier, hub })
    }

    /// The port of the sockets.
    pub fn port(&self) -> Port {
        self.state.launch.port
    }

    /// Every address that listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.state.serving.addresses
    }

    /// The target of redirects, which the program sets when the app has moved.
    pub fn redirect_target(&self) -> Arc<RedirectTarget> {
        Arc::clone(&self.state.redirect_target)
    }

    /// Starts the workers. When this returns, they serve.
    ///
    /// # Errors
    ///
    /// The error with which a worker could not be started.
    pub async fn start(mut self) -> io::Result<RunningApplication> {
        // The server's first step is to start all of its threads and to wait for them.
        let first = poll_fn(|context| Poll::Ready(Pin::new(&mut self.server).poll(context))).await;
        if let Poll::Ready(ended) = first {
            return Err(ended
                .err()
                .unwrap_or_else(|| io::Error::other("the server ended at once")));
        }
        let Self { server, state, connections, accept_monitor, barrier, hub } = self;
        state.serving.set_ready(true);
        Ok(RunningApplication { server, state, connections, accept_monitor, barrier, hub })
    }
}

/// What is served for a folder of a site.
const INDEX: &str = "index.html";

/// A folder as a site: its regular files, `index.html` for a folder, nothing hidden and no listings.
fn site(root: &Path) -> Files {
    let folder = root.to_owned();
    Files::new("/", root)
        .index_file(INDEX)
        .path_filter(move |path, _| is_served(&folder.join(path)))
        .redirect_to_slash_directory()
        .prefer_utf8(true)
        .guard(fn_guard(may_lead_to_file))
        .default_handler(web::to(routes::not_found))
}

/// Whether the path of a request can lead to a file of a site. It is looked at as the site does, which would refuse
/// what is hidden, and what no name of a file can be, in words of its own.
fn may_lead_to_file(context: &GuardContext<'_>) -> bool {
    let url = Url::new(context.head().uri.clone());
    PathBufWrap::parse_path(url.path(), false).is_ok()
}

/// Whether a path leads to a regular file, to a folder, or to nothing. A pipe would block the worker that
/// opens it, and a device may never end.
fn is_served(path: &Path) -> bool {
    let is_regular_or_absent = |path: &Path| path.metadata().map_or(true, |about| about.is_file());
    match path.metadata() {
        Ok(about) if about.is_dir() => is_regular_or_absent(&path.join(INDEX)),
        _ => is_regular_or_absent(path),
    }
}

/// How many connections each worker takes where this process may have `files` open.
fn connections_of_a_worker(files: Option<usize>) -> usize {
    let room = files.map_or(MAX_CONNECTIONS, |files| files.saturating_sub(OTHER_FILES));
    room.clamp(WORKERS, MAX_CONNECTIONS) / WORKERS
}

#[cfg(test)]
mod test {
    use shared::app::AppName;

    use super::*;

    #[test]
    fn sockets_on_another_port_than_the_launch_are_refused() {
        let (one, other) = (shared::claim::any(), shared::claim::any());
        let (sockets, other) = (one.expect("some port"), other.expect("some port"));
        let settings = ApplicationSettings::new(AppName::default(), other.port());
        let error = BoundApplication::new(sockets, settings, |_| {}).err().expect("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
