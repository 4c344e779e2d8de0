//! The names that a person types to start the programs.
//!
//! The programs are installed as `homeport` and `homeport-server`. A build has them as `launcher` and
//! `server` too, and from a checkout there is `cargo start`. A command that is advised has to begin
//! with the name that the person has just used, because the others may not be there. A server that is
//! started by itself names the launcher that stands beside it.

use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::{OsStr, OsString},
    path::Path,
    sync::OnceLock,
};

/// The variable that names the command the launcher was started by, for the programs that it starts.
/// `cargo start` sets it for the launcher.
pub const VARIABLE: &str = "HOMEPORT_INVOKED_AS";

/// The variable of a launcher in the background: the launcher that has started it passes on what it prints,
/// until its server is ready.
pub const DETACHED_VARIABLE: &str = "HOMEPORT_DETACHED";

/// What `cargo start` sets [`VARIABLE`] to.
pub const CARGO_START: &str = "cargo start";

/// The names of the launcher's program, without an ending, the installed one first.
pub const LAUNCHERS: [&str; 2] = ["homeport", "launcher"];

/// The names of the server's program, without an ending, the installed one first.
pub const SERVERS: [&str; 2] = ["homeport-server", "server"];

static NAMES: OnceLock<Names> = OnceLock::new();

/// What the programs are called in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Names {
    /// The words that start the launcher.
    launcher: &'static str,
    /// Whether this program has its installed name.
    installed: bool,
}

/// Keeps the names of a launcher, as [`keep`] does. One that was given a name of its own is called by that.
pub fn keep_of_launcher(argv: &[OsString]) {
    let typed = argv.first().map(Path::new);
    let file = env::current_exe().ok();
    let is_ours = |file: &Path| is_one_of(&[LAUNCHERS, SERVERS].concat(), file);
    let is_known = [typed, file.as_deref()].into_iter().flatten().any(is_ours);
    let is_word = |stem: &&str| stem.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let stem = typed.and_then(Path::file_stem).and_then(OsStr::to_str).filter(is_word);
    if let Some(stem) =
        stem.filter(|_| !is_known && given(env::var_os(VARIABLE).as_deref()).is_none())
    {
        // Once, and for as long as the process lives.
        let launcher = Box::leak(stem.to_owned().into_boxed_str());
        NAMES.get_or_init(|| Names { launcher, installed: false });
    }
    keep(argv);
}

/// Keeps the names that belong to the first word of a command line, to the program's file and to
/// [`VARIABLE`]. The first call counts.
pub fn keep(argv: &[OsString]) {
    let typed = argv.first().map(Path::new);
    // The file tells what a link of another name leads to.
    let file = env::current_exe().ok();
    let files = [typed, file.as_deref()];
    let is_beside = |name: &str| {
        let beside = |file: &Path| file.with_file_name(format!("{name}{EXE_SUFFIX}")).is_file();
        file.as_deref().is_some_and(beside)
    };
    NAMES.get_or_init(|| Names::of(&files, env::var_os(VARIABLE).as_deref(), is_beside));
}

/// The words with which a person starts the launcher: `homeport`, `launcher` or `cargo start`.
/// `launcher` before [`keep`].
pub fn launcher() -> &'static str {
    names().launcher
}

/// The name of the launcher's program: `homeport` or `launcher`.
pub fn launcher_program() -> &'static str {
    if names().installed { LAUNCHERS[0] } else { LAUNCHERS[1] }
}

/// The name of the server's program: `homeport-server` or `server`.
pub fn server() -> &'static str {
    if names().installed { SERVERS[0] } else { SERVERS[1] }
}

/// Whether a program's file has one of these `names`.
pub fn is_one_of(names: &[&str], program: &Path) -> bool {
    let stem = program.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    names.contains(&stem)
}

/// The command that [`VARIABLE`] names, if it is one of ours.
fn given(value: Option<&OsStr>) -> Option<&'static str> {
    let known = LAUNCHERS.into_iter().chain([CARGO_START]);
    known.into_iter().find(|name| value == Some(OsStr::new(name)))
}

fn names() -> Names {
    NAMES.get().copied().unwrap_or(Names { launcher: LAUNCHERS[1], installed: false })
}

