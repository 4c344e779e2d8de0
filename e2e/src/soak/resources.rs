//! What the launcher occupies: memory, descriptors, threads.

use std::fs;

use crate::{WatchedProcess, wait_for};

/// The memory, in bytes, that it may take during all faults. A diagnosis reads the tables of all
/// sockets, and the clients leave thousands behind in TIME_WAIT; a leak in each step is more.
const ROOM: u64 = 48 << 20;

/// Descriptors and threads that come and go: a client of the control socket, a proof.
const SLACK: usize = 3;

/// The resources of a launcher that has just become ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resources {
    pid: u32,
    memory: u64,
    descriptors: usize,
    threads: usize,
}

impl Resources {
    pub(super) fn of(pid: u32) -> Self {
        let count =
            |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, Iterator::count);
        let memory = WatchedProcess::of(pid).map_or(0, |launcher| launcher.memory());
        Self { pid, memory, descriptors: count("fd"), threads: count("task") }
    }

    /// Waits until it occupies no more than at first, but for what comes and goes.
    #[track_caller]
    pub(super) fn check(&self) {
        let is_no_more = |now: &Self| {
            now.descriptors <= self.descriptors + SLACK
                && now.threads <= self.threads + SLACK
                && now.memory <= self.memory + ROOM
        };
        let settled = wait_for(|| is_no_more(&Self::of(self.pid)).then_some(()));
        assert!(settled.is_some(), "it began with {self:?} and has {:?}", Self::of(self.pid));
    }
}

/// The programs that run in this home, by name: found by their environment, also if another process
/// started them.
pub(super) fn programs_in(home: &str) -> Vec<(u32, String)> {
    let variable = format!("HOMEPORT_HOME={home}\0");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let lives_here =
            environment.windows(variable.len()).any(|part| part == variable.as_bytes());
        let program = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        lives_here.then(|| (pid, program.file_name().unwrap_or_default().to_string_lossy().into()))
    })
    .collect()
}
