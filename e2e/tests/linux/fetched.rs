//! Packages of other languages, fetched into `target/` once and kept there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{lock, python};

/// The folder of a Python of its own with these packages.
///
/// # Errors
///
/// In words, if they cannot be fetched.
pub(super) fn python_packages(packages: &[&str]) -> Result<PathBuf, String> {
    fetched(packages, |folder| {
        run(Command::new(python()).args(["-m", "venv", "--clear"]).arg(folder))?;
        let quiet = ["install", "--quiet", "--disable-pip-version-check", "--retries=1"];
        run(Command::new(folder.join("bin/pip")).args(quiet).args(packages))
    })
}

/// A folder with these packages in its `node_modules`.
///
/// # Errors
///
/// In words, if they cannot be fetched.
pub(super) fn node_packages(packages: &[&str]) -> Result<PathBuf, String> {
    fetched(packages, |folder| {
        let quiet = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        run(Command::new("npm").args(quiet).arg(folder).args(packages))
    })
}

/// The folder of these packages in these versions under `target/`, filled by `fetch` if that was not done in full before.
fn fetched(
    packages: &[&str],
    fetch: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(packages.join(","));
    let mark = folder.join("complete");
    // Another run at the same time may be about to make it.
    let _lock = lock(&folder.with_extension("lock"));
    if !mark.is_file() {
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        fetch(&folder)?;
        fs::write(&mark, "").map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("{program}: {}", said.lines().last().unwrap_or("failed")))
        }
        Err(error) => Err(format!("{program}: {error}")),
    }
}
