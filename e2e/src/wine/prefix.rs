//! A prefix: the folder that is a whole Windows to Wine, with its registry and its drives.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::{lock::try_lock, programs, wait_for};

/// The files of a prefix that change; all others stay as Wine has made them.
const REGISTRY: [&str; 4] = ["system.reg", "user.reg", "userdef.reg", ".update-timestamp"];

/// A prefix, and its temporary folder unless it is shared.
#[derive(Debug)]
pub(super) struct Prefix {
    folder: PathBuf,
    _own: Option<TempDir>,
}

impl Prefix {
    /// The prefix that the tests of this process share. It outlives them, and may not be there yet.
    pub(super) fn shared() -> Self {
        Self { folder: shared_folder(), _own: None }
    }

    /// One with a registry of its own, and the files of the shared one, which must be there.
    pub(super) fn like_the_shared() -> Self {
        let own = tempfile::Builder::new().prefix("homeport-wine-").tempdir().expect("a folder");
        let (from, folder) = (shared_folder(), own.path().to_owned());
        for file in REGISTRY {
            fs::copy(from.join(file), folder.join(file)).expect("the shared one has it");
        }
        symlink(from.join("drive_c"), folder.join("drive_c")).expect("linked");
        fs::create_dir(folder.join("dosdevices")).expect("made");
        for (drive, target) in [("c:", "../drive_c"), ("z:", "/")] {
            symlink(target, folder.join("dosdevices").join(drive)).expect("linked");
        }
        Self { folder, _own: Some(own) }
    }

    /// Starts it, and creates it if it is missing.
    pub(super) fn boot(&self) {
        let made = self.command("wineboot").arg("--init").status().expect("wineboot is there");
        assert!(made.success(), "wineboot: {made}");
        // Its server writes the registry to the folder when it ends.
        if !self.folder.join("system.reg").is_file() {
            let _ = self.command("wineserver").arg("-w").status();
        }
    }

    /// Ends everything in it.
    pub(super) fn shut_down(&self) {
        // Of this prefix alone; a prefix without processes has no server to end.
        for request in ["-k", "-w"] {
            let _ = self.command("wineserver").arg(request).status();
        }
        // The server is gone; Windows' own services notice that and follow.
        let _ = wait_for(|| (!self.is_inhabited()).then_some(()));
    }

    pub(super) fn environment(&self) -> [(&'static str, String); 4] {
        let prefix = self.folder.to_str().expect("a path of text");
        // The two overrides keep a new prefix from asking for things to download.
        let overrides = "mscoree=;mshtml=";
        [
            ("WINEPREFIX", prefix.to_owned()),
            ("WINEDEBUG", "-all".to_owned()),
            ("WINEDLLOVERRIDES", overrides.to_owned()),
            // Names of files have letters of every script.
            ("LC_ALL", "C.UTF-8".to_owned()),
        ]
    }

    /// The folder of the Windows user that programs run as.
    pub(super) fn user(&self) -> PathBuf {
        let users = fs::read_dir(self.folder.join("drive_c/users")).expect("a folder");
        let mut users = users.map(|user| user.expect("a user").path());
        users.find(|user| !user.ends_with("Public")).expect("a user")
    }

    /// Whether a process lives in this prefix.
    fn is_inhabited(&self) -> bool {
        let prefix = format!("WINEPREFIX={}\0", self.folder.display());
        let lives_here = |process: fs::DirEntry| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            environment.windows(prefix.len()).any(|part| part == prefix.as_bytes())
        };
        fs::read_dir("/proc").into_iter().flatten().flatten().any(lives_here)
    }

    pub(super) fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command.envs(self.environment()).env_remove("DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The folder of the prefix that the tests of this process share. It outlives them, because making
/// one takes seconds, and no other process has it at the same time: the last test here ends
/// everything that runs in it.
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
