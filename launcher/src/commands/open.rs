//! `launcher open`: the browser, on the running server; and `launcher token`, for programs.

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{exit::Exit, message, next_command, token::Token, words::AnswerName};

use super::running;
use crate::{
    desktop::{
        self,
        browser::{self, BrowserPage},
        message::Message,
    },
    options::CommandContext,
    render::{self, line},
};

/// Opens the browser on `page`. What is printed is the plain URL.
pub(super) fn open(context: &CommandContext, page: BrowserPage, json: bool) -> Exit {
    let found = match running::find(context) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    if let Err(error) = browser::open(browser::address(context, found.port, page)) {
        render::error(message!("open.failed", error));
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
    let found = match running::find(context) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let address = browser::address(context, found.port, page);
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
    if let Err(exit) = running::find(context) {
        return exit;
    }
    let file = context.folders.token(&context.app);
    match Token::load(&file) {
        Ok(token) if json => line(json!({
            "event": AnswerName::Token, "app": context.app, "token": token, "file": file,
        })),
        Ok(token) => line(token.reveal()),
        Err(error) => {
            render::error(message!("token.unreadable", file = file.display(), error));
            let command = next_command::launcher("restart", &context.app);
            render::now(message!("now.restart_app", command));
            return Exit::NotReady;
        }
    }
    Exit::Done
}
