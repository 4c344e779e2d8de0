//! The desktop on Linux: X11 or Wayland, and the tools that one or the other brings.
//!
//! They are programs and not a library, because a dialog must appear where there is no D-Bus, and
//! because the launcher shall not carry a toolkit for what a launch in a hundred needs.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::fd::{AsRawFd, BorrowedFd},
    path::PathBuf,
    process::Command,
};

use etcetera::{BaseStrategy, choose_base_strategy};
use rustix::net::{SocketAddrUnix, getpeername};
use shared::{
    environment,
    regular_file::{self, Links},
};

use crate::{markup::escaped, os::unix};

/// What passes a page on to the browser of the desktop.
const XDG_OPEN: &str = "xdg-open";

/// What [`XDG_OPEN`] tries where nothing is registered.
const BROWSERS: [&str; 10] = [
    "x-www-browser",
    "firefox",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "epiphany",
    "konqueror",
    "www-browser",
    "lynx",
    "w3m",
];

/// Where the journal takes the output of the programs that a session starts.
const JOURNAL: &[u8] = b"/run/systemd/journal/stdout";

/// The files that a session without the journal sends everything to: Debian's, and those of SDDM.
const SESSION_LOGS: [&str; 3] = [".xsession-errors", "xorg-session.log", "wayland-session.log"];

/// Whether a window could be seen.
pub fn has_desktop() -> bool {
    environment::is_set("DISPLAY") || environment::is_set("WAYLAND_DISPLAY")
}

/// Whether something leads from `opener` to a browser: the variable, a program that is registered for web
/// pages, or one of those that it tries by itself. Of openers other than `xdg-open` that is not known.
pub fn leads_to_browser(opener: &str, is_program: impl Fn(&OsStr) -> bool) -> bool {
    if opener != XDG_OPEN || environment::is_set("BROWSER") {
        return true;
    }
    let data = choose_base_strategy().ok().map(|folders| folders.data_dir());
    let shared = env::var_os("XDG_DATA_DIRS").filter(|folders| !folders.is_empty());
    let shared = shared.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let registers = |folder: PathBuf| {
        let file = folder.join("applications/mimeinfo.cache");
        let text = regular_file::read_text(&file, Links::Followed).unwrap_or_default();
        text.lines().any(|line| line.starts_with("x-scheme-handler/http="))
    };
    BROWSERS.iter().any(|browser| is_program(OsStr::new(browser)))
        || data.into_iter().chain(env::split_paths(&shared)).any(registers)
}

/// Shows a dialog and waits until it is closed. `false` if there is nothing to show it with.
pub fn show(title: &str, text: &str) -> bool {
    unix::desktop::first_shown(dialogs(title, text))
}

/// The programs that show a dialog, the one that looks best first. The last one shows a notification, which is all that some
/// small desktops have.
fn dialogs(title: &str, text: &str) -> [Command; 4] {
    let mut zenity = Command::new("zenity");
    zenity.args(["--error", "--no-markup", "--width=480"]);
    zenity.args([format!("--title={title}"), format!("--text={text}")]);
    let mut kdialog = Command::new("kdialog");
    kdialog.args(["--title", title, "--error", text]);
    let mut xmessage = Command::new("xmessage");
    xmessage.args(["-center", "-title", title, "-buttons", "OK:0", "-default", "OK", text]);
    let mut notification = Command::new("notify-send");
    notification.args(["--urgency=critical", "--app-name=Homeport", "--", title, &escaped(text)]);
    [zenity, kdialog, xmessage, notification]
}

/// Whether stdout or stderr reaches a reader.
pub fn output_is_read() -> bool {
    unix::desktop::output_is_read(is_log_of_session)
}

/// Whether the stream ends in the file where a session keeps the output of its programs, which is
/// hardly ever read.
fn is_log_of_session(stream: BorrowedFd<'_>) -> bool {
    let peer = getpeername(stream).ok().flatten();
    let peer = peer.and_then(|peer| SocketAddrUnix::try_from(peer).ok());
    if peer.as_ref().and_then(SocketAddrUnix::path_bytes) == Some(JOURNAL) {
        return true;
    }
    let file = fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd())).unwrap_or_default();
    let name = file.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| SESSION_LOGS.contains(&name))
}

#[cfg(test)]
mod test {
    use std::{
        fs::File,
        os::{fd::AsFd, unix::net::UnixStream},
    };

    use super::*;

    #[test]
    fn the_log_of_a_session_is_told_from_a_file_that_a_person_chose() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, is_log) in [(".xsession-errors", true), ("out.log", false)] {
            let file = File::create(folder.path().join(name)).expect("made");
            assert_eq!(is_log_of_session(file.as_fd()), is_log, "{name}");
        }
        let (mine, _other) = UnixStream::pair().expect("sockets");
        assert!(!is_log_of_session(mine.as_fd()));
    }

    #[test]
    fn every_tool_gets_the_text_as_one_word() {
        let text = "$(touch x) <b>`y`</b>\n\nLog: C:\\x";
        for command in dialogs("Homeport: notes", text) {
            let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
            let with_text = words.iter().filter(|word| word.contains("$(touch x)"));
            assert_eq!(with_text.count(), 1, "{words:?}");
        }
    }
}
