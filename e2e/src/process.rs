//! A process that somebody else started, held by a handle that no later process can inherit.

use std::{fs, os::fd::OwnedFd, path::Path};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use crate::wine;

/// A process, and not merely its number: numbers are given again.
#[derive(Debug)]
pub struct Watched {
    pid: u32,
    handle: OwnedFd,
}

impl Watched {
    /// The process of this number, if there is one now.
    pub fn of(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let handle = pidfd_open(number, PidfdFlags::empty()).ok()?;
        Some(Self { pid, handle })
    }

    /// The processes that this one has started and that live.
    pub fn children_of(parent: u32) -> Vec<Self> {
        let of_parent = |pid: &u32| parent_of(*pid) == Some(parent);
        // Asked again once it is held: the number may have gone to another in between.
        pids().filter(of_parent).filter_map(Self::of).filter(|held| of_parent(&held.pid)).collect()
    }

    /// The servers that Wine runs in this home, with these `words` on their command line.
    pub(crate) fn servers_in_wine(home: &Path, words: &str) -> Vec<Self> {
        let variable = format!("HOMEPORT_HOME={}\0", wine::windows_path(home));
        let is_one = |pid: &u32| {
            let read = |file| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let environment = read("environ");
            let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            let is_at_home =
                || environment.windows(variable.len()).any(|v| v == variable.as_bytes());
            line.contains("server.exe") && line.contains(words) && is_at_home()
        };
        pids().filter(is_one).filter_map(Self::of).filter(|held| is_one(&held.pid)).collect()
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it is stopped, and does nothing until it is told to go on.
    pub fn is_stopped(&self) -> bool {
        stat_of(self.pid, 0).as_deref() == Some("T")
    }

    /// The memory that it occupies, in bytes; 0 if it has ended.
    pub fn memory(&self) -> u64 {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.pid)).unwrap_or_default();
        let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * rustix::param::page_size() as u64
    }

    /// The most memory that it has occupied so far, in bytes; 0 if it has ended.
    pub fn peak_memory(&self) -> u64 {
        number_of(self.pid, "status", "VmHWM") * 1024
    }

    /// How many bytes it has read so far, from files and from anything else; 0 if it has ended.
    pub fn bytes_read(&self) -> u64 {
        number_of(self.pid, "io", "rchar")
    }

    /// Whether it has ended.
    ///
    /// # Panics
    ///
    /// If the system cannot tell.
    pub fn has_ended(&self) -> bool {
        let mut watched = [PollFd::new(&self.handle, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut watched, Some(&now)).expect("a handle can be polled") > 0
    }

    /// Sends it a signal; one that has ended gets none.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Ends it at once.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }
}

/// The numbers of all processes.
fn pids() -> impl Iterator<Item = u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent_of(pid: u32) -> Option<u32> {
    stat_of(pid, 1)?.parse().ok()
}

/// The number behind `name:` in a file of `/proc/PID`; 0 if there is none.
fn number_of(pid: u32, file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A field of `/proc/PID/stat`, counted behind the name, which may hold anything.
fn stat_of(pid: u32, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(field).map(str::to_owned)
}
