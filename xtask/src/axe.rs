//! axe-core, which finds what keeps people from using a page: fetched into `target/` for the tests
//! of the console, and never committed.

use crate::cargo;

/// The version, so that a new rule of a newer one fails no build that has not changed.
const PACKAGE: &str = "axe-core@4.11.0";

/// Fetches it, unless it is here. Returns a hint if that fails.
pub(crate) fn fetch() -> Option<String> {
    let folder = cargo::root().join("target").join("axe");
    let is_here = || folder.join("node_modules/axe-core/axe.min.js").is_file();
    if is_here() {
        return None;
    }
    let prefix = folder.display().to_string();
    let args = ["install", "--no-audit", "--no-fund", "--prefix", &prefix, PACKAGE];
    let fetched = cargo::succeeds(cargo::tool("npm", args));
    (!fetched || !is_here())
        .then(|| format!("missing: axe-core; get it with: npm {}", args.join(" ")))
}
