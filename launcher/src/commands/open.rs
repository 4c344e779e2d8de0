//! `launcher open`: the browser, on the running server.

use owo_colors::OwoColorize;
use shared::{exit::Exit, words::AnswerName};

use super::running;
use crate::{
    desktop::{
        self,
        browser::{self, BrowserPage},
        message::Message,
    },
    options::Basics,
    render::{line, note},
};

/// Opens the browser on `page`. What is printed is the plain URL, unless the person has to do it.
pub(super) fn open(basics: &Basics, page: BrowserPage, json: bool) -> Exit {
    let Some(found) = running::find(basics) else { return running::none(basics) };
    let address = browser::address(basics, found.port, page);
    if let Err(error) = browser::open(&address) {
        note(format_args!("{} no browser could be opened ({error})", "error:".red().bold()));
        note(format_args!("  now: open {address} yourself, within a minute"));
        let log = basics.folders.logs().join("launcher.jsonl");
        desktop::show_error(&Message::no_browser(&found.url).about(&basics.app, log), None);
        return Exit::NotReady;
    }
    if json {
        line(running::to_json(AnswerName::Open, &found));
    } else {
        line(format_args!("Opened {}", found.url.cyan()));
    }
    Exit::Done
}
