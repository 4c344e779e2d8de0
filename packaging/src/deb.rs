//! A tree as a Debian package: two compressed tars, one of the files and one about them, in an `ar`.
//!
//! The formats are those of the crates `ar`, `tar` and `flate2`. What is left is what Debian asks for: two
//! archives in one, `md5sums`, and the size. cargo-deb would do that too, but it packs what a manifest
//! lists of a folder with built programs, and our tree is made in memory: manual pages, completions
//! and icons. It would have to be written out first, with a manifest, and cargo-deb brings its own reading of
//! Cargo.toml, and its own search for libraries by way of `dpkg-shlibdeps`.
//!
//! The bytes depend on nothing but the tree and the date: no tool of the system is asked, so every
//! machine and every release of Debian makes the same.

use crate::{
    date::Date,
    problem::PackagingError,
    tree::{Tree, TreeEntry},
};
use flate2::{Compression, GzBuilder};
use md5::{Digest, Md5};
use std::io::{self, Write};
use tar::{EntryType, Header};

/// The version of the format, which is the first member.
const FORMAT: &[u8] = b"2.0\n";

/// `control` lacks the installed size, which is added.
pub(crate) fn package(tree: &Tree, control: &str, date: Date) -> Result<Vec<u8>, PackagingError> {
    let about = |size: u64| {
        let mut about = Tree::default();
        about.file("control", format!("{control}Installed-Size: {}\n", size.div_ceil(1024)));
        about.file("md5sums", sums(tree));
        about
    };
    let size = tree.entries().map(|(_, entry)| entry.bytes().len() as u64).sum();
    let make = || -> io::Result<_> {
        let mut package = ar::Builder::new(Vec::new());
        for (name, bytes) in [
            ("debian-binary", FORMAT.to_vec()),
            ("control.tar.gz", gzip(&tar(&about(size), date)?)?),
            ("data.tar.gz", gzip(&tar(tree, date)?)?),
        ] {
            let mut header = ar::Header::new(name.into(), bytes.len() as u64);
            header.set_mtime(date.seconds());
            header.set_mode(0o100_644);
            package.append(&header, bytes.as_slice())?;
        }
        package.into_inner()
    };
    make().map_err(PackagingError::of("the Debian package"))
}

/// Compressed as small as it gets, without a name or a time.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    gzip.finish()
}

/// What `dpkg --verify` compares the files with.
fn sums(tree: &Tree) -> String {
    let files = tree.entries().filter(|(_, entry)| !matches!(entry, TreeEntry::Link(_)));
    files
        .map(|(path, file)| format!("{}  {path}\n", hex::encode(Md5::digest(file.bytes()))))
        .collect()
}

/// A tar in which everything is root's.
fn tar(tree: &Tree, date: Date) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    let header = |kind, mode, size: usize| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size as u64);
        header.set_mtime(date.seconds());
        header.set_uid(0);
        header.set_gid(0);
        header.set_username("root")?;
        header.set_groupname("root")?;
        Ok::<_, io::Error>(header)
    };
    for folder in tree.folders() {
        let mut header = header(EntryType::Directory, 0o755, 0)?;
        tar.append_data(&mut header, format!("./{folder}/"), io::empty())?;
    }
    for (path, entry) in tree.entries() {
        let path = format!("./{path}");
        if let TreeEntry::Link(target) = entry {
            let mut header = header(EntryType::Symlink, entry.mode(), 0)?;
            tar.append_link(&mut header, path, target)?;
        } else {
            let mut header = header(EntryType::Regular, entry.mode(), entry.bytes().len())?;
            tar.append_data(&mut header, path, entry.bytes())?;
        }
    }
    tar.into_inner()
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::date::test::some;

    #[test]
    fn the_same_tree_gives_the_same_package_and_its_members_stand_where_they_should() {
        let mut tree = Tree::default();
        tree.put("usr/bin/a", TreeEntry::Program(b"program".to_vec()));
        tree.put("usr/bin/b", TreeEntry::Link("a".to_owned()));
        let made = package(&tree, "Package: a\n", some()).unwrap();
        assert_eq!(made, package(&tree.clone(), "Package: a\n", some()).unwrap());

        assert!(made.starts_with(b"!<arch>\ndebian-binary   1795348801  0     0     100644  4"));
        assert_eq!(&made[66..72], b"`\n2.0\n");
        assert!(made[72..].starts_with(b"control.tar.gz  "));
    }

    #[test]
    fn the_sums_are_of_files_and_not_of_links() {
        let mut tree = Tree::default();
        tree.file("usr/share/a", "");
        tree.put("usr/share/b", TreeEntry::Link("a".to_owned()));
        assert_eq!(sums(&tree), "d41d8cd98f00b204e9800998ecf8427e  usr/share/a\n");
    }
}
