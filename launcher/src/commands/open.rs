//! `launcher open`: the browser, on the running server.

use owo_colors::OwoColorize;
use shared::{exit::Exit, message, words::AnswerName};

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

/// Opens the browser on `page`. What is printed is the plain URL, unless the person has to do it.
pub(super) fn open(context: &CommandContext, page: BrowserPage, json: bool) -> Exit {
    let found = match running::find(context) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let address = browser::address(context, found.port, page);
    if let Err(error) = browser::open(&address) {
        render::error(message!("open.failed", error));
        render::now(message!("now.open", address));
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
