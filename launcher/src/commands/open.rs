//! `launcher open`: the browser, on the running server; and `launcher token`, for programs.

use std::io;

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{exit::Exit, message, next_command, regular_file::NotReadable, words::AnswerName};

use super::running;
use crate::{
    desktop::{
        self,
        browser::{self, BrowserPage},
        message::Message,
    },
    instance::{self, RunningInstance},
    options::CommandContext,
    render::{self, line},
};

/// The running server, with a token's file that holds.
fn find(context: &CommandContext) -> Result<RunningInstance, Exit> {
    let found = running::find(context)?;
    running::renew_files(context, &found);
    Ok(found)
}

/// The same, for what our own server alone has.
fn find_own(context: &CommandContext) -> Result<RunningInstance, Exit> {
    let found = find(context)?;
    if found.mode.is_none() {
        return Ok(found);
    }
    render::error(message!("open.of_program", app = context.app));
    render::now(message!(
        "open.now_of_program",
        command = next_command::launcher("open", &context.app)
    ));
    Err(Exit::Usage)
}

/// The running app, which has `page`.
fn find_page(context: &CommandContext, page: BrowserPage) -> Result<RunningInstance, Exit> {
    match page {
        BrowserPage::First => find(context),
        BrowserPage::Console => find_own(context),
    }
}

/// Opens the browser on `page`. What is printed is the plain URL.
pub(super) fn open(context: &CommandContext, page: BrowserPage, json: bool) -> Exit {
    let found = match find_page(context, page) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let token = || found.token(context);
    let address = match found.mode {
        // It is asked for nothing, and gets no token.
        Some(_) => found.url(),
        None => browser::address(&context.app, found.port, page, token),
    };
    if let Err(error) = browser::open(address) {
        render::error(message!("open.failed", url = found.url(), error));
        let command = next_command::launcher("open --print", &context.app);
        render::now(message!("now.print", command));
        let log = context.folders.logs().join("launcher.jsonl");
        desktop::show_error(&Message::no_browser(&found.url()).about(&context.app, log), None);
        return Exit::NotReady;
    }
    if json {
        line(running::to_json(AnswerName::Open, context, &found));
    } else {
        line(message!("open.opened", url = found.url().cyan()));
    }
    Exit::Done
}

/// Prints the address of `page`, which may be a one-time URL.
pub(super) fn print(context: &CommandContext, page: BrowserPage, json: bool) -> Exit {
    let found = match find_page(context, page) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let token = || found.token(context);
    let address = match found.mode {
        Some(_) => Ok(found.url()),
        None => browser::signed_in_address(&context.app, found.port, page, token),
    };
    let address = match address {
        Ok(address) => address,
        Err(error) => return unreadable_token(context, &found, &error),
    };
    if json {
        let mut answer = running::to_json(AnswerName::Open, context, &found);
        answer["address"] = json!(address);
        line(answer);
    } else {
        line(address);
    }
    Exit::Done
}

/// Prints the token of the running app.
pub(super) fn token(context: &CommandContext, json: bool) -> Exit {
    let found = match find_own(context) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    match found.token(context) {
        Ok(token) if json => {
            let file = context.folders.token(&context.app).display().to_string();
            line(json!({
                "event": AnswerName::Token, "app": context.app, "token": token, "file": file,
            }));
        }
        Ok(token) => line(token.reveal()),
        Err(error) => return unreadable_token(context, &found, &error),
    }
    Exit::Done
}

/// Prints why the token cannot be read, and what to do. A server without a launcher writes a lost one
/// anew within a second; a launcher has tried to by now.
fn unreadable_token(context: &CommandContext, found: &RunningInstance, error: &io::Error) -> Exit {
    let file = context.folders.token(&context.app);
    let command = |words| next_command::launcher(words, &context.app);
    render::error(message!("token.unreadable", file = file.display(), error));
    let stopped = found.stopped_launcher(context);
    if stopped.is_some() {
        render::now(instance::now_silent(stopped));
        return Exit::NotReady;
    }
    render::now(match (NotReadable::of(error), error.kind()) {
        (Some(folder @ NotReadable::Folder), _) => {
            message!(
                "now.token_in_the_way",
                removal = folder.removal(&file),
                command = command("token")
            )
        }
        _ if found.launcher_pid.is_none() => {
            message!("now.token_again", command = command("token"), doctor = command("doctor"))
        }
        (_, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            message!("now.token_restart", doctor = command("doctor"), command = command("restart"))
        }
        // What stands in its place may be another user's, or nothing that can be replaced.
        _ => message!("now.remove_token", file = file.display(), command = command("restart")),
    });
    Exit::NotReady
}
