//! The port history when many write it at once.

use std::process::{Command, Stdio};

use e2e::{Home, program};

/// I7.
#[test]
fn records_of_many_processes_never_interleave_and_none_is_lost() {
    const WRITERS: usize = 8;
    const EACH: usize = 500;
    let home = Home::new();
    let start = || {
        let mut command = Command::new(program("record_writer"));
        command.arg(EACH.to_string()).env("HOMEPORT_HOME", home.path()).stdin(Stdio::null());
        command.spawn().expect("started")
    };
    let mut writers: Vec<_> = (0..WRITERS).map(|_| start()).collect();
    assert!(writers.iter_mut().all(|writer| writer.wait().expect("our child").success()));
    // Every line was read as a record; that no `seq` is missing is checked when the home goes.
    assert_eq!(home.history().len(), WRITERS * EACH);
}
