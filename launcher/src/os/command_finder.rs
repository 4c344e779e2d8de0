//! Which file a command of Windows means: a bare name is looked for in the folders of `PATH`, and what has no extension gets
//! those of `PATHEXT`, one after the other. The standard library adds `.exe` alone, and `npm` is `npm.cmd`.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The extensions where `PATHEXT` is not set.
const USUAL_EXTENSIONS: &str = ".COM;.EXE;.BAT;.CMD";

/// Where commands are looked for.
pub(super) struct CommandFinder<'a> {
    /// Those of `PATH`, in their order.
    pub(super) folders: Vec<PathBuf>,
    /// `PATHEXT`, if it is set.
    pub(super) extensions: Option<&'a str>,
    /// The folder that the program will run in.
    pub(super) cwd: &'a Path,
}

impl CommandFinder<'_> {
    /// The file of a command; `None` if there is none, as for one that the system finds elsewhere.
    pub(super) fn find(&self, name: &OsStr, is_file: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let is_path =
            name.as_encoded_bytes().iter().any(|byte| matches!(byte, b'/' | b'\\' | b':'));
        let places = match is_path {
            true => vec![self.cwd.join(name)],
            false => self.folders.iter().map(|folder| folder.join(name)).collect(),
        };
        let files = places.iter().flat_map(|place| self.with_extensions(name, place));
        files.into_iter().find(|file| is_file(file))
    }

    /// A file without an extension is none to start: beside `npm.cmd` there is a script `npm` for other shells.
    fn with_extensions(&self, name: &OsStr, place: &Path) -> Vec<PathBuf> {
        let all = self.extensions.filter(|all| !all.is_empty()).unwrap_or(USUAL_EXTENSIONS);
        let all: Vec<_> = all.split(';').filter(|extension| extension.starts_with('.')).collect();
        let name = name.to_string_lossy().to_lowercase();
        let is_whole = all.iter().any(|extension| name.ends_with(&extension.to_lowercase()));
        let added = all.iter().map(|extension| {
            let mut file = OsString::from(place);
            file.push(extension.to_lowercase());
            PathBuf::from(file)
        });
        is_whole.then(|| place.to_owned()).into_iter().chain(added).collect()
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn found(name: &str, extensions: Option<&str>, files: &[&str]) -> Option<String> {
        let folders = ["/tools", "/node"].map(PathBuf::from).to_vec();
        let search = CommandFinder { folders, extensions, cwd: Path::new("/work") };
        let is_file = |file: &Path| files.iter().any(|there| Path::new(there) == file);
        search.find(name.as_ref(), is_file).map(|file| file.display().to_string())
    }

    #[test]
    fn a_bare_name_is_found_with_the_extensions_of_the_system_in_the_folders_of_the_path() {
        let node = ["/node/npm", "/node/npm.cmd", "/node/node.exe", "/tools/node", "/work/npm.cmd"];
        assert_eq!(found("npm", None, &node).as_deref(), Some("/node/npm.cmd"));
        assert_eq!(found("node", None, &node).as_deref(), Some("/node/node.exe"));
        assert_eq!(found("Node.EXE", None, &["/node/Node.EXE"]).as_deref(), Some("/node/Node.EXE"));
        assert_eq!(found("npm", Some(".EXE"), &node), None, "it is no command there");
        assert_eq!(found("npm", Some(""), &node).as_deref(), Some("/node/npm.cmd"));
        assert_eq!(found("yarn", None, &node), None);
        let both = ["/node/x.exe", "/tools/x.cmd"];
        assert_eq!(found("x", None, &both).as_deref(), Some("/tools/x.cmd"), "the folder is first");
        let both = ["/node/x.cmd", "/node/x.exe"];
        assert_eq!(found("x", None, &both).as_deref(), Some("/node/x.exe"));
    }

    #[test]
    fn a_path_is_looked_for_in_the_folder_of_the_program() {
        let vite = ["/work/bin/vite", "/work/bin/vite.cmd", "/tools/bin/vite.cmd", "/o/x.py.exe"];
        assert_eq!(found("bin/vite", None, &vite).as_deref(), Some("/work/bin/vite.cmd"));
        assert_eq!(found("/o/x.py", None, &vite).as_deref(), Some("/o/x.py.exe"));
        assert_eq!(found("bin/other", None, &vite), None);
    }
}
