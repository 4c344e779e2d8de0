//! Processes, from `/proc`: who holds a socket, and what is known of them.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs, io,
    mem::MaybeUninit,
    path::Path,
};

use jiff::Timestamp;
use rustix::{
    fs::{Mode, OFlags, RawDir},
    io::Errno,
};

use crate::{
    conflict::Holder,
    os::{
        interface::{HoldingProcess, OpenFile},
        unix,
    },
};

/// The longest name that the kernel keeps of a process.
const MAX_COMM: usize = 15;

/// Finds the processes that hold the `wanted` inodes, in one pass over all that may be looked into:
/// those of this user, or every user's for root.
pub(super) fn holders(wanted: &HashSet<u64>) -> HashMap<u64, Vec<u32>> {
    let mut found: HashMap<u64, Vec<u32>> = HashMap::new();
    for pid in pids() {
        // A process that is gone by now, or that is not ours to look into, holds nothing we can see.
        let _ = each_socket(pid, |inode| {
            if wanted.contains(&inode) {
                let pids = found.entry(inode).or_default();
                if pids.last() != Some(&pid) {
                    pids.push(pid);
                }
            }
        });
    }
    found
}

pub(super) fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The files that the processes of some programs have open, as far as they may be looked into: those of this user,
/// or every user's for root. A file that is removed or renamed is still among them.
pub fn open_files(is_wanted: impl Fn(&Path) -> bool) -> impl Iterator<Item = OpenFile> {
    let is_one = move |pid: &u32| exe_of(*pid).is_some_and(|exe| is_wanted(Path::new(&exe)));
    pids().filter(is_one).flat_map(|pid| {
        let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let link = entry.path();
            let named = without_remark(fs::read_link(&link).ok()?.to_string_lossy().into_owned());
            Some(OpenFile { pid, named: named.into(), link })
        })
    })
}

/// The file that a process runs.
fn exe_of(pid: u32) -> Option<String> {
    let exe = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(without_remark(exe.to_string_lossy().into_owned()))
}

/// Without what the kernel appends to the path of a file that was removed or replaced.
fn without_remark(path: String) -> String {
    path.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(path)
}

/// The sockets that a process has open, by the inode in [`SocketEntry::id`](crate::os::SocketEntry::id).
///
/// # Errors
///
/// If the process is gone, or may not be looked into (`PermissionDenied`).
pub fn sockets_of(pid: u32) -> io::Result<HashSet<u64>> {
    let mut sockets = HashSet::new();
    each_socket(pid, |inode| sockets.extend([inode]))?;
    Ok(sockets)
}

/// Calls `found` with the inode of every socket that a process has open.
fn each_socket(pid: u32, mut found: impl FnMut(u64)) -> rustix::io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(format!("/proc/{pid}/fd"), flags, Mode::empty())?;
    let mut names = [MaybeUninit::uninit(); 4096];
    let mut names = RawDir::new(&folder, &mut names);
    while let Some(name) = names.next() {
        let mut target = [MaybeUninit::uninit(); 64];
        let target = rustix::fs::readlinkat_raw(&folder, name?.file_name(), &mut target);
        match target {
            Ok((target, _)) => {
                socket_inode(target).into_iter().for_each(&mut found);
            }
            Err(Errno::ACCESS | Errno::PERM) => return Err(Errno::ACCESS),
            // It was closed just now.
            Err(_) => {}
        }
    }
    Ok(())
}

