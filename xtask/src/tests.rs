//! The stage that runs the tests: `cargo test`, watched while its output passes by.

use crate::{
    cargo,
    counts::Counts,
    report::Outcome,
    screen,
    skips::{self, Skip, SkipFile},
};
use std::{
    io::{self, BufRead, BufReader, Read},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// The environment variable with the folder of the Windows programs, for the tests.
const WINDOWS_PROGRAMS: &str = "HOMEPORT_WINDOWS_PROGRAMS";

/// The environment variable with the folder of the programs of version 0.1.0, for the tests.
const VERSION_0_1_PROGRAMS: &str = "HOMEPORT_VERSION_0_1_PROGRAMS";

/// The environment variable that asks for the servers that take long to fetch and to start.
const ALL_SERVERS: &str = "HOMEPORT_ALL_SERVERS";

/// Programs that the tests run besides those of the workspace, as far as they are built.
#[derive(Debug, Default)]
pub(crate) struct ProgramFolders {
    /// Made by the stage `windows`; `None` if it was skipped or failed.
    pub(crate) windows: Option<PathBuf>,
    /// Made by the stage `version 0.1`; `None` if it was skipped or failed.
    pub(crate) version_0_1: Option<PathBuf>,
}

/// How long output may still come after cargo has ended. Only a process that a test left behind can
/// hold it open that long: a pipe that no process holds is read to its end in milliseconds.
const LAST_OUTPUT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Tests {
    /// The sums that libtest has printed.
    pub(crate) counts: Counts,
    /// Tests that skipped themselves.
    pub(crate) skips: Vec<Skip>,
}

/// Runs every test and doctest of the workspace, the long ones only if they are wanted, and fills in `tests` as far as
/// they get.
pub(crate) fn run(programs: &ProgramFolders, with_long_tests: bool, tests: &mut Tests) -> Outcome {
    let mut command = cargo::cargo(["test", "--workspace", "--locked", "--no-fail-fast"]);
    if with_long_tests {
        command.env(ALL_SERVERS, "1");
    }
    run_or_say_why(command, programs, tests)
}

/// The crates whose own tests need no other program.
const UNIT_TESTED: [&str; 8] = ["-p", "shared", "-p", "launcher", "-p", "server", "-p", "xtask"];

/// Runs the tests that stand beside the code they test.
pub(crate) fn run_units(tests: &mut Tests) -> Outcome {
    let kinds = ["--lib", "--bins", "--locked", "--no-fail-fast"];
    run_or_say_why(
        cargo::cargo(["test"].iter().chain(&UNIT_TESTED).chain(&kinds)),
        &ProgramFolders::default(),
        tests,
    )
}

/// Runs the examples in the documentation of the same crates; a program has none.
pub(crate) fn run_doctests(tests: &mut Tests) -> Outcome {
    let libraries = &UNIT_TESTED[..UNIT_TESTED.len() - 2];
    let kinds = ["--doc", "--locked", "--no-fail-fast"];
    run_or_say_why(
        cargo::cargo(["test"].iter().chain(libraries).chain(&kinds)),
        &ProgramFolders::default(),
        tests,
    )
}

fn run_or_say_why(command: Command, programs: &ProgramFolders, tests: &mut Tests) -> Outcome {
    match try_run(command, programs, tests) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Failed(format!("the tests could not be run: {error}")),
    }
}

fn try_run(
    mut command: Command,
    programs: &ProgramFolders,
    tests: &mut Tests,
) -> io::Result<Outcome> {
    let file = SkipFile::create(cargo::root().join("target").join("skips.tsv"))?;
    command.env(skips::VARIABLE, file.path()).stdout(Stdio::piped());
    for (variable, folder) in
        [(WINDOWS_PROGRAMS, &programs.windows), (VERSION_0_1_PROGRAMS, &programs.version_0_1)]
    {
        match folder {
            Some(folder) => command.env(variable, folder),
            None => command.env_remove(variable),
        };
    }
    let mut child = command.spawn()?;
    let counts = Arc::new(Mutex::new(std::mem::take(&mut tests.counts)));
    let at_end =
        child.stdout.take().map(|output| watch(output, screen::bytes, Arc::clone(&counts)));
    let status = child.wait()?;
    let left_behind = at_end.is_some_and(|end| {
        matches!(end.recv_timeout(LAST_OUTPUT), Err(mpsc::RecvTimeoutError::Timeout))
    });
    tests.counts = std::mem::take(&mut *counts.lock().unwrap_or_else(PoisonError::into_inner));
    tests.skips.extend(file.read()?);
    Ok(if !status.success() {
        Outcome::Failed(status.to_string())
    } else if left_behind {
        Outcome::Failed("a test left a process behind that still holds its output".to_owned())
    } else if tests.counts.cut_short() > 0 {
        Outcome::Failed("a test program ended without telling its result".to_owned())
    } else {
        Outcome::Ok
    })
}

/// Shows and counts each line as it comes. The receiver is disconnected at the end of the output.
fn watch(
    output: impl Read + Send + 'static,
    mut show: impl FnMut(&[u8]) + Send + 'static,
    counts: Arc<Mutex<Counts>>,
) -> mpsc::Receiver<()> {
    let (end, at_end) = mpsc::channel();
    thread::spawn(move || {
        let _end = end;
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            show(&line);
            let text = String::from_utf8_lossy(&line);
            counts.lock().unwrap_or_else(PoisonError::into_inner).read(text.trim_end());
            line.clear();
        }
    });
    at_end
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn output_is_counted_to_its_end_even_when_it_is_no_text() {
        let counts = Arc::new(Mutex::new(Counts::default()));
        let output: &[u8] = b"\xff\xfe\nrunning 1 test\r\ntest a ... ok\n\
                              test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured";
        let (shown, screen) = mpsc::channel();
        let show = move |line: &[u8]| shown.send(line.to_vec()).unwrap();
        let at_end = watch(output, show, Arc::clone(&counts));
        assert_eq!(at_end.recv(), Err(mpsc::RecvError));
        assert_eq!(screen.iter().flatten().collect::<Vec<u8>>(), output);
        let counts = counts.lock().unwrap();
        assert_eq!((counts.passed, counts.cut_short()), (1, 0));
    }
}
