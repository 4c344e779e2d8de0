//! The name that a folder has by itself: that of its package, else its own.

use std::path::Path;

use serde_json::Value as Json;
use shared::{
    app::{AppName, AppNameError, MAX_NAME},
    regular_file,
};
use toml_edit::DocumentMut;

use super::{
    source::{NameReason, NameSource},
    worktree,
};

/// The name of a folder of which nothing can stand in a name.
const NAMELESS: &str = "app";

/// Finds the name of a package in the text of its file.
type NameReader = fn(&str) -> Option<String>;

/// What a folder is named before it is known whether another one has the name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FolderName {
    /// Of the characters that an app's name may have, beginning with a letter or a digit, [`MAX_NAME`] bytes at most.
    pub(super) name: String,
    pub(super) source: NameSource,
    pub(super) reasons: Vec<NameReason>,
}

impl FolderName {
    /// That of the folder at this canonical path.
    pub(super) fn of(folder: &Path) -> Self {
        let (name, written, source) = of_package(folder).unwrap_or_else(|| {
            let written = last_part(folder);
            (lawful(&written).unwrap_or_else(|| NAMELESS.to_owned()), written, NameSource::Folder)
        });
        let mut reasons = Vec::from_iter((name != written).then_some(NameReason::Adapted(written)));
        // A worktree that is named for its own folder has its name already.
        let tree =
            worktree::linked(folder).filter(|tree| source != NameSource::Folder || tree != folder);
        let name = match tree {
            Some(tree) => {
                let suffix = lawful(&last_part(&tree)).unwrap_or_else(|| NAMELESS.to_owned());
                reasons.push(NameReason::Worktree(tree));
                cut(&format!("{name}.{suffix}"))
            }
            None => name,
        };
        Self { name, source, reasons }
    }
}

fn last_part(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The name of the package in `folder`, as an app can have it and as it is written. A file that cannot be read or has no
/// name is passed over.
fn of_package(folder: &Path) -> Option<(String, String, NameSource)> {
    let files: [(&str, NameReader, NameSource); 3] = [
        ("package.json", name_in_json, NameSource::PackageJson),
        ("pyproject.toml", name_in_pyproject, NameSource::Pyproject),
        ("Cargo.toml", name_in_cargo_toml, NameSource::CargoToml),
    ];
    files.into_iter().find_map(|(file, name_in, source)| {
        let text = regular_file::read_untrusted_text(&folder.join(file)).ok()?;
        let written = name_in(text.trim_start_matches('\u{feff}'))?;
        Some((lawful(&written)?, written, source))
    })
}

fn name_in_json(text: &str) -> Option<String> {
    let package: Json = serde_json::from_str(text).ok()?;
    Some(package.get("name")?.as_str()?.to_owned())
}

fn name_in_pyproject(text: &str) -> Option<String> {
    let project = text.parse::<DocumentMut>().ok()?;
    let name = |table: &[&str]| {
        let table = table.iter().try_fold(project.as_item(), |item, key| item.get(*key))?;
        Some(table.get("name")?.as_str()?.to_owned())
    };
    name(&["project"]).or_else(|| name(&["tool", "poetry"]))
}

fn name_in_cargo_toml(text: &str) -> Option<String> {
    let manifest = text.parse::<DocumentMut>().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The name as an app can have it: other characters become `-`, and `@a/b` becomes `a-b`. `None` if nothing is left.
fn lawful(written: &str) -> Option<String> {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = written.trim().chars().map(allowed).collect();
    let name = cut(name.trim_start_matches(['-', '_', '.']));
    match name.parse::<AppName>() {
        Err(AppNameError::Empty) => None,
        // With a number behind it, a device is a file like any other, unless the number is in the ending.
        Err(AppNameError::Device(_)) => Some(name.replace('.', "-")),
        _ => Some(name),
    }
}

/// A name that is not too long. It is ASCII, and no dot may be at its end.
fn cut(name: &str) -> String {
    name[..name.len().min(MAX_NAME)].trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod test {
    use std::fs;

    use super::*;

    #[test]
    fn every_text_becomes_the_beginning_of_a_lawful_name_or_nothing() {
        for (written, name) in [
            ("web", Some("web")),
            ("@ada/web", Some("ada-web")),
            ("my app (2)", Some("my-app--2-")),
            (".config", Some("config")),
            ("web..", Some("web")),
            ("größe", Some("gr--e")),
            ("nul.txt", Some("nul-txt")),
            ("日本", None),
            ("", None),
            ("...", None),
        ] {
            assert_eq!(lawful(written).as_deref(), name, "{written}");
        }
        assert_eq!(lawful(&"é".repeat(300)), None);
        assert_eq!(lawful(&format!("a{}", "é".repeat(300))).map(|name| name.len()), Some(MAX_NAME));
    }

    #[test]
    fn the_package_names_the_folder_and_a_broken_file_is_passed_over() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("own");
        fs::create_dir(&folder).expect("made");
        let named = || {
            let FolderName { name, source, .. } = FolderName::of(&folder);
            (name, source)
        };
        let write = |file: &str, text: &str| fs::write(folder.join(file), text).expect("written");
        assert_eq!(named(), ("own".to_owned(), NameSource::Folder));
        write("Cargo.toml", "[package]\nname = \"c\"\n");
        assert_eq!(named(), ("c".to_owned(), NameSource::CargoToml));
        write("pyproject.toml", "[tool.poetry]\nname = \"poetry\"\n");
        assert_eq!(named(), ("poetry".to_owned(), NameSource::Pyproject));
        write("pyproject.toml", "[tool.poetry]\nname = \"t\"\n[project]\nname = \"p\"\n");
        assert_eq!(named(), ("p".to_owned(), NameSource::Pyproject));
        write("package.json", "\u{feff}{\"name\": \"@s/j\"}");
        assert_eq!(named(), ("s-j".to_owned(), NameSource::PackageJson));
        for broken in
            ["{\"name\": ", "[]", "{}", "{\"name\": 1}", "{\"name\": \"\"}", "{\"name\":\"日\"}"]
        {
            write("package.json", broken);
            assert_eq!(named().1, NameSource::Pyproject, "{broken}");
        }
        write("pyproject.toml", "name = ");
        write("Cargo.toml", "[workspace]\n");
        assert_eq!(named().1, NameSource::Folder);
        fs::remove_file(folder.join("package.json")).expect("removed");
        fs::create_dir(folder.join("package.json")).expect("made");
        assert_eq!(named().1, NameSource::Folder);
        let long = format!("{{\"name\":\"long\",\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
        fs::remove_dir(folder.join("package.json")).expect("removed");
        write("package.json", &long);
        assert_eq!(named().1, NameSource::Folder);
    }
}
