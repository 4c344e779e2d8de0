//! Row 19 of the test matrix, and I5: killed at any moment, the writer of the assignment leaves the
//! old one or the new one.

use std::{
    fs, io,
    path::Path,
    process::{Command, Output, Stdio},
};

use e2e::{Home, RunContext, Stranger, program, skip};

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
    let mut words = before.iter().map(AsRef::as_ref).chain([writer.as_os_str()]);
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
            assert!(when < 1000, "it never survives {call}");
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

/// A context in which these system calls are written to a file; `None`, and the test is skipped, if not.
fn traced(calls: &str, into: &Path) -> Option<RunContext> {
    let into = into.to_str().expect("text");
    let strace = ["strace", "-f", "-qq", "-o", into, "-e", &format!("trace={calls}")];
    let context = RunContext::direct().through(strace);
    if let Err(refusal) = context.try_out() {
        skip(&format!("strace: {refusal}"));
        return None;
    }
    Some(context)
}

/// I5: a rename that reaches the disk before the content would leave an empty file.
#[test]
fn the_content_is_on_the_disk_before_it_gets_its_name_and_the_name_before_it_is_believed() {
    let home = Home::new();
    assert!(commit(&home, &[], OLD).expect("started").status.success());
    let trace = home.path().join("trace");
    let Some(context) = traced("fsync,?rename,?renameat,?renameat2", &trace) else { return };
    let mut writer = context.command(program("assignment_writer"));
    writer.arg(NEW.to_string()).env("HOMEPORT_HOME", home.path());
    assert!(writer.status().expect("started").success());
    let trace = fs::read_to_string(trace).expect("written");
    let calls: Vec<_> = trace.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let [content, name, folder] = &calls[..] else { panic!("{trace}") };
    assert!(content.starts_with("fsync(") && folder.starts_with("fsync("), "{trace}");
    assert!(name.starts_with("rename"), "{trace}");
}

/// I4: the power may fail between two candidates.
#[test]
fn the_evidence_is_on_the_disk_before_another_port_is_tried() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let trace = home.path().join("trace");
    let Some(context) = traced("bind,fdatasync,fsync", &trace) else { return };
    // A server that ends at once ends the launch, so that strace ends too.
    let ended = home.launcher().at(&context).home_port(stranger.port).fake(&["exit=3"]).run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let trace = fs::read_to_string(trace).expect("written");
    let refused = format!("htons({})", stranger.port);
    let after = trace.lines().skip_while(|line| !line.contains(&refused));
    let mut after = after.skip_while(|line| line.contains(&refused));
    let next = after.find(|line| line.contains("sync(") || line.contains("htons("));
    assert!(next.is_some_and(|line| line.contains("sync(")), "{trace}");
}
