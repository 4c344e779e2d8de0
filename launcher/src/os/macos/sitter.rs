//! The sitter and its tree. Nothing here adopts orphans but launchd, so the tree is what descends from the sitter and what is
//! in its session. A process that begins a session of its own and has lost its parents has escaped.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{self, Command},
    ptr,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue},
    io::Errno,
    process::{Signal, getpgid, getpid, kill_process},
};
use shared::os::below;

pub use crate::os::unix::{
    kill,
    sitter::{
        OrderWriter, OutputReader, PROGRAM_STDIN, RELAYED_STDOUT, SitterProcess, Sources,
        StartedSitter, refuses_signals, start,
    },
};
use crate::os::{
    interface::{EndedProcess, EndedProcesses, KillReport},
    unix::{
        close_at_exec,
        sitter::{pid_of, reap_children, reset_signals, signal_groups},
    },
};
pub use shared::os::tree_of;

/// How long the end of killed orphans is waited for: one that waits for a disk ends late.
const ORPHANS_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two looks at what is left.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes this process the sitter of a program. What it starts gets none of the files that are open here besides its
/// streams.
///
/// # Errors
///
/// None here.
pub fn set_up() -> io::Result<()> {
    close_at_exec();
    Ok(())
}

/// Gives what `command` will start the signals as a terminal would. Nothing here ends it when this process is killed;
/// the launcher does.
pub fn bind_to_this_process(command: &mut Command) {
    let reset = || {
        reset_signals();
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls; it neither allocates nor takes a lock.
    unsafe { command.pre_exec(reset) };
}

/// Sends a signal to the process group of `main`, and to the groups of those that have left it. Returns the processes
/// that do not take it.
pub fn signal_tree(_: &Sources, main: u32, signal: i32) -> Vec<u32> {
    let group = |pid| Some(getpgid(pid_of(pid)).ok()?.as_raw_nonzero().get().cast_unsigned());
    let tree = left_of(process::id());
    signal_groups(main, tree.iter().copied().filter_map(group), signal);
    tree.into_iter().filter(|pid| refuses_signals(*pid)).collect()
}

/// Whether nothing is left of the tree.
pub fn is_tree_empty(_: &Sources) -> bool {
    left_of(process::id()).is_empty()
}

/// Stops and then kills the whole tree.
pub fn kill_tree(_: &Sources) -> KillReport {
    kill_all(&left_of(process::id()))
}

/// Stops all of them, so that none starts another, and then kills them.
fn kill_all(pids: &[u32]) -> KillReport {
    let mut pass = KillReport::default();
    let mut stopped = Vec::new();
    for process in pids.iter().copied().filter_map(pid_of) {
        match kill_process(process, Signal::STOP) {
            Ok(()) => stopped.push(process),
            Err(Errno::PERM) => {
                pass.refused.push(process.as_raw_nonzero().get().cast_unsigned());
            }
            // It has ended.
            Err(_) => {}
        }
    }
    for process in &stopped {
        let _ = kill_process(*process, Signal::KILL);
    }
    pass.killed = stopped.len();
    pass
}

/// Takes the exit codes of the children that have ended, and takes note of orphans that have: launchd has their codes.
pub fn reap(_: &mut Sources) -> EndedProcesses {
    let mut ended = reap_children();
    let left = left_of(process::id());
    ended.none_is_left &= left.is_empty();
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let is_reaped = |pid: u32| ended.processes.iter().any(|process| process.pid == pid);
    let gone: Vec<_> =
        watched.iter().copied().filter(|pid| !left.contains(pid) && !is_reaped(*pid)).collect();
    let gone = gone.into_iter().map(|pid| EndedProcess { pid, exit_code: None, signal: None });
    ended.processes.extend(gone);
    watched.retain(|pid| left.contains(pid));
    for pid in left {
        if !watched.contains(&pid) && watch(pid).is_ok() {
            watched.push(pid);
        }
    }
    ended
}

/// The processes of the tree whose ends are waited for.
static WATCHED: Mutex<Vec<u32>> = Mutex::new(vec![]);

/// Tells of the end of those processes.
static ENDS: OnceLock<OwnedFd> = OnceLock::new();

/// Has this process sent SIGCHLD when the process ends, whoever its parent is.
fn watch(pid: u32) -> io::Result<()> {
    let ends = match ENDS.get() {
        Some(ends) => ends,
        None => {
            let made = kqueue()?;
            let ends = ENDS.get_or_init(|| made);
            thread::Builder::new().name("orphans".to_owned()).spawn(move || tell_of_ends(ends))?;
            ends
        }
    };
    let pid = pid_of(pid).ok_or(io::ErrorKind::NotFound)?;
    let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
    let event = Event::new(filter, EventFlags::ADD | EventFlags::ONESHOT, ptr::null_mut());
    // SAFETY: the event names no descriptor that could be closed meanwhile.
    unsafe { kevent(ends, &[event], &mut Vec::<Event>::new(), Some(Duration::ZERO)) }?;
    Ok(())
}

fn tell_of_ends(ends: &OwnedFd) {
    let mut ended = Vec::<Event>::with_capacity(1);
    // SAFETY: no descriptor is named that could be closed meanwhile.
    while unsafe { kevent(ends, &[], spare_capacity(&mut ended), None) }.is_ok() {
        ended.clear();
        let _ = kill_process(getpid(), Signal::CHILD);
    }
}

/// Kills what the sitter with this number has left, which was killed, until nothing of its session is left.
pub fn end_orphans(sitter: u32, _: &[u32]) {
    let until = Instant::now() + ORPHANS_TIMEOUT;
    while kill_all(&left_of(sitter)).killed > 0 && Instant::now() < until {
        thread::sleep(PAUSE);
    }
}

/// The processes of the tree of this sitter, which may have ended.
fn left_of(sitter: u32) -> Vec<u32> {
    below(sitter).into_iter().map(|process| process.pid).collect()
}
