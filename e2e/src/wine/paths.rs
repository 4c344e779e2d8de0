//! Paths of this machine as Windows programs see them.

use std::path::Path;

/// A path as Windows programs see it: Wine shows the whole of this machine as drive Z.
pub(crate) fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.to_str().expect("a path of text").replace('/', "\\"))
}
