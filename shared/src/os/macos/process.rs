//! Processes, by libproc: what is known of one.

use std::{collections::BTreeMap, ffi::CStr, io, mem, path::Path, ptr};

use jiff::Timestamp;
use libc::{
    PROC_PIDPATHINFO_MAXSIZE, PROC_PIDTBSDINFO, SIG_IGN, SSTOP, c_char, c_int, c_void,
    proc_bsdinfo, sigaction,
};
use rustix::process::Pid;

use crate::{
    conflict::Holder,
    os::{
        interface::{HoldingProcess, TreeProcess},
        unix,
    },
};

/// The most processes that are asked for at once.
const MAX_PROCESSES: usize = 1 << 14;

/// What is known of a process; `None` if it is gone or another user's. Whether it was left
/// behind is unknown: what launchd starts has no other parent than what it adopts.
pub(super) fn process(pid: u32) -> Option<HoldingProcess> {
    let number = c_int::try_from(pid).ok()?;
    let info = bsd_info(number)?;
    let exe = path(number);
    let file = exe.as_deref().and_then(|exe| Path::new(exe).file_name());
    let name = file.map(|file| file.to_string_lossy().into_owned());
    let seconds = i64::try_from(info.pbi_start_tvsec).ok();
    let holder = Holder {
        pid: Some(pid),
        name: name.or_else(|| short_name(&info.pbi_name)),
        user: Some(unix::user_name(info.pbi_uid).unwrap_or_else(|| info.pbi_uid.to_string())),
        started_at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        exe,
    };
    Some(HoldingProcess { holder, orphan: false })
}

fn bsd_info(pid: c_int) -> Option<proc_bsdinfo> {
    let length = c_int::try_from(size_of::<proc_bsdinfo>()).ok()?;
    let mut info = mem::MaybeUninit::<proc_bsdinfo>::zeroed();
    // SAFETY: `info` has `length` bytes to write to, and lives until the call returns.
    let written =
        unsafe { libc::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), length) };
    // SAFETY: it consists of numbers, for which zeros will do where nothing was written.
    let info = unsafe { info.assume_init() };
    (written == length).then_some(info)
}

/// The processes that descend from `root`, which is not one of them, and those of the sessions that it and they lead, in the
/// order of their numbers. A process that has begun another session and whose parent has ended is no longer among them:
/// there is nothing here that adopts orphans but launchd.
///
/// # Errors
///
/// If `root` is gone (`NotFound`).
pub fn tree_of(root: u32) -> io::Result<Vec<TreeProcess>> {
    let number = c_int::try_from(root).map_err(|_| io::ErrorKind::NotFound)?;
    bsd_info(number).ok_or(io::ErrorKind::NotFound)?;
    Ok(below(root))
}

/// Whether a process descends from `root`, as [`tree_of`] has it.
pub fn descends_from(pid: u32, root: u32) -> bool {
    tree_of(root).is_ok_and(|tree| tree.iter().any(|process| process.pid == pid))
}

/// Those of [`tree_of`], also if `root` is gone: a session keeps its number until its last process has ended.
pub fn below(root: u32) -> Vec<TreeProcess> {
    let Ok(root) = c_int::try_from(root) else { return vec![] };
    let (mut found, mut left) = (BTreeMap::new(), vec![root]);
    let sessions = sessions();
    while let Some(parent) = left.pop() {
        let in_session = sessions.iter().filter(|(_, leader)| *leader == parent);
        let next = children_of(parent).into_iter().chain(in_session.map(|(pid, _)| *pid));
        for child in next.filter(|child| *child != root) {
            if let (Ok(pid), false) = (u32::try_from(child), found.contains_key(&child)) {
                found.insert(child, described(pid, bsd_info(child).as_ref()));
                left.push(child);
            }
        }
    }
    found.into_values().collect()
}

/// All processes, each with the leader of its session.
fn sessions() -> Vec<(c_int, c_int)> {
    let leader = |pid| rustix::process::getsid(Pid::from_raw(pid)).ok();
    listed(|pids, length| {
        // SAFETY: `pids` has `length` bytes to write to, and lives until the call returns.
        unsafe { libc::proc_listallpids(pids, length) }
    })
    .into_iter()
    .filter_map(|pid| Some((pid, leader(pid)?.as_raw_nonzero().get())))
    .collect()
}

/// What is known of a process; nothing of another user's.
fn described(pid: u32, info: Option<&proc_bsdinfo>) -> TreeProcess {
    let microseconds = |info: &proc_bsdinfo| {
        info.pbi_start_tvsec.checked_mul(1_000_000)?.checked_add(info.pbi_start_tvusec)
    };
    TreeProcess {
        pid,
        parent: info.map(|info| info.pbi_ppid).unwrap_or_default(),
        uid: info.map(|info| info.pbi_uid),
        started: info.and_then(microseconds),
        can_be_read: info.is_some(),
    }
}

fn children_of(parent: c_int) -> Vec<c_int> {
    listed(|pids, length| {
        // SAFETY: `pids` has `length` bytes to write to, and lives until the call returns.
        unsafe { libc::proc_listchildpids(parent, pids, length) }
    })
}

/// The numbers that a call writes, which answers how many there are.
fn listed(list: impl Fn(*mut c_void, c_int) -> c_int) -> Vec<c_int> {
    let mut pids = vec![0; MAX_PROCESSES];
    let length = c_int::try_from(size_of_val(pids.as_slice())).unwrap_or_default();
    let count = list(pids.as_mut_ptr().cast(), length);
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids
}

/// The file that it runs.
fn path(pid: c_int) -> Option<String> {
    let room = usize::try_from(PROC_PIDPATHINFO_MAXSIZE).ok()?;
    let mut path = vec![0_u8; room];
    let length = u32::try_from(room).ok()?;
    // SAFETY: `path` has `length` bytes to write to, and lives until the call returns.
    let written =
        unsafe { libc::proc_pidpath(pid, ptr::from_mut(path.as_mut_slice()).cast(), length) };
    let written = usize::try_from(written).ok().filter(|&written| written > 0)?;
    Some(String::from_utf8_lossy(path.get(..written)?).into_owned())
}

fn short_name(name: &[c_char]) -> Option<String> {
    let bytes: Vec<u8> = name.iter().map(|byte| byte.cast_unsigned()).collect();
    let name = CStr::from_bytes_until_nul(&bytes).ok()?.to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

/// Whether a process is stopped, by Ctrl-Z or a debugger.
pub fn is_stopped(pid: u32) -> bool {
    let info = c_int::try_from(pid).ok().and_then(bsd_info);
    info.is_some_and(|info| info.pbi_status == SSTOP)
}

/// Whether this process ignores a signal, as one that `nohup` has started ignores SIGHUP.
pub fn is_ignored(signal: c_int) -> bool {
    let mut now = mem::MaybeUninit::<sigaction>::zeroed();
    // SAFETY: without a new action the call changes nothing, and `now` is writable until it returns.
    if unsafe { sigaction(signal, ptr::null(), now.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call has succeeded and filled it in; all zeros would be one as well.
    let now = unsafe { now.assume_init() };
    now.sa_sigaction == SIG_IGN
}
