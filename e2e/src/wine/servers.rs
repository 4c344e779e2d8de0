//! The servers among the processes that Wine runs.

use std::{fs, path::Path};

use super::paths::windows_path;
use crate::WatchedProcess;

/// The servers that Wine runs in the home `home`, with these `words` on their command line.
pub(crate) fn servers_in(home: &Path, words: &str) -> Vec<WatchedProcess> {
    processes_in(home, "server.exe", words)
}

/// The processes of `program` that Wine runs in the home `home`, with these `words` on their command line.
pub(crate) fn processes_in(home: &Path, program: &str, words: &str) -> Vec<WatchedProcess> {
    let variable = format!("HOMEPORT_HOME={}\0", windows_path(home));
    WatchedProcess::all(|pid| {
        let read = |file| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let environment = read("environ");
        let arguments = String::from_utf8_lossy(&read("cmdline")).into_owned();
        let line = arguments.replace('\0', " ");
        let is_it = arguments.split('\0').next().is_some_and(|first| first.ends_with(program));
        let is_at_home = || environment.windows(variable.len()).any(|v| v == variable.as_bytes());
        is_it && line.contains(words) && is_at_home()
    })
}
