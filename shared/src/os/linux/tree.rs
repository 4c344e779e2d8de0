//! The processes that descend from another one, by `/proc`.

use std::{
    collections::BTreeMap, fs, io, iter, mem::MaybeUninit, os::unix::fs::MetadataExt, path::Path,
    sync::OnceLock,
};

use rustix::{
    fd::OwnedFd,
    fs::{Access, Mode, OFlags, RawDir},
    io::Errno,
    process::Pid,
};

use super::process::{self, Stat};
use crate::os::interface::{ProcessVisibility, TreeProcess};

/// How often a tree that changes is looked at again. A program that forks faster than this has all that stayed
/// alive for a moment found.
const PASSES: usize = 5;

/// How deep a tree is at most that is believed.
const MAX_DEPTH: usize = 64;

/// A process that was found, and what is known of it: nothing if `/proc` hides it.
#[derive(Debug, Clone)]
struct Seen {
    parent: u32,
    stat: Option<Stat>,
}

/// What one pass has found, by number, and whether nothing can have escaped it.
type Pass = (BTreeMap<u32, Seen>, bool);

/// The processes that descend from `root`, which is not one of them, in the order of their numbers. An orphan
/// counts if it was adopted by a process of the tree or by `root`, as by one that is a sub-reaper. The dead that
/// wait for their parent are left out.
///
/// # Errors
///
/// If `root` has ended (`NotFound`), or `/proc` cannot be read.
pub fn tree_of(root: u32) -> io::Result<Vec<TreeProcess>> {
    if Stat::read(root).is_some_and(|stat| stat.is_dead()) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let pass = if has_lists_of_children() { by_lists_of_children } else { by_parents };
    settled(|| pass(root))
}

/// Whether a process descends from `root`, as its parents are now: also one that was started since the tree was looked
/// at, or that a look has missed because it got another parent meanwhile.
pub fn descends_from(pid: u32, root: u32) -> bool {
    let parents = iter::successors(Some(pid), |pid| Some(Stat::read(*pid)?.parent));
    // A longer line is one of processes that come and go.
    parents.skip(1).take(MAX_DEPTH).any(|parent| parent == root)
}

/// Looks again until a pass was whole or has found the same as the one before it.
fn settled(pass: impl Fn() -> io::Result<Pass>) -> io::Result<Vec<TreeProcess>> {
    let (mut tree, mut is_whole) = pass()?;
    for _ in 1..PASSES {
        if is_whole {
            break;
        }
        let (found, is_whole_now) = pass()?;
        is_whole = is_whole_now || found.keys().eq(tree.keys());
        // What was not found again may have had another parent at that moment.
        tree.retain(|pid, seen| found.contains_key(pid) || seen.is_still_there());
        tree.extend(found);
    }
    let is_dead = |seen: &Seen| seen.stat.as_ref().is_some_and(Stat::is_dead);
    Ok(tree.iter().filter(|(_, seen)| !is_dead(seen)).map(described).collect())
}

impl Seen {
    fn is_still_there(&self) -> bool {
        let now = self.stat.as_ref().and_then(|stat| Some((Stat::read(stat.pid)?, stat)));
        now.is_some_and(|(now, before)| now.started == before.started)
    }
}

/// Which processes are shown here.
pub fn process_visibility() -> ProcessVisibility {
    // The first process is another user's, unless this one is root: then all are shown.
    match (fs::read("/proc/self/stat"), fs::read("/proc/1/stat")) {
        (Err(_), _) => ProcessVisibility::Nothing,
        (Ok(_), Err(_)) => ProcessVisibility::OwnUser,
        (Ok(_), Ok(_)) => ProcessVisibility::All,
    }
}

/// Whether the kernel keeps a list of the children of each thread, as it does unless it was built without.
fn has_lists_of_children() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| Path::new("/proc/thread-self/children").exists())
}

/// One pass over the tree alone. It was not whole if a process ended meanwhile: its children have another parent
/// by now, which may have been looked at before.
fn by_lists_of_children(root: u32) -> io::Result<Pass> {
    let mut found = BTreeMap::new();
    let (mut is_whole, mut left) = (true, children_of(root)?);
    while let Some((pid, parent)) = left.pop() {
        if pid == root || found.contains_key(&pid) {
            continue;
        }
        let (stat, children) = (Stat::read(pid), children_of(pid));
        if stat.is_none() && !is_hidden(pid) {
            is_whole = false;
            continue;
        }
        is_whole &= stat.as_ref().is_none_or(|stat| children.is_ok() && !stat.is_dead());
        left.extend(children.unwrap_or_default());
        let parent = stat.as_ref().map_or(parent, |stat| stat.parent);
        found.insert(pid, Seen { parent, stat });
    }
    Ok((found, is_whole))
}

