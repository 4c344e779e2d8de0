//! The application: sockets in, a running server out.
//!
//! [`Application`] is what the binary runs and what an actix-web developer builds on: everything of
//! ours lives under `/_homeport/`, and the rest of the URLs belong to the app.

mod worker_barrier;
mod stop;

use std::{
    future::{Future, pending, poll_fn},
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use actix_files::Files;
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::{Condition, from_fn},
    web,
};
use shared::{app::AppName, claim::Claim, identity::Secret, launch::LaunchInfo, port::Port};
use slog::{Discard, Logger, o};
use tokio::{
    select,
    sync::{Semaphore, mpsc::UnboundedReceiver},
};

use self::worker_barrier::Roll;
use crate::{
    auth::access::{Access, Token},
    os::accept_monitor::Doors,
    web::{
        access_log::{self, access_log},
        app_state::{AppState, Auth, Serving},
        connections::{Connections, farewell},
        guard::{Names, guard},
        launcher_requests::{LauncherRequests, Wish},
        metrics::{Metrics, measured},
        redirect::{Moved, moved},
        routes::{self, api::events::Hub},
        storage::{AppFiles, Storage},
    },
};

/// Threads that answer requests. One can be busy while the other still says that it lives; a local
/// tool has no use for more.
const WORKERS: usize = 2;

/// How long a client may take to send the head of its first request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept for a next request: longer than a person reads a page, so that the
/// next click meets an open connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many connections each worker takes; whoever comes then waits in the kernel's queue until one
/// is closed. Twice as many as make a crowd (see [`connections`](crate::web::connections)), and with the
/// other worker's half of the files that systems allow a process by default.
const CONNECTIONS: usize = 256;

/// What an application is made of, besides its sockets and its routes.
#[derive(Clone)]
pub struct Settings {
    /// The launch that the server belongs to, on the port of the sockets.
    pub launch: LaunchInfo,
    /// A folder that is served as the site, if one is.
    pub root: Option<PathBuf>,
    /// What proves whose server it is.
    pub secret: Secret,
    /// What lets one in.
    pub token: Token,
    /// Where the app's files are. Without them there is no history to show and nothing to set.
    pub files: Option<AppFiles>,
    /// Where diagnostics and the access log go.
    pub logger: Logger,
}

impl Settings {
    /// A launch of its own on `port`, with a random secret and token, without files, and without a
    /// log. Change the members that differ.
    pub fn new(app: AppName, port: Port) -> Self {
        Self {
            launch: LaunchInfo::new(app, port),
            root: None,
            secret: Secret::random(),
            token: Token::random(),
            files: None,
            logger: Logger::root(Discard, o!()),
        }
    }
}

/// A server that holds its sockets. It answers once it is [started](Self::start), and dropping it
/// closes them.
pub struct Application {
    server: Server,
    state: web::Data<AppState>,
    connections: Connections,
    doors: Doors,
    roll: Roll,
    hub: Hub,
    wishes: Option<UnboundedReceiver<Wish>>,
}

