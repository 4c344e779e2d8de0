//! The running server of an app, for commands that ask for it.

use serde_json::{Value, json};
use shared::{
    discovery::Discovery, exit::Exit, identity::Secret, invoked_as, message, words::AnswerName,
};

use crate::{
    instance,
    options::CommandContext,
    render::{self, note},
};

/// The running server, if the published one proves its identity.
pub(super) fn find(context: &CommandContext) -> Option<Discovery> {
    let secret = Secret::load(&context.folders.secret()).ok()?;
    let (found, identity) = instance::proven(context, &secret)?;
    (identity.launch_id == found.launch_id).then_some(found)
}

/// Prints that there is none.
pub(super) fn none(context: &CommandContext) -> Exit {
    let app = &context.app;
    render::error(message!("running.none", app));
    if let Some(stale) = Discovery::read(&context.folders.discovery(app)) {
        let file = context.folders.discovery(app);
        let why = message!("running.stale", port = stale.port, file = file.display());
        note(format_args!("  why: {why}"));
    }
    let command = format_args!("{} --app {app}", invoked_as::launcher());
    render::now(message!("now.start", command));
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
