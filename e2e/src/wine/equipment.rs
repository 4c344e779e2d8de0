//! Functions of Windows that tests need and Wine's own tools lack: see `assets/equipment.c`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use super::{paths::windows_path, prefix::Prefix};
use crate::programs;

/// The compiler that the Windows programs are linked with; it builds the equipment as well.
pub(super) const GCC: &str = "x86_64-w64-mingw32-gcc";

/// A file that a Windows program has open, so that no other can open it, until this is dropped or
/// its time is over.
#[derive(Debug)]
pub struct HeldFile(Child);

impl Drop for HeldFile {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends the process of this number as an access violation would.
#[track_caller]
pub(super) fn crash(prefix: &Prefix, pid: u32) {
    let ended = command(prefix).arg("crash").arg(pid.to_string()).status();
    assert!(ended.expect("wine is there").success(), "there is no process {pid}");
}

#[track_caller]
pub(super) fn hold(prefix: &Prefix, file: &Path, time: Duration) -> HeldFile {
    let mut command = command(prefix);
    command.arg("hold").arg(windows_path(file)).arg(time.as_millis().to_string());
    let mut holder = command.stdout(Stdio::piped()).spawn().expect("wine is there");
    let mut said = String::new();
    let stdout = holder.stdout.take().expect("it was piped");
    BufReader::new(stdout).read_line(&mut said).expect("a pipe can be read");
    let holder = HeldFile(holder);
    assert_eq!(said.trim(), "held", "{} cannot be had", file.display());
    holder
}

fn command(prefix: &Prefix) -> Command {
    let mut command = prefix.command("wine");
    command.arg(program());
    command
}

/// The program, made once by the compiler that links the Windows programs.
fn program() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let program = programs::target().join("equipment.exe");
        // It is replaced whole: a test of another run may be about to start it.
        let part = program.with_extension(format!("{}.part", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join("equipment.c");
        let made = Command::new(GCC).arg(source).arg("-o").arg(&part).status();
        assert!(made.expect("it is there").success(), "{GCC}");
        fs::rename(part, &program).expect("they are beside each other");
        program
    })
}
