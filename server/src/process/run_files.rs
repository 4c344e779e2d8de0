//! The files of `run/` of a server without a launcher: they let others in, and lead them to it.
//!
//! An app has one server that others are led to. One that is started beside it serves, and leaves the
//! files of the other as they are.

use std::io;

use shared::{
    app_lock::AppLock,
    discovery::{Discovery, withdraw},
    identity::{PROBE_TIMEOUT, Secret},
    launch::LaunchInfo,
    message,
    paths::Folders,
    token::Token,
};

/// The token and the discovery file of a server. Dropped at its end, it removes them.
pub(super) struct ServerRunFiles<'a> {
    folders: &'a Folders,
    launch: &'a LaunchInfo,
    /// What its clients prove themselves with.
    pub(super) token: Token,
}

impl<'a> ServerRunFiles<'a> {
    /// Publishes a new token for the server of `launch`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ResourceBusy`] if the app runs already, or whatever the disk refuses the file with.
    pub(super) fn new(
        folders: &'a Folders,
        launch: &'a LaunchInfo,
        secret: &Secret,
    ) -> io::Result<Self> {
        if is_running(folders, launch, secret) {
            let why = message!("server.token_busy", app = launch.app);
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
        }
        let token = Token::random();
        token.publish(&folders.token(&launch.app))?;
        Ok(Self { folders, launch, token })
    }

    /// Publishes where the server is.
    ///
    /// # Errors
    ///
    /// Whatever the disk refuses the file with.
    pub(super) fn publish(&self, discovery: &Discovery) -> io::Result<()> {
        discovery.publish(&self.folders.discovery(&self.launch.app))
    }
}

impl Drop for ServerRunFiles<'_> {
    /// A launcher that was started meanwhile has put its own in their place.
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

/// Whether a launcher has the app, or a server answers for it.
fn is_running(folders: &Folders, launch: &LaunchInfo, secret: &Secret) -> bool {
    let answers = |found: Discovery| {
        let identity = secret.probe(found.port, PROBE_TIMEOUT);
        identity.is_ok_and(|identity| identity.app == launch.app)
    };
    AppLock::holder(folders, &launch.app).is_some()
        || Discovery::read(&folders.discovery(&launch.app)).is_some_and(answers)
}
