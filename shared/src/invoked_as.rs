//! The names that a person types to start the programs.
//!
//! The programs are installed as `homeport` and `homeport-server`. A build has them as `launcher` and
//! `server` too, and from a checkout there is `cargo start`. A command that is advised has to begin
//! with the name that the person has just used, because the others may not be there. A server that is
//! started by itself names the launcher that stands beside it.

use std::{
    borrow::Cow,
    env::{self, consts::EXE_SUFFIX},
    ffi::{OsStr, OsString},
    path::Path,
    sync::OnceLock,
};

use crate::words::Process;

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

static UNKNOWN: Names = Names {
    launcher: Cow::Borrowed(LAUNCHERS[1]),
    launcher_program: Cow::Borrowed(LAUNCHERS[1]),
    server: Cow::Borrowed(SERVERS[1]),
};

/// What the programs are called in this process.
#[derive(Debug, PartialEq, Eq)]
struct Names {
    /// The words that start the launcher.
    launcher: Cow<'static, str>,
    launcher_program: Cow<'static, str>,
    server: Cow<'static, str>,
}

/// Keeps the names that belong to the first word of the command line of `program`, to its file and to
/// [`VARIABLE`]. The first call counts.
pub fn keep(program: Process, argv: &[OsString]) {
    let typed = argv.first().map(Path::new);
    // The file tells what a link of another name leads to.
    let file = env::current_exe().ok();
    let files = [typed, file.as_deref()];
    let is_beside = |name: &str| {
        let beside = |file: &Path| file.with_file_name(format!("{name}{EXE_SUFFIX}")).is_file();
        file.as_deref().is_some_and(beside)
    };
    NAMES.get_or_init(|| Names::of(program, &files, env::var_os(VARIABLE).as_deref(), is_beside));
}

/// The words with which a person starts the launcher: `homeport`, `launcher`, `cargo start` or the name of a copy.
/// `launcher` before [`keep`].
pub fn launcher() -> &'static str {
    &names().launcher
}

/// The name of the launcher's program: `homeport`, `launcher` or that of a copy.
pub fn launcher_program() -> &'static str {
    &names().launcher_program
}

/// The name of the server's program: `homeport-server`, `server` or that of a copy.
pub fn server() -> &'static str {
    &names().server
}

/// Whether a program's file has one of these `names`.
pub fn is_one_of(names: &[&str], program: &Path) -> bool {
    let stem = program.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    names.contains(&stem)
}

/// The command that [`VARIABLE`] names, if it is one of ours or, for a server, a program beside it.
fn given(
    program: Process,
    value: Option<&OsStr>,
    is_beside: impl Fn(&str) -> bool,
) -> Option<Cow<'static, str>> {
    let name = value?.to_str()?;
    let is_ours = LAUNCHERS.contains(&name) || name == CARGO_START;
    let is_copy = || program == Process::Server && is_word(name) && is_beside(name);
    (is_ours || is_copy()).then(|| name.to_owned().into())
}

/// Whether a shell takes it for one word, as the name of a program.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

fn names() -> &'static Names {
    NAMES.get().unwrap_or(&UNKNOWN)
}