/// The children of all threads of a process, each with it.
fn children_of(parent: u32) -> io::Result<Vec<(u32, u32)>> {
    let (flags, mode) = (OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let folder = format!("/proc/{parent}/task");
    let threads = rustix::fs::open(folder, flags | OFlags::DIRECTORY, mode)?;
    let mut names = [MaybeUninit::uninit(); 1024];
    let mut names = RawDir::new(&threads, &mut names);
    let (mut children, mut list) = (Vec::new(), Vec::new());
    while let Some(thread) = names.next() {
        let name = thread?.file_name().to_bytes().to_owned();
        let path = [&name, &b"/children"[..]].concat();
        // A thread that has ended has left its children to another one. The two entries of dots have none.
        let Ok(file) = rustix::fs::openat(&threads, path, flags, mode) else { continue };
        list.clear();
        while read_piece(&file, &mut list)? {}
        let pids = list.split(u8::is_ascii_whitespace).filter_map(|pid| str::from_utf8(pid).ok());
        children.extend(pids.filter_map(|pid| Some((pid.parse().ok()?, parent))));
    }
    Ok(children)
}

/// Appends what is read at once; false at the end of the file.
fn read_piece(file: &OwnedFd, text: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 1024];
    let read = rustix::io::read(file, &mut piece)?;
    text.extend_from_slice(&piece[..read]);
    Ok(read > 0)
}

/// Whether a process is there that `/proc` does not show.
fn is_hidden(pid: u32) -> bool {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let answer = number.map(rustix::process::test_kill_process);
    matches!(answer, Some(Ok(()) | Err(Errno::PERM)))
        && !Path::new(&format!("/proc/{pid}")).exists()
}

/// One pass over all processes, by their parents. It was not whole if one has a parent that was not seen.
fn by_parents(root: u32) -> io::Result<Pass> {
    let all: BTreeMap<u32, Stat> =
        process::pids().filter_map(|pid| Some((pid, Stat::read(pid)?))).collect();
    if !all.contains_key(&root) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let is_whole = all.values().all(|stat| stat.parent == 0 || all.contains_key(&stat.parent));
    let is_below = |stat: &&Stat| {
        let parent = |pid: &u32| all.get(pid).map(|stat| stat.parent);
        // Parents that were read at different times may go round in a circle.
        let mut ancestors = iter::successors(Some(stat.parent), parent).take(all.len());
        stat.pid != root && ancestors.any(|pid| pid == root)
    };
    let seen = |stat: &Stat| (stat.pid, Seen { parent: stat.parent, stat: Some(stat.clone()) });
    Ok((all.values().filter(is_below).map(seen).collect(), is_whole))
}

fn described((&pid, seen): (&u32, &Seen)) -> TreeProcess {
    let started = seen.stat.as_ref().and_then(|stat| u64::try_from(stat.started).ok());
    let can_be_read = rustix::fs::access(format!("/proc/{pid}/fd"), Access::READ_OK).is_ok();
    TreeProcess { pid, parent: seen.parent, uid: user_of(pid), started, can_be_read }
}

/// The user whose rights a process has. Its folder is root's if it does not let itself be debugged.
fn user_of(pid: u32) -> Option<u32> {
    match fs::metadata(format!("/proc/{pid}")).ok()?.uid() {
        0 => process::user_of(pid),
        owner => Some(owner),
    }
}

#[cfg(test)]
mod test {
    use std::{
        io::{BufRead, BufReader, Lines},
        os::unix::process::CommandExt,
        process::{Child, ChildStdout, Command, Stdio},
        time::{Duration, Instant},
    };

    use rustix::process::{Signal, kill_process, kill_process_group};

    use super::*;

    /// What each script begins with: this process adopts the orphans below it.
    const SITTER: &str = "
import ctypes, os, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
def tell(*words): os.write(1, (' '.join(map(str, words)) + '\\n').encode())
";

    /// A script of Python, which ends with this value, as all that descends from it.
    struct Script {
        process: Child,
        lines: Lines<BufReader<ChildStdout>>,
    }

    impl Script {
        fn start(script: &str) -> Self {
            let mut command = Command::new("python3");
            command.args(["-c", &format!("{SITTER}{script}")]).process_group(0);
            let mut process = command.stdout(Stdio::piped()).spawn().expect("python3 starts");
            let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
            Self { process, lines }
        }

        fn root(&self) -> u32 {
            self.process.id()
        }

        /// The numbers of the next line.
        fn numbers(&mut self) -> Vec<u32> {
            let line = self.lines.next().expect("a line").expect("text");
            line.split(' ').map(|number| number.parse().expect("a number")).collect()
        }
    }

