//! What an application is made of, besides its sockets and its routes.

use std::path::PathBuf;

use shared::{app::AppName, identity::Secret, launch::LaunchInfo, port::Port, token::Token};
use slog::{Discard, Logger, o};

use crate::web::{launcher_requests::LauncherRequests, storage::AppFiles};

/// What an [`Application`](super) is made of, before it has sockets.
#[derive(Clone)]
pub struct ApplicationSettings {
    /// The launch that the server belongs to, on the port of the sockets.
    pub launch: LaunchInfo,
    /// The folder whose files are served as the site; `None` to serve no files.
    pub root: Option<PathBuf>,
    /// Whether the app has routes of its own. Their pages, and those of a `root`, share the origin of the
    /// console, so that their scripts could do what a person who has opened it may do: no browser is then
    /// let in.
    pub has_own_pages: bool,
    /// Proves whose server it is.
    pub secret: Secret,
    /// Gives a script or a browser access.
    pub token: Token,
    /// Where the app's files are. Without them there is no history to show and no setting to change.
    pub files: Option<AppFiles>,
    /// Receives what people ask for in the browser. By default it is discarded.
    pub requests: LauncherRequests,
    /// Where diagnostics and the access log go.
    pub logger: Logger,
}

impl ApplicationSettings {
    /// A launch of its own on `port`, of an app with pages of its own, with a random secret and token, without
    /// files, and without a log. Change the members that differ.
    pub fn new(app: AppName, port: Port) -> Self {
        Self {
            launch: LaunchInfo::new(app, port),
            root: None,
            has_own_pages: true,
            secret: Secret::random(),
            token: Token::random(),
            files: None,
            requests: LauncherRequests::default(),
            logger: Logger::root(Discard, o!()),
        }
    }
}
