//! What a launcher does that somebody started by double-click: there is no terminal to tell
//! anything in, so what has gone wrong is shown in a box on the desktop.
//!
//! [`surroundings`] decides whether there is anybody to show it to, [`message`] what it says, and
//! [`tell`] shows it. [`browser`] opens the page, with a terminal and without. [`login`] has the
//! launcher started when the person logs in. How a system does any of it is behind [`os`].

pub mod browser;
pub mod login;
pub mod message;
pub mod surroundings;

use std::{fs, io::Write, path::Path};

use shared::atomic;

use self::{message::Message, surroundings::Surroundings};
use crate::os;

/// Shows `message` on the desktop if it would be lost otherwise, and waits until it has been seen.
/// Where the desktop has no box, it becomes a page, written to `page` and opened in the browser.
pub fn tell(message: &Message, page: Option<&Path>) {
    if !Surroundings::of_process().needs_a_box() || os::show(&message.title(), &message.text()) {
        return;
    }
    let Some(page) = page else { return };
    let written = atomic::replace(page, |beside| {
        fs::File::options().write(true).open(beside)?.write_all(message.page().as_bytes())
    });
    // The log has it all. This was the last way to say so.
    let _ = written.and_then(|()| browser::open(page));
}
