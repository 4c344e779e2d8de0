//! The desktop, for a launcher that was started by double-click: without a terminal an error is shown in
//! a dialog.
//!
//! [`display_context`] decides whether a dialog is needed, [`message`] is its text, and
//! [`show_error`] shows it. [`browser`] opens the page, with a terminal and without, and [`opener`] on a program. [`login`] has the
//! launcher started when the person logs in. How a system does any of it is behind [`os`].

pub mod opener;

pub mod browser;
pub mod login;
pub mod message;
pub mod display_context;

use std::{fs, io::Write, path::Path};

use shared::atomic;

use self::{display_context::DisplayContext, message::Message};
use crate::os;

/// Shows `message` in a dialog if it would be lost otherwise, and waits until that is closed. On a
/// desktop without dialogs the message becomes a page, written to `page` and opened in the browser.
pub fn show_error(message: &Message, page: Option<&Path>) {
    if !DisplayContext::of_process().needs_dialog() || os::show(&message.title(), &message.text()) {
        return;
    }
    let Some(page) = page else { return };
    let written = atomic::replace(page, |beside| {
        fs::File::options().write(true).open(beside)?.write_all(message.page().as_bytes())
    });
    // The log has the error as well. This was the last way to show it.
    let _ = written.and_then(|()| browser::open(page));
}