impl Names {
    /// The first of `files` that has one of our names decides, unless only the launcher of the other name
    /// stands beside this program. A program none of whose files has one is called as the last, which a link leads
    /// to. `given` is the value of [`VARIABLE`].
    fn of(
        program: Process,
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
        let copy = |of: Process| {
            let stems = files.iter().flatten().filter_map(|file| file.file_stem()?.to_str());
            let name = stems.rev().find(|stem| is_word(stem));
            name.filter(|_| named.is_none() && program == of).map(|name| name.to_owned().into())
        };
        let [launchers, servers] = [LAUNCHERS, SERVERS].map(|names| names[usize::from(!installed)]);
        let given = self::given(program, given, is_beside);
        let launcher = given.or_else(|| copy(Process::Launcher));
        Self {
            launcher: launcher.unwrap_or(Cow::Borrowed(own)),
            launcher_program: copy(Process::Launcher).unwrap_or(Cow::Borrowed(launchers)),
            server: copy(Process::Server).unwrap_or(Cow::Borrowed(servers)),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn names(file: &str, given: Option<&str>) -> (Cow<'static, str>, bool) {
        let files = [Some(Path::new(file)), None];
        let names = Names::of(Process::Server, &files, given.map(OsStr::new), |_| false);
        (names.launcher, names.launcher_program == LAUNCHERS[0])
    }

    fn launcher_of(files: &[&str], is_beside: impl Fn(&str) -> bool) -> Cow<'static, str> {
        let files: Vec<_> = files.iter().map(|file| Some(Path::new(file))).collect();
        Names::of(Process::Server, &files, None, is_beside).launcher
    }

    #[test]
    fn an_installed_program_speaks_of_homeport_and_a_built_one_of_the_launcher() {
        for own in ["homeport", "/usr/bin/homeport-server", "homeport.exe"] {
            assert_eq!(names(own, None), ("homeport".into(), true), "{own}");
        }
        for own in ["target/debug/launcher", "server.exe", "/home/homeport/launcher", ""] {
            assert_eq!(names(own, None), ("launcher".into(), false), "{own}");
        }
        assert_eq!(Names::of(Process::Launcher, &[], None, |_| false), UNKNOWN);
    }

    #[test]
    fn what_was_typed_counts_before_what_it_leads_to() {
        let called = |typed, file| launcher_of(&[typed, file], |_| false);
        assert_eq!(called("launcher", "/usr/bin/homeport"), "launcher");
        assert_eq!(called("homeport", "/usr/lib/homeport/launcher"), "homeport");
        assert_eq!(called("notes", "/usr/bin/homeport"), "homeport");
    }

    #[test]
    fn a_server_names_the_launcher_that_stands_beside_it() {
        let advised = |file, beside: &[&str]| launcher_of(&[file], |name| beside.contains(&name));
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
        let files = ["homeport-server", "/usr/lib/server"];
        assert_eq!(launcher_of(&files, |name| name == "launcher"), "homeport");
    }

    #[test]
    fn a_copy_of_another_name_is_called_by_that_also_through_a_link() {
        let called = |program, files: [&str; 2], given| {
            let files = files.map(|file| Some(Path::new(file)));
            Names::of(program, &files, given, |name| name == "my-tool")
        };
        let (copy, given) = (["./my-tool.exe", "/opt/my-tool.exe"], Some(OsStr::new("homeport")));
        let launcher = called(Process::Launcher, copy, None);
        assert_eq!((&*launcher.launcher, &*launcher.launcher_program), ("my-tool", "my-tool"));
        assert_eq!(called(Process::Launcher, copy, given).launcher, "homeport");
        let server = called(Process::Server, copy, None);
        assert_eq!((&*server.launcher, &*server.server), ("launcher", "my-tool"));
        let link = ["tool", "/opt/my-tool"];
        assert_eq!(called(Process::Launcher, link, None).launcher, "my-tool");
        let spaced = ["my tool", "/opt/my tool"];
        assert_eq!(called(Process::Launcher, spaced, None).launcher, "launcher");
    }

    #[test]
    fn a_server_believes_the_name_of_a_launcher_that_stands_beside_it() {
        let told = |program, given| {
            let files = [Some(Path::new("/opt/homeport-server"))];
            Names::of(program, &files, Some(OsStr::new(given)), |name| name == "hp2").launcher
        };
        assert_eq!(told(Process::Server, "hp2"), "hp2");
        assert_eq!(told(Process::Server, "hp3"), "homeport");
        assert_eq!(told(Process::Launcher, "hp2"), "homeport");
    }

    #[test]
    fn what_the_launcher_was_started_by_is_passed_on_and_nothing_else_is_believed() {
        assert_eq!(names("homeport", Some("cargo start")), ("cargo start".into(), true));
        assert_eq!(names("homeport-server", Some("launcher")), ("launcher".into(), true));
        assert_eq!(names("notes", Some("homeport")), ("homeport".into(), false));
        for wrong in ["", "rm -rf", "cargo"] {
            assert_eq!(names("homeport", Some(wrong)).0, "homeport", "{wrong}");
        }
    }
}
