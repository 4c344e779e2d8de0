//! A process that somebody else started, held by a handle that no later process can inherit.

use std::{fs, os::fd::OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

/// A process, and not merely its number: numbers are given again.
#[derive(Debug)]
pub struct Watched {
    pid: u32,
    handle: OwnedFd,
}

impl Watched {
    /// The process of this number, if there is one now.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let handle = pidfd_open(number, PidfdFlags::empty()).ok()?;
        Some(Self { pid, handle })
    }

    /// The processes that this one has started and that live.
    #[must_use]
    pub fn children_of(parent: u32) -> Vec<Self> {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let of_parent = |pid: &u32| parent_of(*pid) == Some(parent);
        // Asked again once it is held: the number may have gone to another in between.
        pids.filter(of_parent).filter_map(Self::of).filter(|held| of_parent(&held.pid)).collect()
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it has ended.
    ///
    /// # Panics
    ///
    /// If the system cannot tell.
    #[must_use]
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

/// The fourth field of `/proc/PID/stat`, behind a name that may hold anything.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
