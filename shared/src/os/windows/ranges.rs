//! The port ranges that Windows controls: its dynamic range, what `netsh` lists as excluded, and
//! what the host network service keeps for guests.
//!
//! Asking starts three processes and waits for a service, so it is done when the answer is needed and not before, and the
//! answer is kept for [`KEPT`]. What cannot be found out is taken to be as usual.

use std::{
    io::Read,
    os::windows::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::System::{
    SystemInformation::GetSystemDirectoryW, Threading::CREATE_NO_WINDOW,
};

use super::hcn;
use crate::{
    os::{interface::PortRanges, netsh},
    port::PortRange,
};

/// The dynamic range of an unchanged Windows.
const EPHEMERAL: PortRange = PortRange::literal(49152, 65535);

/// How long an answer is believed. The ranges move when Windows or Hyper-V starts, and one launch
/// asks for them two or three times within a second.
const KEPT: Duration = Duration::from_secs(60);

/// How long the three processes and the service may take together. They need a tenth of a second; a
/// diagnosis, which asks among other things, has one second for everything.
const PATIENCE: Duration = Duration::from_millis(700);

/// The most that is read of an answer: over 1,000 ranges.
const MAX_ANSWER: u64 = 64 << 10;

/// What is asked. The lists of the two families are apart, and a claim needs both.
const QUESTIONS: [&[&str]; 3] = [
    &["int", "ipv4", "show", "excludedportrange", "protocol=tcp"],
    &["int", "ipv6", "show", "excludedportrange", "protocol=tcp"],
    &["int", "ipv4", "show", "dynamicport", "tcp"],
];

static LAST: Mutex<Option<(Instant, PortRanges)>> = Mutex::new(None);

/// The ranges as they are, or were less than [`KEPT`] ago.
pub fn port_ranges() -> PortRanges {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((when, ranges)) if when.elapsed() < KEPT => ranges.clone(),
        _ => {
            let ranges = read();
            *last = Some((Instant::now(), ranges.clone()));
            ranges
        }
    }
}

/// An administered exclusion can be bound by a program that asks for its number, so it excludes no program.
fn read() -> PortRanges {
    let deadline = Instant::now() + PATIENCE;
    let kept_for_guests = heard("hcn", || Some(hcn::reservations()));
    let [v4, v6, dynamic] = QUESTIONS.map(Question::ask).map(|question| match question {
        Some(question) => question.answer(deadline),
        None => Vec::new(),
    });
    let by_service = kept_for_guests.and_then(|kept| wait(&kept, deadline)).unwrap_or_default();
    let by_netsh = [v4, v6].into_iter().flat_map(|printed| netsh::exclusions(&printed));
    let by_netsh = by_netsh.filter(|exclusion| !exclusion.is_administered);
    let excluded = by_netsh.map(|exclusion| exclusion.range).chain(by_service);
    PortRanges {
        ephemeral: netsh::dynamic_range(&dynamic).or(Some(EPHEMERAL)),
        excluded: excluded.collect(),
        restricted: Vec::new(),
        unprivileged_start: 0,
    }
}

/// A `netsh` that runs, without a window.
struct Question {
    netsh: Child,
    printed: Receiver<Vec<u8>>,
}

impl Question {
    /// Starts `netsh` with these arguments, without waiting for its end.
    fn ask(words: &[&str]) -> Option<Self> {
        let mut netsh = Command::new(system_folder()?.join("netsh.exe"))
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .creation_flags(CREATE_NO_WINDOW)
            .spawn()
            .ok()?;
        let stdout = netsh.stdout.take()?;
        let printed = heard("netsh", move || {
            let mut answer = Vec::new();
            // Half an answer is none.
            stdout.take(MAX_ANSWER).read_to_end(&mut answer).ok().map(|_| answer)
        })?;
        Some(Self { netsh, printed })
    }

    /// What it printed; nothing if it failed or took too long, and then it is ended.
    fn answer(mut self, deadline: Instant) -> Vec<u8> {
        let printed = wait(&self.printed, deadline).unwrap_or_default();
        // It is our own child, and by now its output is complete.
        let _ = self.netsh.kill();
        let _ = self.netsh.wait();
        printed
    }
}

/// Asks on a thread of its own, because the answer may never come.
fn heard<T: Send + 'static>(
    name: &str,
    ask: impl FnOnce() -> Option<T> + Send + 'static,
) -> Option<Receiver<T>> {
    let (to_us, answer) = mpsc::sync_channel(1);
    // The receiver may be gone.
    let tell = move || drop(ask().map(|answer| to_us.send(answer)));
    thread::Builder::new().name(name.to_owned()).spawn(tell).ok().map(|_| answer)
}

fn wait<T>(answer: &Receiver<T>, deadline: Instant) -> Option<T> {
    answer.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

/// `C:\Windows\System32`: a program of that name elsewhere on the path is not the one that is meant.
fn system_folder() -> Option<PathBuf> {
    let mut path = [0_u16; 260];
    let room = u32::try_from(path.len()).ok()?;
    // SAFETY: `path` has `room` characters to write to, and lives until the call returns.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), room) };
    let path = path.get(..usize::try_from(length).ok()?).filter(|path| !path.is_empty())?;
    Some(PathBuf::from(String::from_utf16_lossy(path)))
}
