//! Row 19 of the test matrix, and I5: killed at any moment, the writer of the assignment leaves the
//! old one or the new one.

use std::{
    fs, io,
    process::{Command, Output, Stdio},
};

use e2e::{Home, program, skip};

const OLD: u16 = 21_001;
const NEW: u16 = 21_002;

/// Every system call that changes a file or makes it last, and the end. strace counts each for
/// itself; one that this machine does not have is passed over.
const CALLS: [&str; 14] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "fchmod",
    "ftruncate",
    "close",
    "exit_group",
];

/// Commits `port`, through these words if there are any.
fn commit(home: &Home, before: &[&str], port: u16) -> io::Result<Output> {
    let writer = program("assignment_writer");
    let mut words = before.iter().map(|word| word.as_ref()).chain([writer.as_os_str()]);
    let mut command = Command::new(words.next().expect("the writer, if nothing else"));
    command.args(words).arg(port.to_string());
    command.env("HOMEPORT_HOME", home.path()).stdin(Stdio::null()).output()
}

/// Commits [`NEW`], and is killed as it is about to make `call` for the time that `when` counts.
fn commit_killed(home: &Home, call: &str, when: usize) -> io::Result<Output> {
    let trace = format!("trace=?{call}");
    let inject = format!("inject=?{call}:signal=KILL:when={when}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    commit(home, &strace, NEW)
}

#[test]
fn a_writer_that_is_killed_at_any_system_call_leaves_the_old_assignment_or_the_new_one() {
    let home = Home::new();
    assert!(commit(&home, &[], OLD).expect("started").status.success());
    let file = home.assignment_file("server");
    let old = fs::read(&file).expect("written");

    let mut left = [0; 2];
    for call in CALLS {
        for when in 1.. {
            assert!(when < 100, "it never survives {call}");
            fs::write(&file, &old).expect("written");
            let output = match commit_killed(&home, call, when) {
                Ok(output) => output,
                Err(error) => return skip(&format!("strace: {error}")),
            };
            let told = String::from_utf8_lossy(&output.stderr);
            if told.contains("strace:") {
                return skip(told.trim());
            }
            let now = home.last_good();
            if output.status.success() {
                assert_eq!(now, Some(NEW));
                break;
            }
            match now {
                Some(OLD) => assert_eq!(fs::read(&file).expect("there"), old),
                now => assert_eq!(now, Some(NEW), "killed before {call} number {when}"),
            }
            left[usize::from(now == Some(NEW))] += 1;
        }
    }
    // Both sides of the one step that counts have been seen.
    assert!(left.iter().all(|count| *count > 1), "{left:?}");
}
