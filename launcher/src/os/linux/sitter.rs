//! The sitter and its tree: a sub-reaper becomes the parent of what loses its own, so that nothing escapes.

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{
        PidfdFlags, Signal, WaitOptions, getpid, getppid, pidfd_open, pidfd_send_signal,
        set_child_subreaper, set_parent_process_death_signal, waitpid,
    },
    thread::set_name,
};

use super::stat::state_of;
pub use crate::os::unix::{
    kill,
    sitter::{
        OrderWriter, OutputReader, PROGRAM_STDIN, RELAYED_STDOUT, SitterProcess, Sources,
        StartedSitter, refuses_signals, start,
    },
};
use crate::os::{
    interface::{EndedProcesses, KillReport},
    unix::{
        close_at_exec,
        sitter::{pid_of, reap_children, reset_signals, signal_groups},
    },
};
use shared::os::descends_from;
pub use shared::os::tree_of;

/// How long the end of killed orphans is waited for: one that waits for a disk ends late.
const ORPHANS_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two looks at what is left.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes this process the sitter of a program: the parent of all that loses its own. What it starts gets none of the
/// files that are open here besides its streams.
///
/// # Errors
///
/// If the system does not know sub-reapers.
pub fn set_up() -> io::Result<()> {
    set_name(c"homeport-sitter")?;
    close_at_exec();
    adopt_orphans()
}

/// Makes this process the parent of every process below it that loses its own.
///
/// # Errors
///
/// If the system does not know sub-reapers.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Has the kernel kill what `command` will start when this process ends, and gives it the signals as a terminal would.
///
/// Must be called from the main thread: the kernel's signal comes when the *thread* that started the child ends.
pub fn bind_to_this_process(command: &mut Command) {
    let parent = getpid();
    let bind = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        reset_signals();
        let still_there = getppid() == Some(parent);
        if still_there { Ok(()) } else { Err(io::ErrorKind::NotConnected.into()) }
    };
    // SAFETY: between fork and exec the closure makes system calls and compares two numbers; it neither
    // allocates nor takes a lock, in success or in failure.
    unsafe { command.pre_exec(bind) };
}

/// Sends a signal to the process group of `main`, and to the groups of those that have left it. Returns the processes
/// that do not take it.
pub fn signal_tree(_: &Sources, main: u32, signal: i32) -> Vec<u32> {
    let tree = below(process::id(), &[]);
    signal_groups(main, tree.iter().filter_map(|pid| group_of(*pid)), signal);
    tree.into_iter().filter(|pid| refuses_signals(*pid)).collect()
}

/// Whether nothing lives below this process.
pub fn is_tree_empty(_: &Sources) -> bool {
    below(process::id(), &[]).is_empty()
}

/// Stops and then kills everything below this process.
pub fn kill_tree(_: &Sources) -> KillReport {
    kill_all(&below(process::id(), &[]))
}

/// Takes the exit codes of all that has ended. What has lost its parent is a child of this process.
pub fn reap(_: &mut Sources) -> EndedProcesses {
    reap_children()
}

/// Stops all of them, so that none starts another, and then kills them.
fn kill_all(pids: &[u32]) -> KillReport {
    let found = pids.iter().filter_map(|pid| Some((*pid, handle_of(*pid)?)));
    let mut pass = KillReport::default();
    let mut stopped = Vec::new();
    for (pid, process) in found {
        match pidfd_send_signal(&process, Signal::STOP) {
            Err(Errno::PERM) => pass.refused.push(pid),
            // One that has ended is not worth a signal, and none is lost.
            Ok(()) | Err(_) => stopped.push(process),
        }
    }
    for process in &stopped {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
    pass.killed = stopped.len();
    pass
}

/// Kills what is below this process and below none of `keep`, which are its children, until none of it is left; it is
/// what the sitter with this number has left, which was killed. Its exit codes are taken: a process whose code is not
/// looks alive to a program that sends it signal 0.
pub fn end_orphans(_: u32, keep: &[u32]) {
    let until = Instant::now() + ORPHANS_TIMEOUT;
    loop {
        let pass = kill_all(&below(process::id(), keep));
        // Each becomes a child of this process when its parents have ended, and a zombie when its threads have.
        let orphans: Vec<_> =
            children_of(process::id()).filter(|child| !keep.contains(child)).collect();
        let cannot_be_killed = pass.killed == 0 && !pass.refused.is_empty();
        if orphans.is_empty() || cannot_be_killed || Instant::now() >= until {
            return;
        }
        for orphan in orphans.into_iter().filter_map(pid_of) {
            let _ = waitpid(Some(orphan), WaitOptions::NOHANG);
        }
        thread::sleep(PAUSE);
    }
}

/// Through which signals reach a process below this one, and never another with its number.
fn handle_of(pid: u32) -> Option<OwnedFd> {
    let handle = pidfd_open(pid_of(pid)?, PidfdFlags::empty()).ok()?;
    // The number may have passed to another process before.
    descends_from(pid, process::id()).then_some(handle)
}

/// The process group of a living process.
fn group_of(pid: u32) -> Option<u32> {
    let fields = state_of(pid);
    let mut fields = fields.split(' ');
    let is_dead = matches!(fields.next()?, "Z" | "X");
    let group = fields.nth(1)?.parse().ok()?;
    (!is_dead).then_some(group)
}

/// The living processes below `root`, without those at or below one of `keep`.
fn below(root: u32, keep: &[u32]) -> Vec<u32> {
    let mut found = vec![];
    let mut next = vec![root];
    while let Some(pid) = next.pop() {
        if keep.contains(&pid) {
            continue;
        }
        next.extend(children_of(pid));
        found.extend((pid != root && group_of(pid).is_some()).then_some(pid));
    }
    found
}

/// The children of a process, also those that have ended and wait for it.
fn children_of(pid: u32) -> impl Iterator<Item = u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.flat_map(|thread| {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        children.collect::<Vec<_>>()
    })
}
