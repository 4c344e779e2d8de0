//! The Windows programs, run here by Wine.
//!
//! The modules stand from the top floor down: `equipment` runs in a `prefix`, `node` is a program to be tested, and `equipment` and `servers`
//! name files by `paths`; none of them names anything of this file.

mod equipment;
mod node;
mod prefix;
mod servers;

mod paths;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use equipment::GCC;
pub use equipment::HeldFile;
pub use node::node_for_windows;
pub(crate) use paths::windows_path;
use prefix::Prefix;
pub(crate) use servers::{processes_in, servers_in};

use crate::{RunContext, found, skip};

/// The variable that names the folder of the Windows programs.
const VARIABLE: &str = "HOMEPORT_WINDOWS_PROGRAMS";

/// The number of this process's tests that use the shared prefix.
static TENANTS: Mutex<usize> = Mutex::new(0);

/// A Wine prefix and the Windows programs; the clones share the prefix.
#[derive(Debug, Clone)]
pub(crate) struct Wine {
    programs: PathBuf,
    prefix: Arc<Tenancy>,
}

/// The right to use a prefix. The last one that is dropped ends all processes of the prefix.
#[derive(Debug)]
enum Tenancy {
    /// The prefix that this process's tests share, because making one takes seconds.
    Shared(Prefix),
    /// A prefix for one test, which runs it in a namespace.
    Alone(Prefix),
}

impl Wine {
    /// The prefix that all tests of this process share; `None`, and the test is skipped, where Wine
    /// or the Windows programs are missing.
    ///
    /// # Panics
    ///
    /// If Wine does not start.
    pub(crate) fn shared() -> Option<Self> {
        Self::new(|| {
            let mut tenants = TENANTS.lock().unwrap_or_else(PoisonError::into_inner);
            let prefix = Prefix::shared();
            if *tenants == 0 {
                prefix.boot();
            }
            *tenants += 1;
            Tenancy::Shared(prefix)
        })
    }

    /// A prefix of its own. Everything in it runs where the first program is started, such as in a
    /// [`Netns`](crate::Netns).
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    pub(crate) fn alone() -> Option<Self> {
        // This makes the shared prefix if it is missing; the new one is copied from it.
        let _shared = Self::shared()?;
        Self::new(|| Tenancy::Alone(Prefix::like_the_shared()))
    }

    fn new(prefix: impl FnOnce() -> Tenancy) -> Option<Self> {
        let Some(programs) = env::var_os(VARIABLE).map(PathBuf::from) else {
            skip(&format!("{VARIABLE} is not set: `cargo xtask test` builds the Windows programs"));
            return None;
        };
        if let Some(missing) = ["wine", "wineserver", GCC].into_iter().find(|tool| !found(tool)) {
            skip(&format!("{missing} is missing"));
            return None;
        }
        Some(Self { programs, prefix: Arc::new(prefix()) })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(format!("{name}.exe"))
    }

    /// The same context, for Windows programs.
    pub(crate) fn at(&self, context: RunContext) -> RunContext {
        context.through(["wine"])
    }

    /// The variables of every program in this prefix.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        self.prefix().environment()
    }

    /// Lets a process crash. One that is killed from the outside ends with code 0, as far as its
    /// Windows can see.
    #[track_caller]
    pub(crate) fn crash(&self, pid: u32) {
        equipment::crash(self.prefix(), pid);
    }

    /// Opens a file for `time` so that no other Windows program can open it.
    #[track_caller]
    pub(crate) fn hold(&self, file: &Path, time: Duration) -> HeldFile {
        equipment::hold(self.prefix(), file, time)
    }

    /// The folder of the user that programs run as.
    pub(crate) fn user(&self) -> PathBuf {
        self.prefix().user()
    }

    fn prefix(&self) -> &Prefix {
        match &*self.prefix {
            Tenancy::Shared(prefix) | Tenancy::Alone(prefix) => prefix,
        }
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        match self {
            Self::Shared(prefix) => {
                // The lock is held until the prefix is shut down, so that no test enters it before.
                let mut tenants = TENANTS.lock().unwrap_or_else(PoisonError::into_inner);
                *tenants -= 1;
                if *tenants == 0 {
                    prefix.shut_down();
                }
            }
            Self::Alone(prefix) => prefix.shut_down(),
        }
    }
}
