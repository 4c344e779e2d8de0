//! What a package for Windows contains.

use crate::{
    archive,
    date::Date,
    problem::{PackagingError, read},
    tree::Tree,
    version::VERSION,
};
use std::path::Path;

/// The programs, under the names that they have in a build.
pub(crate) const PROGRAMS: [&str; 2] = ["launcher.exe", "server.exe"];

/// What to read first.
const README: &str = include_str!("../windows/README.txt");

const LICENCE: &str = include_str!("../../LICENSE");

/// The name of the zip, and the zip of the programs in this folder. All of it is in one folder, so
/// that it may be unpacked anywhere.
pub(crate) fn zip(programs: &Path, date: Date) -> Result<(String, Vec<u8>), PackagingError> {
    let name = format!("homeport-{VERSION}-windows-x86_64");
    let mut tree = Tree::default();
    for (file, bytes) in texts() {
        tree.file(format!("{name}/{file}"), bytes);
    }
    for program in PROGRAMS {
        tree.file(format!("{name}/{program}"), read(&programs.join(program))?);
    }
    Ok((format!("{name}.zip"), archive::zip(&tree, date)?))
}

/// The texts beside the programs, with the line ends that every editor of Windows knows.
pub(crate) fn texts() -> [(&'static str, String); 2] {
    [("README.txt", README), ("LICENSE.txt", LICENCE)].map(|(name, text)| {
        (name, text.replace("\r\n", "\n").replace('\n', "\r\n").replace("@VERSION@", VERSION))
    })
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::date::test::some;
    use std::fs;

    #[test]
    fn the_programs_lie_beside_each_other_in_one_folder() {
        let folder = tempfile::tempdir().unwrap();
        for program in PROGRAMS {
            fs::write(folder.path().join(program), program).unwrap();
        }
        let (name, bytes) = zip(folder.path(), some()).unwrap();
        assert_eq!(bytes, zip(folder.path(), some()).unwrap().1);
        let top = name.strip_suffix(".zip").unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let name = |at| archive.by_index(at).unwrap().name().unwrap().into_owned();
        let mut names: Vec<_> = (0..4).map(name).collect();
        names.sort_unstable();
        let expected = ["LICENSE.txt", "README.txt", "launcher.exe", "server.exe"];
        assert_eq!(names, expected.map(|file| format!("{top}/{file}")));
    }

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = zip(folder.path(), some()).unwrap_err();
        assert!(problem.to_string().contains("launcher.exe"), "{problem}");
    }
}
