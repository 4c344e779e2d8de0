//! The records of the Windows programs, read with the commands of the manual.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use e2e::{found, skip};

use crate::home;

#[test]
fn the_history_of_a_windows_launch_is_read_with_the_module_for_jq() {
    if !found("jq") {
        return skip("jq is missing");
    }
    let Some(home) = home() else { return };
    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!(running.stop().code, Some(0));

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let module = root.join("logs").join("port-history.jq");
    fs::copy(module, home.folders().logs().join("port-history.jq")).expect("copied");
    let query = "include \"port-history\"; history | last_good(\"server\")";
    let mut jq = Command::new("jq");
    jq.args(["-nR", "-L", "logs", query, "logs/port-history.jsonl"]);
    let output = jq.current_dir(home.path()).stdin(Stdio::null()).output().expect("jq is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(told.trim(), ready.port.to_string());
}