impl Names {
    /// The first of `files` that has one of our names decides, unless only the launcher of the other name
    /// stands beside this program. `given` is the value of [`VARIABLE`]; one that is none of the names
    /// counts as not set.
    fn of(
        files: &[Option<&Path>],
        given: Option<&OsStr>,
        is_beside: impl Fn(&str) -> bool,
    ) -> Self {
        let is_ours = |file: &&&Path| is_one_of(&[LAUNCHERS, SERVERS].concat(), file);
        let named = files.iter().flatten().find(is_ours);
        let installed = named.is_some_and(|file| is_one_of(&[LAUNCHERS[0], SERVERS[0]], file));
        let [own, other] = if installed { LAUNCHERS } else { [LAUNCHERS[1], LAUNCHERS[0]] };
        let is_launcher = named.is_some_and(|file| is_one_of(&LAUNCHERS, file));
        // A link that is named otherwise than what it leads to stands beside another like it.
        let is_link = named.is_some()
            && files
                .iter()
                .flatten()
                .any(|file| file.file_stem() != named.and_then(|it| it.file_stem()));
        let decides_itself = is_launcher || is_link;
        let own = if !decides_itself && !is_beside(own) && is_beside(other) { other } else { own };
        Self { launcher: self::given(given).unwrap_or(own), installed }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn names(file: &str, given: Option<&str>) -> (&'static str, bool) {
        let names = Names::of(&[Some(Path::new(file)), None], given.map(OsStr::new), |_| false);
        (names.launcher, names.installed)
    }

    #[test]
    fn an_installed_program_speaks_of_homeport_and_a_built_one_of_the_launcher() {
        for own in ["homeport", "/usr/bin/homeport-server", "homeport.exe"] {
            assert_eq!(names(own, None), ("homeport", true), "{own}");
        }
        for own in ["target/debug/launcher", "server.exe", "/home/homeport/launcher", ""] {
            assert_eq!(names(own, None), ("launcher", false), "{own}");
        }
        let nameless = Names::of(&[], None, |_| false);
        assert_eq!(nameless, Names { launcher: "launcher", installed: false });
    }

    #[test]
    fn what_was_typed_counts_before_what_it_leads_to() {
        let called = |typed: &str, file: &str| {
            Names::of(&[Some(Path::new(typed)), Some(Path::new(file))], None, |_| false).launcher
        };
        assert_eq!(called("launcher", "/usr/bin/homeport"), "launcher");
        assert_eq!(called("homeport", "/usr/lib/homeport/launcher"), "homeport");
        assert_eq!(called("notes", "/usr/bin/homeport"), "homeport");
    }

    #[test]
    fn a_server_names_the_launcher_that_stands_beside_it() {
        let advised = |file: &str, beside: &[&str]| {
            Names::of(&[Some(Path::new(file))], None, |name| beside.contains(&name)).launcher
        };
        for (file, beside, wanted) in [
            ("homeport-server", &["homeport"][..], "homeport"),
            ("homeport-server", &["launcher"], "launcher"),
            ("homeport-server", &["homeport", "launcher"], "homeport"),
            ("server", &["homeport"], "homeport"),
            ("server", &["homeport", "launcher"], "launcher"),
            ("notes", &["homeport"], "homeport"),
            ("notes", &["launcher"], "launcher"),
            ("homeport", &["launcher"], "homeport"),
            ("launcher", &["homeport"], "launcher"),
        ] {
            assert_eq!(advised(file, beside), wanted, "{file} beside {beside:?}");
        }
        let files = [Some(Path::new("homeport-server")), Some(Path::new("/usr/lib/server"))];
        let linked = Names::of(&files, None, |name| name == "launcher");
        assert_eq!(linked.launcher, "homeport");
    }

    #[test]
    fn what_the_launcher_was_started_by_is_passed_on_and_nothing_else_is_believed() {
        assert_eq!(names("homeport", Some("cargo start")), ("cargo start", true));
        assert_eq!(names("homeport-server", Some("launcher")), ("launcher", true));
        assert_eq!(names("notes", Some("homeport")), ("homeport", false));
        for wrong in ["", "rm -rf", "cargo"] {
            assert_eq!(names("homeport", Some(wrong)).0, "homeport", "{wrong}");
        }
    }
}