impl Application {
    /// Makes a server of sockets that are already ours. `routes` registers what the app answers,
    /// once for each worker and listener; anything but `/_homeport/` is its own.
    ///
    /// A program that is to be kept by the launcher, with the command line of `server`, need not call
    /// this: [`run::with_routes`](crate::process::run::with_routes) does, as `examples/notes.rs` shows.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] if the sockets are not on the launch's port; otherwise whatever
    /// the system refuses the sockets with.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_web::web;
    /// use server::app::{Application, Settings};
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let sockets = shared::claim::any().expect("some port");
    /// let settings = Settings::new("notes".parse().expect("a name"), sockets.port());
    /// let mut app = Application::build(sockets, settings, |routes| {
    ///     routes.route("/", web::get().to(|| async { "hello" }));
    /// })?;
    /// app.start().await?;
    /// println!("{}", app.url());
    /// # app.stop(std::time::Duration::ZERO).await;
    /// # std::io::Result::Ok(()) }).expect("it runs");
    /// ```
    pub fn build<F>(sockets: Claim, settings: Settings, routes: F) -> io::Result<Self>
    where
        F: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (launch, sockets_port) = (&settings.launch, sockets.port());
        if launch.port != sockets_port {
            let problem =
                format!("the launch is on port {}, the sockets are on {sockets_port}", launch.port);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let names = Names::new(sockets_port, &sockets.addresses());
        let history = settings.files.as_ref().map(|files| files.folders.history());
        let metrics = Metrics::new(&launch.app, history).map_err(io::Error::other)?;
        let metrics = web::Data::new(metrics);
        let (root, logger) = (settings.root, settings.logger);
        let connections = Connections::default();
        let hub = Hub::default();
        let events = web::Data::new(hub.clone());
        let access = web::Data::new(Access::new(logger.clone()));
        let (requests, wishes) = LauncherRequests::new();
        let moved_to = Moved::not_yet(sockets_port, connections.clone());
        let state = web::Data::new(AppState {
            serving: Serving::new(sockets.addresses(), moved_to),
            auth: Auth { secret: settings.secret, token: settings.token },
            storage: Storage::new(settings.files, &settings.launch),
            launch: settings.launch,
            requests,
            port_checks: Arc::new(Semaphore::new(1)),
        });
        let (shared_state, dismissed) = (state.clone(), connections.clone());
        let is_logged = access_log::is_wanted(&logger);
        let roll = Roll::default();
        let joined = roll.clone();
        let factory = move || {
            joined.join();
            let (names, logger) = (Rc::new(names.clone()), Rc::new(logger.clone()));
            let (state, dismissed) = (shared_state.clone(), dismissed.clone());
            let requests = metrics.requests();
            App::new()
                .app_data(shared_state.clone())
                .app_data(access.clone())
                .app_data(events.clone())
                .app_data(metrics.clone())
                .app_data(web::Data::new(Logger::clone(&logger)))
                .default_service(web::to(routes::nothing_here))
                .configure(routes::register)
                .configure(routes.clone())
                .configure(|config| {
                    if let Some(root) = &root {
                        config.service(site(root));
                    }
                })
                .wrap(from_fn(move |request, next| moved(state.clone(), request, next)))
                .wrap(from_fn(move |request, next| guard(Rc::clone(&names), request, next)))
                .wrap(from_fn(move |request, next| farewell(dismissed.clone(), request, next)))
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
            .max_connections(CONNECTIONS)
            .client_request_timeout(REQUEST_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            // A file is sent as a head and a body. The second would wait until the client confirms
            // the first, which a client puts off for 40 ms.
            .tcp_nodelay(true)
            .shutdown_timeout(stop::ACTIX_PATIENCE)
            .disable_signals();
        let listeners = sockets.into_listeners();
        let doors = Doors::of(&listeners);
        let server = listeners.into_iter().try_fold(server, HttpServer::listen)?;
        let (server, wishes) = (server.run(), Some(wishes));
        Ok(Self { server, state, connections, doors, roll, hub, wishes })
    }

    /// The port.
    pub fn port(&self) -> Port {
        self.state.launch.port
    }

    /// The address for a browser.
    pub fn url(&self) -> String {
        self.state.launch.url()
    }

    /// Every address that listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.state.serving.addresses
    }

    /// What leads every request elsewhere once the app has moved.
    pub fn moved(&self) -> Arc<Moved> {
        Arc::clone(&self.state.serving.moved)
    }

    /// What people ask for in the browser, for whoever runs this to fulfil; `None` if it was taken.
    pub fn wishes(&mut self) -> Option<UnboundedReceiver<Wish>> {
        self.wishes.take()
    }

    /// Starts the workers. When this returns, they serve.
    ///
    /// # Errors
    ///
    /// Whatever a worker could not be started for.
    pub async fn start(&mut self) -> io::Result<()> {
        // The server's first step is to start all of its threads and to wait for them.
        let first = poll_fn(|context| Poll::Ready(Pin::new(&mut self.server).poll(context))).await;
        match first {
            Poll::Ready(ended) => ended.and(Err(io::Error::other("the server ended at once"))),
            Poll::Pending => {
                self.state.serving.set_ready(true);
                Ok(())
            }
        }
    }

    /// Serves. This returns if the server fails, or if a person asks for its end and nobody else has
    /// taken the [`wishes`](Self::wishes).
    ///
    /// # Errors
    ///
    /// Whatever it failed with.
    pub async fn serve(&mut self) -> io::Result<()> {
        select! {
            ended = &mut self.server => ended,
            () = asked_to_stop(&mut self.wishes) => Ok(()),
        }
    }
}

/// Waits until somebody asks for the end; for ever, if it is for others to hear that.
async fn asked_to_stop(wishes: &mut Option<UnboundedReceiver<Wish>>) {
    let Some(wishes) = wishes else { return pending().await };
    while let Some(wish) = wishes.recv().await {
        if matches!(wish, Wish::Stop { .. }) {
            return;
        }
    }
    pending::<()>().await;
}

/// A folder as a site: its files, `index.html` for a folder, nothing hidden and no listings.
fn site(root: &std::path::Path) -> Files {
    Files::new("/", root)
        .index_file("index.html")
        .redirect_to_slash_directory()
        .prefer_utf8(true)
        .default_handler(web::to(routes::not_found))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn sockets_on_another_port_than_the_launch_are_refused() {
        let (one, other) = (shared::claim::any(), shared::claim::any());
        let (sockets, other) = (one.expect("some port"), other.expect("some port"));
        let settings = Settings::new(AppName::default(), other.port());
        let error = Application::build(sockets, settings, |_| {}).err().expect("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
