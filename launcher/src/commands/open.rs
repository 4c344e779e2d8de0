//! `launcher open`: the browser, on the running server.

use owo_colors::OwoColorize;
use shared::exit::Exit;

use super::running;
use crate::{
    options::Basics,
    render::{line, note},
};

/// Opens the browser, outside this process's fate.
pub(super) fn open(basics: &Basics, json: bool) -> Exit {
    let Some(found) = running::find(basics) else { return running::none(basics) };
    if let Err(error) = ::open::that_detached(&found.url) {
        note(format_args!("{} no browser could be opened ({error})", "error:".red().bold()));
        note(format_args!("  now: open {} yourself", found.url));
        return Exit::NotReady;
    }
    if json {
        line(running::to_json("open", &found));
    } else {
        line(format_args!("Opened {}", found.url.cyan()));
    }
    Exit::Done
}
