//! A process that another program started, held by a handle that no later process can inherit.

use std::{fs, iter, os::fd::OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

/// A handle of a process: unlike its id, the system does not use it again for another process.
#[derive(Debug)]
pub struct WatchedProcess {
    pid: u32,
    handle: OwnedFd,
}

impl WatchedProcess {
    /// Opens a handle of the process with this id; `None` if none lives.
    pub fn of(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let handle = pidfd_open(number, PidfdFlags::empty()).ok()?;
        Some(Self { pid, handle })
    }

    /// The live processes that `parent` has started.
    pub fn children_of(parent: u32) -> Vec<Self> {
        Self::all(|pid| parent_of(pid) == Some(parent))
    }

    /// The live processes that descend from `root`, without itself.
    pub fn below(root: u32) -> Vec<Self> {
        let descends = |pid: u32| {
            iter::successors(parent_of(pid), |pid| parent_of(*pid)).take(64).any(|pid| pid == root)
        };
        Self::all(descends)
    }

    /// The live processes that have this variable in the environment that they were started with.
    pub fn with_variable(name: &str, value: &str) -> Vec<Self> {
        let wanted = format!("{name}={value}");
        Self::all(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
        })
    }

    /// The live processes for whose id `is_one` is true.
    pub(crate) fn all(is_one: impl Fn(u32) -> bool) -> Vec<Self> {
        // Checked again once it is held: the system may have given the number to another process.
        let held = pids().filter(|&pid| is_one(pid)).filter_map(Self::of);
        held.filter(|held| is_one(held.pid)).collect()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it runs the program in a file of this name, and not one that has yet to become it.
    pub fn runs(&self, program: &str) -> bool {
        let file = fs::read_link(format!("/proc/{}/exe", self.pid));
        file.is_ok_and(|file| file.file_name() == Some(program.as_ref()))
    }

    /// The name that the system shows of it; empty if it has ended.
    pub fn name(&self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/comm", self.pid)).unwrap_or_default();
        name.trim_end().to_owned()
    }

    /// Whether it has this socket, by the number that the system knows it by.
    pub fn has_socket(&self, inode: u64) -> bool {
        let wanted = format!("socket:[{inode}]");
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid)).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|file| file.as_os_str() == wanted.as_str())
    }

    /// Whether a signal has stopped it; SIGCONT lets it go on.
    pub fn is_stopped(&self) -> bool {
        stat_of(self.pid, 0).as_deref() == Some("T")
    }

    /// The memory that it occupies, in bytes; 0 if it has ended.
    pub fn memory(&self) -> u64 {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.pid)).unwrap_or_default();
        let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * rustix::param::page_size() as u64
    }

    /// The most memory that it has occupied so far, in bytes; 0 if it has ended, or is a copy of this process
    /// that is still to become another program.
    pub fn peak_memory(&self) -> u64 {
        let runs = |pid: &str| fs::read_link(format!("/proc/{pid}/exe")).ok();
        if runs(&self.pid.to_string()) == runs("self") {
            return 0;
        }
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
    /// If the system refuses to poll the handle.
    pub fn has_ended(&self) -> bool {
        let mut watched = [PollFd::new(&self.handle, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut watched, Some(&now)).expect("a handle can be polled") > 0
    }

    /// Whether it has ended and its parent has not taken note of that.
    pub fn is_zombie(&self) -> bool {
        self.has_ended() && stat_of(self.pid, 0).as_deref() == Some("Z")
    }

    /// Sends a signal, unless the process has ended.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Sends SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }
}

/// The ids of all processes.
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
