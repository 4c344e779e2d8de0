//! Row 19 of the test matrix, and I5: killed at any moment, the writer of the assignment leaves the
//! old one or the new one.

use std::{
    fs,
    process::{Command, Output, Stdio},
};

use e2e::{Home, program, skip};

const OLD: u16 = 21_001;
const NEW: u16 = 21_002;

/// Commits `port`, through these words if there are any.
fn commit(home: &Home, before: &[&str], port: u16) -> std::io::Result<Output> {
    let writer = program("assignment_writer");
    let mut command = match before {
        [] => Command::new(&writer),
        [tool, words @ ..] => {
            let mut command = Command::new(tool);
            command.args(words).arg(&writer);
            command
        }
    };
    command.arg(port.to_string()).env("HOMEPORT_HOME", home.path()).stdin(Stdio::null());
    command.output()
}

#[test]
fn a_writer_that_is_killed_at_any_system_call_leaves_the_old_assignment_or_the_new_one() {
    let home = Home::new();
    assert!(commit(&home, &[], OLD).expect("started").status.success());
    let file = home.assignment_file("server");
    let old = fs::read(&file).expect("written");

    // Only what touches files is counted: what comes before is the loading of the program.
    let calls = "openat,write,fsync,fdatasync,rename,renameat,renameat2,unlink,fchmod,close";
    let (mut kills, mut seen_new) = (0, false);
    for call in 1.. {
        assert!(call < 1000, "it never survives");
        fs::write(&file, &old).expect("written");
        let inject = format!("inject={calls}:signal=KILL:when={call}");
        let strace = [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={calls}"),
            "-e",
            &inject,
        ];
        let output = match commit(&home, &strace, NEW) {
            Ok(output) => output,
            Err(error) => return skip(&format!("strace: {error}")),
        };
        let told = String::from_utf8_lossy(&output.stderr);
        if call == 1 && told.contains("strace:") {
            return skip(told.trim());
        }
        let now = home.last_good().expect("there is always one");
        assert!(now == OLD || now == NEW, "killed at call {call}: {now}");
        assert!(now == NEW || !seen_new, "what was committed stays committed");
        assert!(now == NEW || fs::read(&file).expect("there") == old, "not a byte is other");
        seen_new = false;
        if output.status.success() {
            assert_eq!(now, NEW);
            break;
        }
        kills += 1;
    }
    assert!(kills > 5, "nothing was interrupted: {kills}");
    let folder = file.parent().expect("a folder");
    let bad = fs::read_dir(folder).expect("there").flatten();
    assert!(
        bad.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().contains(".bad-"))
    );
}
