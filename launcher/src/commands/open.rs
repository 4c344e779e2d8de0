//! `launcher open`: the browser, on the running server.

use owo_colors::OwoColorize;
use shared::exit::Exit;

use super::running;
use crate::{
    desktop::{self, browser, message::Message},
    options::Basics,
    render::{line, note},
};

/// Opens the browser, outside this process's fate.
pub(super) fn open(basics: &Basics, json: bool) -> Exit {
    let Some(found) = running::find(basics) else { return running::none(basics) };
    if let Err(error) = browser::open(&found.url) {
        note(format_args!("{} no browser could be opened ({error})", "error:".red().bold()));
        note(format_args!("  now: open {} yourself", found.url));
        let log = basics.folders.logs().join("launcher.jsonl");
        desktop::tell(&Message::no_browser(&found.url).about(&basics.app, log), None);
        return Exit::NotReady;
    }
    if json {
        line(running::to_json("open", &found));
    } else {
        line(format_args!("Opened {}", found.url.cyan()));
    }
    Exit::Done
}
