//! The paths under which our own routes are served.

/// The path of everything of ours. All other paths belong to the app.
pub const BASE: &str = "/_homeport";

/// The path of the console, which is the landing page for requests without a credential.
pub const CONSOLE: &str = shared::token::CONSOLE;