/// The number in `socket:[1192]`.
fn socket_inode(target: &[u8]) -> Option<u64> {
    let digits = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// What is known of a process; `boot` is when the system started, in seconds.
pub(super) fn process(pid: u32, boot: Option<i64>) -> Option<HoldingProcess> {
    let stat = Stat::read(pid)?;
    let exe = exe_of(pid);
    let holder = Holder {
        pid: Some(pid),
        name: Some(full_name(&stat.name, exe.as_deref())),
        user: user_of(pid).map(|uid| unix::user_name(uid).unwrap_or_else(|| uid.to_string())),
        started_at: boot.and_then(|boot| stat.started_at(boot)),
        exe,
    };
    Some(HoldingProcess { holder, orphan: stat.is_orphan() })
}

/// The kernel's short name, or the name of the file where the kernel had to cut it off.
fn full_name(comm: &str, exe: Option<&str>) -> String {
    let file = exe.and_then(|exe| Path::new(exe).file_name()).and_then(|name| name.to_str());
    match file {
        Some(file) if comm.len() == MAX_COMM && file.starts_with(comm) => file.to_owned(),
        _ => comm.to_owned(),
    }
}

/// The user whose rights a process has. The owner of `/proc/PID` is not asked: it is root for any
/// program that does not let itself be debugged.
pub(super) fn user_of(pid: u32) -> Option<u32> {
    status_of(pid, "Uid:")?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// A field of `proc_pid_status(5)`.
fn status_of(process: impl fmt::Display, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(field)).map(str::to_owned)
}

/// Whether a process is in the network namespace of this one, as far as it may be looked into.
pub fn shares_network(pid: u32) -> bool {
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    let (theirs, own) = (namespace(&pid.to_string()), namespace("self"));
    theirs.is_none_or(|theirs| own == Some(theirs))
}

/// Whether a process has this number, here or in a PID namespace of its own.
pub fn has_number(pid: u32, number: u32) -> bool {
    let numbers = status_of(pid, "NSpid:").unwrap_or_default();
    numbers.split_ascii_whitespace().any(|one| one.parse() == Ok(number))
}

/// What tells this start of the system from every other.
pub fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// When the system started, in seconds since 1970.
pub(super) fn boot_time() -> Option<i64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The fields of `/proc/PID/stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: u32,
    name: String,
    state: String,
    pub(super) parent: u32,
    session: u32,
    threads: u32,
    /// When the process started, in clock ticks since the start of the system.
    pub(super) started: i64,
}

impl Stat {
    pub(super) fn read(pid: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&stat))
    }

    /// `812 (docker-proxy) S 1 812 812 ...`; a name may hold anything, parentheses too.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, rest) = stat.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        // The state is field 3 of proc_pid_stat(5).
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: field(3)?.to_owned(),
            parent: field(4)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            threads: field(20)?.parse().ok()?,
            started: field(22)?.parse().ok()?,
        })
    }

    fn started_at(&self, boot: i64) -> Option<Timestamp> {
        let ticks =
            i64::try_from(rustix::param::clock_ticks_per_second()).ok().filter(|&t| t > 0)?;
        let milliseconds =
            boot.checked_mul(1000)?.checked_add(self.started.checked_mul(1000)? / ticks)?;
        Timestamp::from_millisecond(milliseconds).ok()
    }

    /// Whether it has ended and waits for its parent. A process whose first thread has ended lives on in the others.
    pub(super) fn is_dead(&self) -> bool {
        matches!(&*self.state, "Z" | "X") && self.threads <= 1
    }

    /// Whether the process that started this one is gone. It was then adopted, by the first process or by
    /// a reaper, which shows in that it does not live in its parent's session. A process that leads
    /// a session set itself apart, as services do.
    fn is_orphan(&self) -> bool {
        let adopted = || Self::read(self.parent).is_some_and(|p| p.session != self.session);
        self.session != self.pid && (self.parent == 1 || adopted())
    }
}

/// Whether a process is stopped, by Ctrl-Z or a debugger.
pub fn is_stopped(pid: u32) -> bool {
    Stat::read(pid).is_some_and(|stat| matches!(&*stat.state, "T" | "t"))
}

/// Whether this process ignores a signal, as one that `nohup` has started ignores SIGHUP.
pub fn is_ignored(signal: i32) -> bool {
    let mask = status_of("self", "SigIgn:");
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_name_may_look_like_anything() {
        let numbers = "S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4321 99";
        let stat = Stat::parse(&format!("812 (a) (b c) {numbers}")).expect("a stat line");
        assert_eq!((stat.pid, stat.name.as_str()), (812, "a) (b c"));
        assert_eq!((stat.parent, stat.session, stat.started), (7, 9, 4321));
        assert_eq!(Stat::parse("812 (a) S 7 8"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn only_sockets_have_an_inode_that_counts() {
        assert_eq!(socket_inode(b"socket:[1192]"), Some(1192));
        for other in ["pipe:[1192]", "socket:[]", "socket:[1", "/dev/null", ""] {
            assert_eq!(socket_inode(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_name_that_the_kernel_cut_off_is_completed_from_the_file() {
        assert_eq!(
            full_name("chromium-browse", Some("/usr/lib/chromium-browser")),
            "chromium-browser"
        );
        assert_eq!(full_name("node", Some("/usr/bin/nodejs")), "node");
        assert_eq!(full_name("python3", None), "python3");
    }

    #[test]
    fn this_process_is_alive_and_no_longer_than_the_system() {
        let stat = Stat::read(std::process::id()).expect("this process");
        let boot = boot_time().expect("the system has started");
        let started = stat.started_at(boot).expect("a time");
        assert!(started >= Timestamp::from_second(boot).expect("a time"));
    }
}
