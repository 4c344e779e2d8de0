//! The names under which a person starts the programs.
//!
//! A build has `launcher` and `server` in one folder. A package puts them on the `PATH` of a whole
//! machine, where such names would be too general: there they are `homeport` and `homeport-server`,
//! which are links to them. Advice about commands to type has to use the name that the person has.

use std::{ffi::OsString, path::Path, sync::OnceLock};

/// The name of the launcher in a build.
const BUILT: &str = "launcher";

/// The name of the launcher where a package has put it.
const PACKAGED: &str = "homeport";

static LAUNCHER: OnceLock<&str> = OnceLock::new();

/// Keeps the name that belongs to the first word of a command line. The first call counts.
pub fn keep(argv: &[OsString]) {
    LAUNCHER.get_or_init(|| launcher_beside(argv.first().map(Path::new)));
}

/// The launcher's name for messages: `launcher` unless [`keep`] has recorded another.
pub fn launcher() -> &'static str {
    LAUNCHER.get().copied().unwrap_or(BUILT)
}

/// The name of the launcher beside a program that was started as `own`.
fn launcher_beside(own: Option<&Path>) -> &'static str {
    let name = own.and_then(Path::file_stem).and_then(|name| name.to_str()).unwrap_or_default();
    if name == PACKAGED || name == "homeport-server" { PACKAGED } else { BUILT }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_packaged_program_speaks_of_homeport_and_a_built_one_of_the_launcher() {
        let name = |own: &str| launcher_beside(Some(Path::new(own)));
        assert_eq!(name("homeport"), "homeport");
        assert_eq!(name("/usr/bin/homeport-server"), "homeport");
        for own in ["target/debug/launcher", "server.exe", "/home/homeport/launcher", ""] {
            assert_eq!(name(own), "launcher", "{own}");
        }
        assert_eq!(launcher_beside(None), "launcher");
    }
}
