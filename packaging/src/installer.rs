//! The installer for Windows, by NSIS, which writes one on every system.

use crate::{
    icons,
    problem::{PackagingError, read, write},
    version::VERSION,
    windows,
};
use std::{ffi::OsString, fs, path::Path, process::Command};

/// What the installer does.
const SCRIPT: &str = include_str!("../windows/homeport.nsi");

/// The compiler of such scripts.
const MAKENSIS: &str = "makensis";

/// The name of the installer, and the installer of the programs in this folder.
pub(crate) fn make(programs: &Path) -> Result<(String, Vec<u8>), PackagingError> {
    let name = format!("homeport-{VERSION}-setup.exe");
    let folder = tempfile::tempdir().map_err(PackagingError::of("a folder for the installer"))?;
    let put = |name: &str, bytes: &[u8]| write(&folder.path().join(name), bytes);
    for program in windows::PROGRAMS {
        put(program, &read(&programs.join(program))?)?;
    }
    for (file, text) in windows::texts() {
        put(file, text.as_bytes())?;
    }
    put("homeport.ico", &icons::ico()?)?;
    put("homeport.nsi", SCRIPT.as_bytes())?;
    run(folder.path(), &name)?;
    Ok((name.clone(), read(&folder.path().join(name))?))
}

/// Runs the compiler where everything has been put.
fn run(folder: &Path, name: &str) -> Result<(), PackagingError> {
    let part = || "the installer";
    let mut kibibytes = 0;
    for program in windows::PROGRAMS {
        let length = fs::metadata(folder.join(program)).map_err(PackagingError::of(part()))?.len();
        kibibytes += length.div_ceil(1024);
    }
    let define = |key: &str, value: &str| OsString::from(format!("-D{key}={value}"));
    let made = Command::new(MAKENSIS)
        .args(["-NOCD", "-NOCONFIG", "-INPUTCHARSET", "UTF8", "-V2", "-WX"])
        .arg(define("VERSION", VERSION))
        .arg(define("OUTPUT", name))
        .arg(define("KIBIBYTES", &kibibytes.to_string()))
        .arg("homeport.nsi")
        .current_dir(folder)
        .output();
    let made = made.map_err(|error| {
        PackagingError::of(part())(format!("{MAKENSIS} (package nsis) cannot be run: {error}"))
    })?;
    if made.status.success() {
        return Ok(());
    }
    let said = [made.stdout, made.stderr].concat();
    Err(PackagingError::of(part())(String::from_utf8_lossy(&said).trim().to_owned()))
}
