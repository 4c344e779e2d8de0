//! The files of a server without a launcher: the app's lock, the token and the discovery file. They let
//! others in, and lead them to it.
//!
//! An app has one server that others are led to. One that is started beside it serves, leaves the files of
//! the other as they are, and takes its place when that one has ended.

use std::{collections::BTreeSet, convert::Infallible, io, time::Duration};

use shared::{
    app_lock::{AppLock, LockOutcome},
    assignment::Assignment,
    discovery::{Discovery, withdraw},
    event::Process,
    identity::{Identity, PROBE_TIMEOUT, Secret},
    launch::LaunchInfo,
    message,
    paths::Folders,
    recorded_instance::RecordedProcesses,
    token::Token,
};
use tokio::time::sleep;

/// How often the files are checked: a lost one, or those of another server that has ended, are written
/// anew within this time.
const PAUSE: Duration = Duration::from_secs(1);

/// The files of a server. Dropped at its end, it removes them and releases the lock.
pub(super) struct ServerRunFiles<'a> {
    folders: &'a Folders,
    launch: &'a LaunchInfo,
    secret: &'a Secret,
    /// What its clients prove themselves with.
    pub(super) token: Token,
    /// `None` while others are led to another server of the app.
    lock: Option<AppLock>,
    /// Where the server is, once it is ready.
    published: Option<Discovery>,
}

impl<'a> ServerRunFiles<'a> {
    /// The files for the server of `launch`, with a new token; none of them is made yet.
    pub(super) fn new(folders: &'a Folders, launch: &'a LaunchInfo, secret: &'a Secret) -> Self {
        Self { folders, launch, secret, token: Token::random(), lock: None, published: None }
    }

    /// Takes the app's lock, and makes the files that are not there.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ResourceBusy`] if the app runs already, or whatever the disk refuses a file with.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let app = &self.launch.app;
        let is_held = |lock: &mut AppLock| lock.renew(self.folders, app);
        if !self.lock.as_mut().map_or(Ok(false), is_held)? {
            self.lock = None;
            let mut lock = self.take_lock()?;
            lock.publish_owner(None, self.published.as_ref().map(|found| found.port));
            self.lock = Some(lock);
        }
        // One that could not be kept proves this server, unless there is another by now.
        let _ = self.secret.write_new(&self.folders.secret());
        let file = self.folders.token(app);
        if !Token::load(&file).is_ok_and(|found| found == self.token) {
            self.token.publish(&file)?;
        }
        match &self.published {
            Some(discovery) if !self.is_led_to() => discovery.publish(self.folders),
            _ => Ok(()),
        }
    }

    /// Publishes where the server is.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses a file with.
    pub(super) fn publish(&mut self, discovery: Discovery) -> io::Result<()> {
        let port = discovery.port;
        self.published = Some(discovery);
        let Some(lock) = &mut self.lock else { return Ok(()) };
        lock.publish_owner(None, Some(port));
        self.write()
    }

    /// Makes the files anew for as long as the server runs: those that are lost, and all of them when the app's
    /// other server has ended.
    pub(super) async fn keep(&mut self) -> Infallible {
        loop {
            sleep(PAUSE).await;
            // A warning at the start has said what cannot be written.
            let _ = self.write();
        }
    }

    fn take_lock(&self) -> io::Result<AppLock> {
        let app = &self.launch.app;
        let is_taken = AppLock::holder(self.folders, app).is_some() || self.is_another_running();
        if !is_taken && let LockOutcome::Held(lock) = AppLock::try_hold(self.folders, app)? {
            return Ok(lock);
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, message!("server.token_busy", app)))
    }

    /// Whether a server answers for the app, or a launcher has it, whose lock was lost.
    fn is_another_running(&self) -> bool {
        let (app, folders) = (&self.launch.app, self.folders);
        let published = Discovery::of_app(folders, app).map(|found| found.port);
        let remembered = Assignment::load(&folders.assignment(app)).ok();
        let remembered = remembered.and_then(|assignment| assignment.last_good);
        let ports = published.chain(remembered.map(|good| good.port));
        // Its own it has to itself, and does not answer on it yet.
        let others = ports.filter(|port| *port != self.launch.port);
        let identity_at = |port| self.secret.probe(port, PROBE_TIMEOUT).ok();
        let is_here = |found: &Identity| !found.home_id.is_other_than(&folders.home_id());
        let is_another = |found: Identity| {
            found.app == *app && found.launch_id != self.launch.launch_id && is_here(&found)
        };
        let answers = |port| identity_at(port).is_some_and(is_another);
        let has_launcher = || {
            let recorded = RecordedProcesses::read(folders, app);
            let found = recorded.running().filter(|found| found.program == Process::Launcher);
            found.is_some_and(|found| identity_at(found.port).is_none_or(|proven| is_here(&proven)))
        };
        others.collect::<BTreeSet<_>>().into_iter().any(answers) || has_launcher()
    }

    /// Whether the discovery file leads to this server.
    fn is_led_to(&self) -> bool {
        let mut found = Discovery::of_app(self.folders, &self.launch.app);
        found.next().is_some_and(|found| found.launch_id == self.launch.launch_id)
    }
}

impl Drop for ServerRunFiles<'_> {
    /// Removes the files that are still this server's: where a lock was lost, a launcher may have written
    /// its own.
    fn drop(&mut self) {
        let token = self.folders.token(&self.launch.app);
        if Token::load(&token).is_ok_and(|found| found == self.token) {
            withdraw(&token);
        }
        if self.is_led_to() {
            withdraw(&self.folders.discovery(&self.launch.app));
        }
    }
}
