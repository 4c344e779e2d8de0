//! What a package contains, before it becomes one file.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TreeEntry {
    /// A file that is read.
    File(Vec<u8>),
    /// A file that is run.
    Program(Vec<u8>),
    /// A symbolic link to this path.
    Link(String),
}

/// Things by their paths, which are relative, with `/` between the parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<String, TreeEntry>);

impl Tree {
    pub(crate) fn put(&mut self, path: impl Into<String>, entry: TreeEntry) {
        self.0.insert(path.into(), entry);
    }

    /// Puts in a file that is read.
    pub(crate) fn file(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.put(path, TreeEntry::File(bytes.into()));
    }

    /// Everything, in the order of the paths.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &TreeEntry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The folders that the entries are in, each after the one that it is in.
    pub(crate) fn folders(&self) -> BTreeSet<&str> {
        let parents = |path: &'_ str| path.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
        self.0.keys().flat_map(|path| parents(path).into_iter().map(|at| &path[..at])).collect()
    }
}

impl TreeEntry {
    /// What is in it; a link has nothing of its own.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::File(bytes) | Self::Program(bytes) => bytes,
            Self::Link(_) => &[],
        }
    }

    /// Its permissions on Unix, the same for every umask.
    pub(crate) fn mode(&self) -> u32 {
        match self {
            Self::File(_) => 0o644,
            Self::Program(_) => 0o755,
            Self::Link(_) => 0o777,
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_folder_comes_once_and_after_the_one_that_it_is_in() {
        let mut tree = Tree::default();
        tree.file("usr/share/doc/a", "");
        tree.file("usr/share/b", "");
        tree.file("c", "");
        assert_eq!(Vec::from_iter(tree.folders()), ["usr", "usr/share", "usr/share/doc"]);
    }
}
