//! The browser: which address it is opened on, and opening it.
//!
//! An app that has a page of its own is opened there. Where there is none, its `/` leads to the
//! console, and the browser is sent in by a one-time URL. What is printed or published is
//! always the plain URL: the one-time URL is valid for a minute.

use std::{ffi::OsStr, io, time::Duration};

use jiff::Timestamp;
use shared::{
    app::AppName,
    claim,
    identity::client,
    message,
    port::Port,
    token::{CONSOLE, Token},
};

/// The limit for the app's answer to `/`. Ours needs a millisecond; one that takes longer makes a page
/// of its own.
const FIRST_PAGE_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a program that opens a page is watched. `xdg-open` looks for browsers for a second or two before it
/// gives up; one that is still there opens the page itself.
const WATCHED: Duration = Duration::from_secs(3);

/// What a person wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserPage {
    /// The app's own first page, and the console only where there is none.
    First,
    /// By a one-time URL that signs the browser in.
    Console,
}

/// Opens an address or a file, outside this process's fate. What opens it is watched for a moment, so
/// that a desktop without a browser is noticed; it is no proof that the page is seen.
///
/// # Errors
///
/// If the desktop has nothing to open it with, or what it has says that it failed.
pub fn open(page: impl AsRef<OsStr>) -> io::Result<()> {
    // Its error names the page, which may be a one-time URL: that must not reach a log.
    ::open::that_detached_with_timeout(page, WATCHED)
        .map_err(|error| io::Error::new(error.kind(), message!("open.no_program")))
}

/// The address of a page of the server of `app` on `port`, which lets in by `token`. The server must have
/// proved to be this user's: a ticket must not reach another program.
pub fn address(
    app: &AppName,
    port: Port,
    page: BrowserPage,
    token: impl FnOnce() -> io::Result<Token>,
) -> String {
    // Without a token that can be read the page explains how to sign in.
    let console = |_| format!("{}{}", claim::url(port), CONSOLE.trim_start_matches('/'));
    signed_in_address(app, port, page, token).unwrap_or_else(console)
}

/// The same for a browser that this program does not open.
///
/// # Errors
///
/// If the page needs the token, and that cannot be had.
pub fn signed_in_address(
    app: &AppName,
    port: Port,
    page: BrowserPage,
    token: impl FnOnce() -> io::Result<Token>,
) -> io::Result<String> {
    if page == BrowserPage::First && !leads_to_console(port) {
        return Ok(claim::url(port));
    }
    Ok(token()?.one_time_url(app, port, Timestamp::now()))
}

/// Whether `/` leads to the console. Nothing is read but the head of the answer.
fn leads_to_console(port: Port) -> bool {
    let answer = client(FIRST_PAGE_TIMEOUT).get(claim::url(port)).call().ok();
    answer.is_some_and(|answer| {
        answer.headers().get("location").is_some_and(|location| location == CONSOLE)
    })
}
