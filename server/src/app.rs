//! The application: sockets in, a running server out.
//!
//! [`Application`] is what the binary runs and what an actix-web developer builds on: everything of
//! ours lives under `/_homeport/`, and the rest of the URLs belong to the app.

use std::{
    future::{Future, pending, poll_fn},
    io,
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
use jiff::Timestamp;
use shared::{app::AppName, claim::Claim, conflict::Origin, identity::Secret, port::Port};
use slog::{Discard, Logger, o};
use tokio::{
    select,
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    access_log::{self, access_log},
    connections::{Connections, farewell},
    facts::Facts,
    files::{AppFiles, HomePort},
    guard::{Names, guard},
    moved::{Moved, moved},
    routes::{self, api::events::Hub},
    story::Story,
    token::Token,
    wishes::Wish,
};

/// Threads that answer requests. One can be busy while the other still says that it lives; a local
/// tool has no use for more.
const WORKERS: usize = 2;

/// How long a client may take to send the head of its first request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept for a next request: longer than a person reads a page, so that the
/// next click meets an open connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long, after the last connection was accepted, the workers are given to take it up before they
/// are told to stop: what they have not begun by then, they would drop. Taking one up needs
/// microseconds, and nobody notices a stop that is later by this much.
const LINGER: Duration = Duration::from_millis(20);

/// How long, when the server stops, kept connections are given to ask once more and to be told that
/// this was the last answer. It begins anew with each that goes, because a busy server needs time to
/// come to all of them. Whoever asks for nothing in the meantime is idle, and is closed.
const GRACE: Duration = Duration::from_millis(250);

/// How long actix waits for requests in flight when it stops, in seconds: longer than any patience,
/// because it is for [`Application::stop`] to lose it.
const ACTIX_PATIENCE: u64 = 24 * 60 * 60;

/// What an application is made of, besides its sockets and its routes.
#[derive(Clone)]
pub struct Settings {
    /// The app.
    pub app: AppName,
    /// Why it has this port.
    pub origin: Origin,
    /// The last good port before this launch, if it is known.
    pub last_good: Option<Port>,
    /// The launch.
    pub launch_id: Uuid,
    /// The launcher, if one started us.
    pub launcher_pid: Option<u32>,
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
    /// An app of its own launch, with a secret and a token that nobody knows, and no log. Change
    /// what is to be otherwise.
    #[must_use]
    pub fn new(app: AppName) -> Self {
        Self {
            app,
            origin: Origin::Explicit,
            last_good: None,
            launch_id: Uuid::now_v7(),
            launcher_pid: None,
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
    facts: web::Data<Facts>,
    connections: Connections,
    wishes: Option<UnboundedReceiver<Wish>>,
}

impl Application {
    /// Makes a server of sockets that are already ours. `routes` registers what the app answers,
    /// once for each worker and listener; anything but `/_homeport/` is its own.
    ///
    /// # Errors
    ///
    /// Whatever the system refuses the sockets with.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_web::web;
    /// use server::app::{Application, Settings};
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let sockets = shared::claim::any().expect("some port");
    /// let settings = Settings::new("notes".parse().expect("a name"));
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
        let names = Names::new(sockets.port(), &sockets.addresses());
        let Settings { root, logger, .. } = settings.clone();
        let connections = Connections::default();
        let (to_us, wishes) = unbounded_channel();
        let facts = web::Data::new(facts(&sockets, settings, connections.clone(), to_us));
        let (shared_facts, dismissed) = (facts.clone(), connections.clone());
        let is_logged = access_log::is_wanted(&logger);
        let factory = move || {
            let (names, logger) = (Rc::new(names.clone()), Rc::new(logger.clone()));
            let (facts, dismissed) = (shared_facts.clone(), dismissed.clone());
            App::new()
                .app_data(shared_facts.clone())
                .default_service(web::to(routes::nothing_here))
                .configure(routes::register)
                .configure(routes.clone())
                .configure(|config| {
                    if let Some(root) = &root {
                        config.service(site(root));
                    }
                })
                .wrap(from_fn(move |request, next| moved(facts.clone(), request, next)))
                .wrap(from_fn(move |request, next| guard(Rc::clone(&names), request, next)))
                .wrap(from_fn(move |request, next| farewell(dismissed.clone(), request, next)))
                .wrap(Condition::new(
                    is_logged,
                    from_fn(move |request, next| access_log(Rc::clone(&logger), request, next)),
                ))
        };
        let counted = connections.clone();
        let server = HttpServer::new(factory)
            .on_connect(move |_, data| {
                data.insert(counted.open());
            })
            .workers(WORKERS)
            .client_request_timeout(REQUEST_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(ACTIX_PATIENCE)
            .disable_signals();
        let server = sockets.into_listeners().into_iter().try_fold(server, HttpServer::listen)?;
        Ok(Self { server: server.run(), facts, connections, wishes: Some(wishes) })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> Port {
        self.facts.port
    }

    /// The address for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        self.facts.url()
    }

    /// Every address that listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.facts.addresses
    }

    /// What leads every request elsewhere once the app has moved.
    #[must_use]
    pub fn moved(&self) -> Arc<Moved> {
        Arc::clone(&self.facts.moved)
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
                self.facts.ready.store(true, Ordering::Relaxed);
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

    /// Takes no new connections, finishes the requests in flight for as long as `patience` allows,
    /// and closes the sockets. Kept connections are told with their next answer that it is the last.
    ///
    /// Whoever else holds the sockets, or their successor, may accept on them all the while.
    pub async fn stop(mut self, patience: Duration) {
        self.facts.ready.store(false, Ordering::Relaxed);
        self.connections.dismiss();
        self.facts.events.close(&self.facts);
        let (handle, connections) = (self.server.handle(), self.connections.clone());
        let orders = async {
            handle.pause().await;
            sleep(LINGER).await;
            if connections.gone_or_quiet(GRACE).await {
                handle.stop(true).await;
                return;
            }
            // From here on a connection without a request is closed. Of those with one, actix looks
            // once a second whether they are done; we know at once.
            select! {
                () = handle.stop(true) => {}
                () = connections.gone() => {}
            }
        };
        let ended = async {
            select! {
                () = orders => {}
                _ = &mut self.server => {}
            }
        };
        // Dropping the server, which follows in any case, closes what is left.
        let _ = timeout(patience, ended).await;
    }
}

/// Waits until somebody asks for the end; for ever, if it is for others to hear that.
async fn asked_to_stop(wishes: &mut Option<UnboundedReceiver<Wish>>) {
    let Some(wishes) = wishes else { return pending().await };
    while let Some(wish) = wishes.recv().await {
        if wish == Wish::Stop {
            return;
        }
    }
    pending::<()>().await;
}

fn facts(
    sockets: &Claim,
    settings: Settings,
    connections: Connections,
    wishes: UnboundedSender<Wish>,
) -> Facts {
    let history = settings.files.as_ref().map(|files| files.folders.history());
    Facts {
        home_port: HomePort::of(settings.files.as_ref(), &settings.app),
        story: Story::of(history, settings.launch_id),
        files: settings.files,
        events: Hub::default(),
        asking: Arc::new(Semaphore::new(1)),
        wishes,
        app: settings.app,
        port: sockets.port(),
        addresses: sockets.addresses(),
        origin: settings.origin,
        last_good: settings.last_good,
        launch_id: settings.launch_id,
        launcher_pid: settings.launcher_pid,
        started_at: Timestamp::now(),
        secret: settings.secret,
        token: settings.token,
        ready: AtomicBool::new(false),
        moved: Arc::new(Moved::not_yet(sockets.port(), connections)),
    }
}

/// A folder as a site: its files, `index.html` for a folder, nothing hidden and no listings.
fn site(root: &std::path::Path) -> Files {
    Files::new("/", root)
        .index_file("index.html")
        .redirect_to_slash_directory()
        .prefer_utf8(true)
        .default_handler(web::to(routes::not_found))
}
