//! The files of a server without a launcher: the app's lock, the token and the discovery file. They let
//! others in, and lead them to it.
//!
//! An app has one server that others are led to. One that is started beside it serves, and leaves the
//! files of the other as they are.

use std::io;

use shared::{
    app_lock::{AppLock, LockOutcome},
    discovery::{Discovery, withdraw},
    identity::{PROBE_TIMEOUT, Secret},
    launch::LaunchInfo,
    message,
    paths::Folders,
    token::Token,
};

/// The files of a server. Dropped at its end, it removes them and releases the lock.
pub(super) struct ServerRunFiles<'a> {
    folders: &'a Folders,
    launch: &'a LaunchInfo,
    lock: AppLock,
    /// What its clients prove themselves with.
    pub(super) token: Token,
}

impl<'a> ServerRunFiles<'a> {
    /// Takes the app's lock, and publishes a new token for the server of `launch`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ResourceBusy`] if the app runs already, or whatever the disk refuses the file with.
    pub(super) fn new(
        folders: &'a Folders,
        launch: &'a LaunchInfo,
        secret: &Secret,
    ) -> io::Result<Self> {
        let lock = match AppLock::try_hold(folders, &launch.app)? {
            LockOutcome::Held(lock) if !is_running(folders, launch, secret) => lock,
            outcome => {
                if let LockOutcome::Held(lock) = outcome {
                    lock.give_up();
                }
                let why = message!("server.token_busy", app = launch.app);
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
            }
        };
        let token = Token::random();
        token.publish(&folders.token(&launch.app))?;
        Ok(Self { folders, launch, lock, token })
    }

    /// Publishes where the server is.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses the file with.
    pub(super) fn publish(&mut self, discovery: &Discovery) -> io::Result<()> {
        self.lock.publish_owner(None, Some(discovery.port));
        discovery.publish(&self.folders.discovery(&self.launch.app))
    }
}

impl Drop for ServerRunFiles<'_> {
    /// Where locks are lost or refused, a launcher may have put its own files in their place.
    fn drop(&mut self) {
        let (token, discovery) =
            (self.folders.token(&self.launch.app), self.folders.discovery(&self.launch.app));
        if Token::load(&token).is_ok_and(|found| found == self.token) {
            withdraw(&token);
        }
        if Discovery::read(&discovery).is_some_and(|found| found.launch_id == self.launch.launch_id)
        {
            withdraw(&discovery);
        }
    }
}

/// Whether a server answers for the app, whose lock was lost.
fn is_running(folders: &Folders, launch: &LaunchInfo, secret: &Secret) -> bool {
    let answers = |found: Discovery| {
        let identity = secret.probe(found.port, PROBE_TIMEOUT);
        identity.is_ok_and(|identity| identity.app == launch.app)
    };
    Discovery::read(&folders.discovery(&launch.app)).is_some_and(answers)
}
