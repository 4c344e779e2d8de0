//! A Debian system with nothing in it but what every one has.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{RunContext, found, lock, programs, run_context, skip};

/// Manual pages can be read on most systems, but the minimal one lacks the reader.
const INCLUDED: &str = "--include=man-db";

/// Enters the system: with the processes of this machine, and with its folder for temporary files,
/// in which the homes of tests are.
const ENTER: &str = r#"
mkdir -p "$1$2" && mount --bind "$2" "$1$2" && mount -t proc proc "$1/proc" || exit 1
root=$1
shift 2
exec chroot "$root" "$@"
"#;

/// The folders that the package manager itself writes to.
const ITS_OWN: [&str; 4] = ["var/cache", "var/lib/dpkg", "var/log", "tmp"];

/// A fresh Debian system, removed when this is dropped.
#[derive(Debug)]
pub struct Debian {
    /// Its mounts exist only in the namespaces of the processes that run in it.
    root: TempDir,
}

impl Debian {
    /// A system of the release of this machine; `None`, and the test is skipped, where that is
    /// impossible.
    ///
    /// # Panics
    ///
    /// If the copy cannot be made.
    pub fn fresh() -> Option<Self> {
        if let Err(why) = Self::can_be_made() {
            skip(&format!("no fresh Debian: {why}"));
            return None;
        }
        let base = match base() {
            Ok(base) => base,
            Err(why) => {
                skip(&format!("no fresh Debian: {why}"));
                return None;
            }
        };
        let root = tempfile::tempdir().expect("a folder");
        let mut copy = Command::new("cp");
        copy.args(["-a", "--reflink=auto", "-T"]).arg(base).arg(root.path());
        assert!(copy.status().expect("it starts").success(), "the system cannot be copied");
        Some(Self { root })
    }

    fn can_be_made() -> Result<(), String> {
        if !run_context::is_root() {
            return Err("only root may enter one".to_owned());
        }
        let missing = ["unshare", "chroot", "dpkg", "debootstrap"].into_iter().find(|t| !found(t));
        missing.map_or(Ok(()), |tool| Err(format!("{tool} is missing")))?;
        RunContext::direct().through(["unshare", "--mount", "--"]).try_out()
    }

    /// The context that runs programs in it.
    pub fn context(&self) -> RunContext {
        let (root, shared) = (self.root.path(), env::temp_dir());
        let enter = ["unshare", "--mount", "--", "sh", "-c", ENTER, "sh"].map(PathBuf::from);
        RunContext::direct().through(enter).through([root, shared.as_path()])
    }

    /// Runs a command in it.
    ///
    /// # Panics
    ///
    /// If that cannot be started.
    pub fn run(&self, command: &[&str]) -> Output {
        let mut inside = self.context().command(command[0]);
        inside.args(&command[1..]).env_clear().env("HOME", "/root");
        inside.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
        inside.output().expect("it starts")
    }

    /// Runs a command in it that has to succeed; returns its output.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn succeed(&self, command: &[&str]) -> String {
        let output = self.run(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The paths of all files in it, except those of the package manager.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn files(&self) -> BTreeSet<PathBuf> {
        let root = self.root.path();
        let device = fs::metadata(root).expect("a folder").dev();
        let mut files = BTreeSet::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let inside = path.strip_prefix(root).expect("it is in there").to_owned();
                let metadata = path.symlink_metadata().expect("it is there");
                if ITS_OWN.iter().any(|own| Path::new(own) == inside) || metadata.dev() != device {
                    continue;
                }
                if metadata.is_dir() {
                    folders.push(path);
                }
                files.insert(inside);
            }
        }
        files
    }
}

/// A system that is never changed, made once because it is downloaded.
fn base() -> Result<PathBuf, String> {
    let release = fs::read_to_string("/etc/os-release").map_err(|error| error.to_string())?;
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename =
        codename.ok_or("this machine is of no release that has a name")?.trim_matches('"');
    let base = programs::target().join("debian").join(codename);
    // Another process may be making it: wait for its lock.
    let _lock = lock(&base.with_extension("lock"));
    if base.exists() {
        return Ok(base);
    }
    let part = base.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(&part).map_err(|error| error.to_string())?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", INCLUDED, codename]).arg(&part);
    let made = debootstrap.output().map_err(|error| error.to_string())?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        let last = said.lines().last().unwrap_or("it says nothing").to_owned();
        return Err(format!("debootstrap {codename}: {last}"));
    }
    fs::rename(&part, &base).map_err(|error| error.to_string())?;
    Ok(base)
}
