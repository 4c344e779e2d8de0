//! What a Debian package contains.
//!
//! The programs lie in a folder of their own, because the launcher starts the `server` beside it, and
//! because `launcher` and `server` are too general for a `PATH`. It has links to them.

use crate::{
    completions,
    date::Date,
    deb::{self, gzip},
    icons, libraries, manual,
    problem::{PackagingError, read},
    tree::{Tree, TreeEntry},
    version::VERSION,
};
use std::path::Path;

/// Where the programs are, in the package.
const PROGRAMS: &str = "usr/lib/homeport";

/// The names on the `PATH`, and the programs that they are.
const LINKS: [(&str, &str); 2] = [("homeport", "launcher"), ("homeport-server", "server")];

/// How the unit starts the launcher of a build, and how that of the package.
const STARTS: [&str; 2] = ["/usr/bin/env launcher", "/usr/bin/homeport"];

const CONTROL: &str = include_str!("../linux/control");
const CHANGELOG: &str = include_str!("../linux/changelog");
const COPYRIGHT: &str = include_str!("../linux/copyright");
const DESKTOP_ENTRY: &str = include_str!("../linux/homeport.desktop");
const LICENCE: &str = include_str!("../../LICENSE");
const UNIT: &str = include_str!("../linux/homeport@.service");

/// The name of the package's file, and the package of the programs in this folder.
pub(crate) fn package(programs: &Path, date: Date) -> Result<(String, Vec<u8>), PackagingError> {
    let (launcher, server) = (read(&programs.join("launcher"))?, read(&programs.join("server"))?);
    let depends = libraries::depends([launcher.as_slice(), &server])?;
    let control = CONTROL.replace("@VERSION@", VERSION).replace("@DEPENDS@", &depends);
    let tree = tree(launcher, server, date)?;
    Ok((format!("homeport_{VERSION}_amd64.deb"), deb::package(&tree, &control, date)?))
}

fn tree(launcher: Vec<u8>, server: Vec<u8>, date: Date) -> Result<Tree, PackagingError> {
    let mut tree = Tree::default();
    tree.put(format!("{PROGRAMS}/launcher"), TreeEntry::Program(launcher));
    tree.put(format!("{PROGRAMS}/server"), TreeEntry::Program(server));
    for (name, program) in LINKS {
        tree.put(format!("usr/bin/{name}"), TreeEntry::Link(format!("../lib/homeport/{program}")));
    }

    tree.file("usr/share/applications/homeport.desktop", DESKTOP_ENTRY);
    let icons = "usr/share/icons/hicolor";
    tree.file(format!("{icons}/scalable/apps/homeport.svg"), icons::DRAWING);
    for size in icons::DESKTOP {
        tree.file(format!("{icons}/{size}x{size}/apps/homeport.png"), icons::png(size)?);
    }

    tree.file("usr/lib/systemd/user/homeport@.service", UNIT.replace(STARTS[0], STARTS[1]));
    for (path, script) in completions::all() {
        tree.file(path, script);
    }
    let gzip = |text: &[u8]| gzip(text).map_err(PackagingError::of("the manual"));
    for (name, page) in manual::pages()? {
        tree.file(format!("usr/share/man/man1/{name}.gz"), gzip(&page)?);
    }

    let changelog = CHANGELOG.replace("@VERSION@", VERSION).replace("@DATE@", &date.rfc2822()?);
    tree.file("usr/share/doc/homeport/changelog.gz", gzip(changelog.as_bytes())?);
    tree.file("usr/share/doc/homeport/copyright", copyright());
    Ok(tree)
}

/// The licence in the form that Debian wants: an empty line of it is a dot.
fn copyright() -> String {
    let lines = LICENCE.lines().map(|line| match line.trim_end() {
        "" => " .\n".to_owned(),
        line => format!(" {line}\n"),
    });
    COPYRIGHT.to_owned() + &lines.collect::<String>()
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::date::test::some;

    fn tree() -> Tree {
        super::tree(b"launcher".to_vec(), b"server".to_vec(), some()).unwrap()
    }

    #[test]
    fn nothing_on_the_path_has_a_name_that_is_not_ours() {
        let tree = tree();
        let names: Vec<_> =
            tree.entries().filter_map(|(p, _)| p.strip_prefix("usr/bin/")).collect();
        assert_eq!(names, ["homeport", "homeport-server"]);
    }

    #[test]
    fn the_unit_starts_the_launcher_of_the_package() {
        let tree = tree();
        let unit = tree.entries().find(|(path, _)| path.ends_with(".service")).unwrap().1;
        let unit = String::from_utf8_lossy(unit.bytes());
        assert!(unit.contains("ExecStart=/usr/bin/homeport --app %i"), "{unit}");
    }

    #[test]
    fn the_control_file_has_no_gap_left() {
        for text in [CONTROL.replace("@VERSION@", "").replace("@DEPENDS@", ""), copyright()] {
            assert!(!text.contains('@') || text.contains("@homeport.example"), "{text}");
            assert!(!text.contains("\n\n "), "an empty line ends a paragraph: {text}");
        }
    }
}
