//! What `Homeport.app` contains: a folder that macOS shows as one program.

use crate::{
    archive,
    date::Date,
    icons,
    problem::{PackagingError, read},
    tree::{Tree, TreeEntry},
    version::VERSION,
};
use std::path::Path;

/// What the system reads of the program before it starts it.
const INFO: &str = include_str!("../macos/Info.plist");

const LICENCE: &str = include_str!("../../LICENSE");

/// The name of the zip, and the zip of the `.app` with the programs in this folder.
pub(crate) fn zip(programs: &Path, date: Date) -> Result<(String, Vec<u8>), PackagingError> {
    let (launcher, server) = (read(&programs.join("launcher"))?, read(&programs.join("server"))?);
    let tree = tree(launcher, server)?;
    Ok((format!("Homeport-{VERSION}-macos.zip"), archive::zip(&tree, date)?))
}

fn tree(launcher: Vec<u8>, server: Vec<u8>) -> Result<Tree, PackagingError> {
    let contents = "Homeport.app/Contents";
    let mut tree = Tree::default();
    tree.file(format!("{contents}/Info.plist"), INFO.replace("@VERSION@", VERSION));
    tree.put(format!("{contents}/MacOS/launcher"), TreeEntry::Program(launcher));
    tree.put(format!("{contents}/MacOS/server"), TreeEntry::Program(server));
    // Four letters of type and four of creator; `????` is no registered one.
    tree.file(format!("{contents}/PkgInfo"), "APPL????");
    tree.file(format!("{contents}/Resources/Homeport.icns"), icons::icns()?);
    tree.file(format!("{contents}/Resources/LICENSE"), LICENCE);
    Ok(tree)
}

#[cfg(test)]
mod test {
    use super::*;

    /// The value of a key in the property list.
    fn value<'a>(info: &'a str, key: &str) -> &'a str {
        let (_, rest) = info.split_once(&format!("<key>{key}</key>")).unwrap();
        let rest = rest.trim_start().strip_prefix("<string>").unwrap();
        rest.split_once("</string>").unwrap().0
    }

    #[test]
    fn what_the_property_list_names_is_there() {
        let tree = tree(b"launcher".to_vec(), b"server".to_vec()).unwrap();
        let entry = |path: &str| tree.entries().find(|(p, _)| *p == path).map(|(_, entry)| entry);
        let info = entry("Homeport.app/Contents/Info.plist").unwrap();
        let info = String::from_utf8_lossy(info.bytes());
        assert_eq!(value(&info, "CFBundleShortVersionString"), VERSION);
        let program = format!("Homeport.app/Contents/MacOS/{}", value(&info, "CFBundleExecutable"));
        assert_eq!(entry(&program), Some(&TreeEntry::Program(b"launcher".to_vec())));
        let icon = format!("Homeport.app/Contents/Resources/{}", value(&info, "CFBundleIconFile"));
        assert!(entry(&icon).is_some(), "{icon}");
    }
}
