//! Processes: what is known of one, as far as this user may ask.

use std::{collections::BTreeMap, io, path::Path, ptr};

use jiff::Timestamp;
use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_PARAMETER, FILETIME, STILL_ACTIVE},
    System::Threading::{
        GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32,
        PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
    },
};

use super::{handle::Handle, snapshot, user};
use crate::{
    conflict::{HTTP_SYS, Holder},
    os::interface::{HoldingProcess, TreeProcess},
};

/// The process that stands for the kernel. A port that it holds is http.sys's: there programs and
/// services leave URLs, and the kernel listens for them.
const SYSTEM: u32 = 4;

/// From 1601, when the clock of Windows begins, to 1970, in its ticks of 100 ns.
const TICKS_UNTIL_1970: i64 = 116_444_736_000_000_000;

/// Room for any path, which here has fewer than 32,768 characters.
const MAX_PATH: usize = 1 << 15;

/// What is known of a process; `None` if it is gone.
pub(super) fn process(pid: u32) -> Option<HoldingProcess> {
    if pid == SYSTEM {
        let name = Some(HTTP_SYS.to_owned());
        let holder = Holder { pid: Some(pid), name, ..Holder::default() };
        return Some(HoldingProcess { holder, orphan: false });
    }
    let process = match open(pid) {
        Ok(process) => process,
        // No process has this number. Any other refusal means that it is not ours to ask.
        Err(error) if error.raw_os_error() == Some(ERROR_INVALID_PARAMETER.cast_signed()) => {
            return None;
        }
        Err(_) => {
            let holder = Holder { pid: Some(pid), name: snapshot::name(pid), ..Holder::default() };
            return Some(HoldingProcess { holder, orphan: false });
        }
    };
    if has_ended(&process) {
        return None;
    }
    let exe = image(&process);
    let file = exe.as_deref().and_then(|exe| Path::new(exe).file_name());
    let name = file.map(|file| file.to_string_lossy().into_owned());
    let holder = Holder {
        pid: Some(pid),
        name: name.or_else(|| snapshot::name(pid)),
        user: user::of(&process),
        started_at: started_at(&process),
        exe,
    };
    Some(HoldingProcess { holder, orphan: false })
}

fn open(pid: u32) -> io::Result<Handle> {
    // SAFETY: no pointer is passed; the handle is not inheritable.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    Handle::from_answer(handle)
}

/// Whether it has ended and is only kept because a program still has a handle to it.
fn has_ended(process: &Handle) -> bool {
    let mut code = 0;
    // SAFETY: the handle is open, and `code` may be written to until the call returns.
    let done = unsafe { GetExitCodeProcess(process.raw(), ptr::from_mut(&mut code)) };
    done != 0 && code != STILL_ACTIVE.cast_unsigned()
}

/// The file that it runs.
fn image(process: &Handle) -> Option<String> {
    let mut path = vec![0_u16; MAX_PATH];
    let mut length = u32::try_from(path.len()).ok()?;
    // SAFETY: the handle is open; `path` has `length` characters to write to, and `length` may be
    // written to; all live until the call returns.
    let done = unsafe {
        QueryFullProcessImageNameW(
            process.raw(),
            PROCESS_NAME_WIN32,
            path.as_mut_ptr(),
            ptr::from_mut(&mut length),
        )
    };
    let path = path.get(..usize::try_from(length).ok()?).filter(|_| done != 0)?;
    Some(String::from_utf16_lossy(path))
}

/// The processes that descend from `root`, which is not one of them, in the order of their numbers. Processes keep
/// the number of the parent that has ended, so what a process of the tree left behind counts until that number
/// is used again.
///
/// # Errors
///
/// If `root` is gone (`NotFound`).
pub fn tree_of(root: u32) -> io::Result<Vec<TreeProcess>> {
    let parents: BTreeMap<u32, u32> = snapshot::parents().collect();
    if !parents.contains_key(&root) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut found = BTreeMap::new();
    let mut left = vec![(root, started_ticks(root))];
    while let Some((parent, parent_started)) = left.pop() {
        for (&pid, _) in parents.iter().filter(|(_, of)| **of == parent) {
            let started = started_ticks(pid);
            // What is older than its parent was started by another process of that number.
            let is_child = parent_started.is_none_or(|of| started.is_none_or(|own| of <= own));
            if pid == root || found.contains_key(&pid) || !is_child {
                continue;
            }
            let can_be_read = started.is_some();
            found.insert(pid, TreeProcess { pid, parent, uid: None, started, can_be_read });
            left.push((pid, started));
        }
    }
    Ok(found.into_values().collect())
}

/// Whether a process descends from `root`, as [`tree_of`] has it.
pub fn descends_from(pid: u32, root: u32) -> bool {
    tree_of(root).is_ok_and(|tree| tree.iter().any(|process| process.pid == pid))
}

/// When a process started, in ticks of 100 ns since 1601; `None` if it is not ours to ask.
fn started_ticks(pid: u32) -> Option<u64> {
    u64::try_from(created_at(&open(pid).ok()?)?).ok()
}

fn started_at(process: &Handle) -> Option<Timestamp> {
    let microseconds = created_at(process)?.checked_sub(TICKS_UNTIL_1970)? / 10;
    Timestamp::from_microsecond(microseconds).ok()
}

/// When it started, in ticks of 100 ns since 1601.
fn created_at(process: &Handle) -> Option<i64> {
    let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is open, and the four times may be written to until the call returns.
    let done = unsafe {
        GetProcessTimes(
            process.raw(),
            ptr::from_mut(&mut created),
            ptr::from_mut(&mut exited),
            ptr::from_mut(&mut kernel),
            ptr::from_mut(&mut user),
        )
    };
    let ticks = i64::from(created.dwHighDateTime) << 32 | i64::from(created.dwLowDateTime);
    (done != 0).then_some(ticks)
}