    impl Drop for Script {
        fn drop(&mut self) {
            let pid = |number: u32| Pid::from_raw(number.cast_signed()).expect("not 0");
            let _ = kill_process_group(pid(self.root()), Signal::KILL);
            for orphan in tree_of(self.root()).unwrap_or_default() {
                let _ = kill_process(pid(orphan.pid), Signal::KILL);
            }
            let _ = self.process.wait();
        }
    }

    fn pids(tree: &[TreeProcess]) -> Vec<u32> {
        tree.iter().map(|process| process.pid).collect()
    }

    #[test]
    fn an_orphan_of_a_double_fork_is_of_the_tree_of_the_process_that_adopted_it() {
        let mut script = Script::start(
            "
root = os.getpid()
if os.fork() == 0:
    if os.fork(): os._exit(0)
    os.setsid()
    while os.getppid() != root: time.sleep(0.001)
    tell(os.getpid())
    time.sleep(60)
time.sleep(60)
",
        );
        let orphan = script.numbers()[0];
        let root = script.root();
        for pass in [by_lists_of_children, by_parents] {
            let tree = settled(|| pass(root)).expect("it runs");
            assert_eq!(pids(&tree), [orphan], "the dead one is left out");
            let [process] = &tree[..] else { unreachable!() };
            assert_eq!((process.parent, process.can_be_read), (root, true));
            assert_eq!(process.uid, Some(crate::os::own_uid()));
            assert!(process.started >= Stat::read(root).map(|stat| stat.started.cast_unsigned()));
        }
    }

    #[test]
    fn children_of_every_thread_are_of_the_tree_and_its_parent_is_not() {
        let mut script = Script::start(
            "
import threading
def fork():
    child = os.fork()
    if child == 0:
        grandchild = os.fork()
        if grandchild: tell(os.getpid(), grandchild)
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
threading.Thread(target=fork, daemon=True).start()
time.sleep(60)
",
        );
        let below = script.numbers();
        let tree = tree_of(script.root()).expect("it runs");
        assert_eq!(pids(&tree), below);
        assert_eq!(tree[1].parent, below[0]);
        let own = tree_of(std::process::id()).expect("this process");
        assert!(pids(&own).contains(&script.root()), "{own:?}");
        assert!(below.iter().all(|pid| pids(&own).contains(pid)), "{own:?}");
    }

    #[test]
    fn a_process_that_forks_and_ends_all_the_time_is_found_with_what_stays() {
        let mut script = Script::start(
            "
stays = os.fork()
if stays == 0: time.sleep(60); os._exit(0)
chain = os.fork()
if chain == 0:
    until = time.monotonic() + 1
    while time.monotonic() < until:
        if os.fork(): os._exit(0)
        time.sleep(0.002)
    tell(os.getpid())
    time.sleep(60)
    os._exit(0)
tell(stays)
while True:
    try: os.wait()
    except ChildProcessError: pass
",
        );
        let stays = script.numbers()[0];
        let until = Instant::now() + Duration::from_millis(900);
        let (mut looks, mut with_chain) = (0, 0);
        while Instant::now() < until {
            let tree = pids(&tree_of(script.root()).expect("it runs"));
            assert!(tree.contains(&stays) && !tree.contains(&script.root()), "{tree:?}");
            assert!(!tree.contains(&std::process::id()));
            looks += 1;
            with_chain += u32::from(tree.len() > 1);
        }
        assert!(with_chain * 4 >= looks * 3, "{with_chain} of {looks}");
        let last = script.numbers()[0];
        assert_eq!(pids(&tree_of(script.root()).expect("it runs")), {
            let mut both = [stays, last];
            both.sort_unstable();
            both
        });
    }

    #[test]
    fn a_process_that_is_gone_has_no_tree() {
        let mut gone = Command::new("true").spawn().expect("it starts");
        let pid = gone.id();
        gone.wait().expect("it ends");
        let looks = [by_lists_of_children, by_parents].map(|pass| settled(|| pass(pid)));
        for look in looks.into_iter().chain([tree_of(pid)]) {
            assert_eq!(look.expect_err("gone").kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn what_is_missing_of_a_pass_that_was_not_whole_is_looked_for_again() {
        let looks = std::cell::Cell::new(0);
        let own = Stat::read(std::process::id()).expect("this process");
        let seen = Seen { parent: own.parent, stat: Some(own.clone()) };
        let tree = settled(|| {
            looks.set(looks.get() + 1);
            let found = if looks.get() == 1 { vec![] } else { vec![(own.pid, seen.clone())] };
            Ok((found.into_iter().collect(), false))
        });
        assert_eq!(pids(&tree.expect("a tree")), [own.pid]);
        assert_eq!(looks.get(), 3, "until two agree");
    }

    #[test]
    fn some_processes_are_shown_here() {
        assert_ne!(process_visibility(), ProcessVisibility::Nothing);
    }
}
