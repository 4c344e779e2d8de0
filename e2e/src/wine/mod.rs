//! The Windows programs, run here by Wine.

mod equipment;
mod prefix;

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

pub use equipment::HeldFile;
use prefix::Prefix;

use crate::{Home, RunContext, found, lock::try_lock, programs, skip};

/// The variable that names the folder of the Windows programs.
const VARIABLE: &str = "HOMEPORT_WINDOWS_PROGRAMS";

/// The compiler that the Windows programs are linked with; it makes the tests' equipment as well.
const GCC: &str = "x86_64-w64-mingw32-gcc";

/// How many of this process's tests are in the prefix that they share.
static TENANTS: Mutex<usize> = Mutex::new(0);

/// A Windows to run programs in, shared by whoever has a clone of it.
#[derive(Debug, Clone)]
pub struct Wine {
    programs: PathBuf,
    prefix: Arc<Tenancy>,
}

/// The right to use a prefix. The last one to leave turns off the light.
#[derive(Debug)]
enum Tenancy {
    /// Of the one that this process's tests share, because making one takes seconds.
    Shared(Prefix),
    /// Of one's own, for whoever needs another world around it.
    Alone(Prefix),
}

impl Wine {
    /// A home for the Windows programs, in the prefix that all tests share; `None`, and the test is
    /// skipped, where there is no Wine or nothing to run in it.
    ///
    /// # Panics
    ///
    /// If Wine does not start.
    pub fn home() -> Option<Home> {
        Some(Home::within(Self::new(|| {
            let mut tenants = TENANTS.lock().unwrap_or_else(PoisonError::into_inner);
            let prefix = Prefix::shared();
            if *tenants == 0 {
                prefix.boot();
            }
            *tenants += 1;
            Tenancy::Shared(prefix)
        })?))
    }

    /// A home for the Windows programs, in a prefix of its own. Everything of it runs where the first
    /// program is started, such as in a [`Netns`](crate::Netns).
    ///
    /// # Panics
    ///
    /// If there is no room for it.
    pub fn home_alone() -> Option<Home> {
        // The shared one is there when this has been asked for, and this is made of it.
        let _shared = Self::home()?;
        Some(Home::within(Self::new(|| Tenancy::Alone(Prefix::like_the_shared()))?))
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

    /// One of our programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(format!("{name}.exe"))
    }

    /// The same context, for Windows programs.
    pub(crate) fn at(&self, context: RunContext) -> RunContext {
        context.through(["wine"])
    }

    /// What every program in this prefix is told.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        self.prefix().environment()
    }

    /// Lets a process crash. One that is killed from the outside ends with code 0, as far as its
    /// Windows can see.
    #[track_caller]
    pub(crate) fn crash(&self, pid: u32) {
        equipment::crash(self.prefix(), pid);
    }

    /// Opens a file so that nobody else can, for so long.
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
                // Nobody moves in before the light is off.
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

/// The folder of the prefix that the tests of this process share. It outlives them, because making one
/// takes seconds, and no other process has it at the same time: the last test here ends everything
/// that runs in it.
fn shared_folder() -> PathBuf {
    static SHARED: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (folder, _) = SHARED.get_or_init(|| {
        let folders = (1..).map(|number| programs::target().join(format!("wine-prefix-{number}")));
        let mut locked = folders.filter_map(|folder| {
            let lock = try_lock(&folder.with_extension("lock"))?;
            Some((folder, lock))
        });
        locked.next().expect("numbers do not end")
    });
    folder.clone()
}

/// A path as Windows programs see it: Wine shows the whole of this machine as drive Z.
pub(crate) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.to_str().expect("a path of text").replace('/', "\\"))
}
