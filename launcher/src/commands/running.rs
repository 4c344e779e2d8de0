//! The running server of an app, for commands that ask for it.

use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{discovery::Discovery, exit::Exit, identity::Secret, invoked_as, words::AnswerName};

use crate::{instance, options::Basics, render::note};

/// The running server, if the published one proves its identity.
pub(super) fn find(basics: &Basics) -> Option<Discovery> {
    let secret = Secret::load(&basics.folders.secret()).ok()?;
    let (found, identity) = instance::proven(basics, &secret)?;
    (identity.launch_id == found.launch_id).then_some(found)
}

/// Prints that there is none.
pub(super) fn none(basics: &Basics) -> Exit {
    let app = &basics.app;
    note(format_args!("{} {app} is not running", "error:".red().bold()));
    if let Some(stale) = Discovery::read(&basics.folders.discovery(app)) {
        let file = basics.folders.discovery(app);
        note(format_args!(
            "  why: nobody on port {} proves to be it, so {} is out of date",
            stale.port,
            file.display()
        ));
    }
    note(format_args!("  now: start it with `{} --app {app}`", invoked_as::launcher()));
    Exit::NotRunning
}

/// The running server as JSON.
pub(super) fn to_json(event: AnswerName, found: &Discovery) -> Value {
    json!({
        "event": event,
        "app": found.app,
        "url": found.url,
        "port": found.port,
        "server_pid": found.server_pid,
        "launcher_pid": found.launcher_pid,
        "launch_id": found.launch_id,
    })
}
