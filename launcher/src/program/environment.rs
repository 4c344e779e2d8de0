//! What a program gets of our environment, and what we add.
//!
//! A pure decision over the inherited variables. Whatever is not named here is inherited as it is.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    net::IpAddr,
    path::Path,
};

use shared::{
    message,
    paths::{HOME_VARIABLE, LOG_DIR_VARIABLE},
};
use uuid::Uuid;

use crate::os;

/// The variable with the `launch_id` of the launch that a program belongs to.
pub const RUN_VARIABLE: &str = "HOMEPORT_RUN";

/// The variable with the public URL of a program.
const URL_VARIABLE: &str = "HOMEPORT_URL";

/// What the variables of our options begin with.
const OWN_PREFIX: &str = "HOMEPORT_";

/// Sockets and messages of a service manager: they are for us, and not for what we start.
const LISTEN_PREFIX: &str = "LISTEN_";
const NOTIFY_VARIABLE: &str = "NOTIFY_SOCKET";

/// Asks a program not to use colours, whatever its value, unless that is empty (no-color.org).
const NO_COLOR: &str = "NO_COLOR";

/// What has programs use colours although their output is a pipe.
const COLOR_VARIABLES: [&str; 2] = ["FORCE_COLOR", "CLICOLOR_FORCE"];

/// Has Python write each line at once, although its output is a pipe.
const UNBUFFERED_VARIABLE: &str = "PYTHONUNBUFFERED";

/// Whether two names of variables that differ in the case of their letters are one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableCase {
    /// They are two, as on Unix.
    Counts,
    /// They are one, as on Windows.
    Ignored,
}

impl VariableCase {
    /// That of this system.
    pub fn of_this_system() -> Self {
        if os::VARIABLES_IGNORE_CASE { Self::Ignored } else { Self::Counts }
    }

    fn is_same(self, name: &OsStr, other: &str) -> bool {
        match self {
            Self::Counts => name == other,
            Self::Ignored => name.eq_ignore_ascii_case(other),
        }
    }

    fn begins_with(self, name: &OsStr, prefix: &str) -> bool {
        let begin = name.as_encoded_bytes().get(..prefix.len());
        begin.is_some_and(|begin| match self {
            Self::Counts => begin == prefix.as_bytes(),
            Self::Ignored => begin.eq_ignore_ascii_case(prefix.as_bytes()),
        })
    }
}

/// A variable that a person sets for the program: `--env NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVariable {
    /// Lawful, and none of ours.
    pub name: String,
    /// With its templates, if it is not filled in yet. It may be a secret.
    pub value: OsString,
}

/// Why a text is not `NAME=VALUE` for a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableNameError {
    /// There is no `=`, nothing before it, or a name that no program could read.
    #[error("{}", message!("program_env.unlawful", text = .0))]
    Unlawful(String),
    /// The variable is one of Homeport's own.
    #[error("{}", message!("program_env.own", name = .0, prefix = OWN_PREFIX))]
    Own(String),
}

impl SetVariable {
    /// Reads `NAME=VALUE`; the value may be empty.
    ///
    /// # Errors
    ///
    /// [`VariableNameError`], which has no part of the value: it may be a secret.
    pub fn parse(text: &OsStr, case: VariableCase) -> Result<Self, VariableNameError> {
        let bytes = text.as_encoded_bytes();
        let end = bytes.iter().position(|byte| *byte == b'=');
        let name = os::part_of(text, 0..end.unwrap_or(bytes.len()));
        let unlawful =
            || VariableNameError::Unlawful(name.to_string_lossy().escape_debug().to_string());
        let (end, known) = end.zip(name.to_str()).ok_or_else(unlawful)?;
        let is_lawful = |c: char| !c.is_whitespace() && !c.is_control();
        if known.is_empty() || !known.chars().all(is_lawful) {
            return Err(unlawful());
        }
        if case.begins_with(name, OWN_PREFIX) {
            return Err(VariableNameError::Own(known.to_owned()));
        }
        let value = os::part_of(text, end + 1..bytes.len()).to_owned();
        Ok(Self { name: known.to_owned(), value })
    }
}

/// The facts of a launch that a program is told.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentInputs<'a> {
    /// Where the program is to listen; with a front that is a private address.
    pub host: IpAddr,
    /// The port of that address.
    pub port: u16,
    /// The public URL.
    pub url: &'a str,
    /// The launch that the program belongs to.
    pub launch_id: Uuid,
    /// The folder for everything, absolute, if one was given.
    pub home: Option<&'a Path>,
    /// The folder for the logs, absolute, if one was given.
    pub log_dir: Option<&'a Path>,
    /// Whether the command line has a template, and so its own way to tell the program.
    pub has_template: bool,
    /// `--no-port-env`: neither `PORT` nor `HOST`.
    pub no_port_env: bool,
    /// Whether the output of the program reaches a terminal that shows colours.
    pub has_terminal: bool,
}

/// What is changed of the inherited environment: a value for each variable that is set, none for each that is removed.
pub type EnvironmentChanges = BTreeMap<OsString, Option<OsString>>;

/// The changes that make the environment of a program from the `inherited` one. What a person has `set`, filled in, wins.
pub fn changes(
    inherited: &[(OsString, OsString)],
    facts: &EnvironmentInputs,
    set: &[SetVariable],
    case: VariableCase,
) -> EnvironmentChanges {
    let inherited_value = |wanted: &str| {
        let found = inherited.iter().rev().find(|(name, _)| case.is_same(name, wanted));
        found.map(|(_, value)| value)
    };
    let set_value = |wanted: &str| {
        let found = set.iter().rev().find(|set| case.is_same(set.name.as_ref(), wanted));
        found.map(|set| &set.value)
    };
    let ends = |name: &OsStr| {
        [OWN_PREFIX, LISTEN_PREFIX].iter().any(|prefix| case.begins_with(name, prefix))
            || case.is_same(name, NOTIFY_VARIABLE)
    };
    let mut changes = Changes { changes: EnvironmentChanges::new(), case };
    for (name, _) in inherited.iter().filter(|(name, _)| ends(name)) {
        changes.insert(name, None);
    }
    if !facts.no_port_env {
        changes.set("PORT", facts.port.to_string());
        if !facts.has_template {
            changes.set("HOST", facts.host.to_string());
        }
    }
    changes.set(URL_VARIABLE, facts.url);
    changes.set(RUN_VARIABLE, facts.launch_id.to_string());
    for (name, folder) in [(HOME_VARIABLE, facts.home), (LOG_DIR_VARIABLE, facts.log_dir)] {
        if let Some(folder) = folder {
            changes.set(name, folder);
        }
    }
    let has_no_color =
        set_value(NO_COLOR).or(inherited_value(NO_COLOR)).is_some_and(|value| !value.is_empty());
    let colors = COLOR_VARIABLES.iter().filter(|_| facts.has_terminal && !has_no_color);
    for name in colors.chain([&UNBUFFERED_VARIABLE]) {
        if inherited_value(name).is_none() {
            changes.set(name, "1");
        }
    }
    for set in set {
        changes.set(&set.name, &set.value);
    }
    changes.changes
}

/// Changes in the making: a later one of a variable takes the place of an earlier one.
struct Changes {
    changes: EnvironmentChanges,
    case: VariableCase,
}

impl Changes {
    fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.insert(name.as_ref(), Some(value.as_ref().to_owned()));
    }

    fn insert(&mut self, name: &OsStr, value: Option<OsString>) {
        if self.case == VariableCase::Ignored {
            self.changes.retain(|known, _| !known.eq_ignore_ascii_case(name));
        }
        self.changes.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod test {
    use std::net::Ipv4Addr;

    use super::*;

    const FACTS: EnvironmentInputs = EnvironmentInputs {
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 17342,
        url: "http://localhost:17342/",
        launch_id: Uuid::nil(),
        home: None,
        log_dir: None,
        has_template: false,
        no_port_env: false,
        has_terminal: false,
    };

    /// The environment after the changes, as `NAME=VALUE`.
    fn environment(
        inherited: &[&str],
        facts: &EnvironmentInputs,
        set: &[&str],
        case: VariableCase,
    ) -> Vec<String> {
        let pair = |text: &&str| {
            let (name, value) = text.split_once('=').expect("a pair");
            (OsString::from(name), OsString::from(value))
        };
        let inherited: Vec<_> = inherited.iter().map(pair).collect();
        let parse = |text: &&str| SetVariable::parse(text.as_ref(), case).expect("right");
        let changes = changes(&inherited, facts, &set.iter().map(parse).collect::<Vec<_>>(), case);
        let mut all: EnvironmentChanges =
            inherited.into_iter().map(|(name, value)| (name, Some(value))).collect();
        for (name, value) in changes {
            let is_other = |other: &OsStr| match case {
                VariableCase::Counts => other != name,
                VariableCase::Ignored => !other.eq_ignore_ascii_case(&name),
            };
            all.retain(|other, _| is_other(other));
            all.insert(name, value);
        }
        let written = |(name, value): (OsString, Option<OsString>)| {
            Some(format!("{}={}", name.display(), value?.display()))
        };
        all.into_iter().filter_map(written).collect()
    }

    fn on_unix(inherited: &[&str], facts: &EnvironmentInputs, set: &[&str]) -> Vec<String> {
        environment(inherited, facts, set, VariableCase::Counts)
    }

    const TOLD: [&str; 3] = [
        "HOMEPORT_RUN=00000000-0000-0000-0000-000000000000",
        "HOMEPORT_URL=http://localhost:17342/",
        "PYTHONUNBUFFERED=1",
    ];

    #[test]
    fn a_program_is_told_its_port_and_its_host_unless_its_command_line_says_it() {
        let without = |facts: &EnvironmentInputs| on_unix(&[], facts, &[]);
        fn told<'a>(first: &[&'a str], last: &[&'a str]) -> Vec<&'a str> {
            [first, &TOLD[..2], last].concat()
        }
        let port = ["PORT=17342", "PYTHONUNBUFFERED=1"];
        assert_eq!(without(&FACTS), told(&[], &["HOST=127.0.0.1", port[0], port[1]]));
        let has_template = EnvironmentInputs { has_template: true, ..FACTS };
        assert_eq!(without(&has_template), told(&[], &port));
        let no_port_env = EnvironmentInputs { no_port_env: true, ..FACTS };
        assert_eq!(without(&no_port_env), TOLD);
        let inherited = on_unix(&["HOST=pc", "PORT=1"], &no_port_env, &[]);
        assert_eq!(inherited, told(&[], &["HOST=pc", "PORT=1", port[1]]));
    }

    #[test]
    fn i22_no_option_variable_reaches_the_program_but_the_two_folders() {
        let inherited = [
            "HOMEPORT_PORT=1",
            "HOMEPORT_HOME=h",
            "HOMEPORT_LOG_DIR=",
            "HOMEPORT_CHECKOUT=/c",
            "HOMEPORT_RUN=x",
            "HOMEPORT_URL_API=u",
            "HOMEPORT=stays",
            "LISTEN_FDS=2",
            "LISTEN_PID=1",
            "LISTEN=stays",
            "NOTIFY_SOCKET=/s",
            "UMASK=1",
        ];
        let facts = EnvironmentInputs { no_port_env: true, ..FACTS };
        let kept = on_unix(&inherited, &facts, &[]);
        let wanted = ["HOMEPORT=stays", TOLD[0], TOLD[1], "LISTEN=stays", TOLD[2], "UMASK=1"];
        assert_eq!(kept, wanted);
        let (home, log_dir) = (Some(Path::new("/h")), Some(Path::new("/l")));
        let kept = on_unix(&inherited, &EnvironmentInputs { home, log_dir, ..facts }, &[]);
        assert!(kept.contains(&"HOMEPORT_HOME=/h".to_owned()), "{kept:?}");
        assert!(kept.contains(&"HOMEPORT_LOG_DIR=/l".to_owned()), "{kept:?}");
    }

    #[test]
    fn colours_are_forced_on_a_terminal_unless_a_person_says_otherwise() {
        let facts = EnvironmentInputs { has_terminal: true, ..FACTS };
        let forced = |inherited: &[&str], set: &[&str]| {
            let all = on_unix(inherited, &facts, set);
            all.into_iter()
                .filter(|set| set.contains("COLOR_") || set.contains("_COLOR="))
                .collect()
        };
        let cases: [(&[&str], &[&str], &[&str]); 6] = [
            (&[], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=1"]),
            (&["FORCE_COLOR=0"], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=0"]),
            (&["NO_COLOR=1"], &[], &["NO_COLOR=1"]),
            (&["NO_COLOR="], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=1", "NO_COLOR="]),
            (&[], &["NO_COLOR=1"], &["NO_COLOR=1"]),
            (&[], &["FORCE_COLOR=3"], &["CLICOLOR_FORCE=1", "FORCE_COLOR=3"]),
        ];
        for (inherited, set, wanted) in cases {
            let forced: Vec<String> = forced(inherited, set);
            assert_eq!(forced, wanted, "{inherited:?} {set:?}");
        }
        assert!(!on_unix(&[], &FACTS, &[]).iter().any(|set| set.contains("COLOR")));
    }

    #[test]
    fn what_a_person_sets_wins_and_what_is_set_already_stays() {
        let set = ["PORT=80", "PYTHONUNBUFFERED=", "LISTEN_FDS=1", "A=b=c", "PORT=81"];
        let all = on_unix(&["LISTEN_FDS=2", "PYTHONUNBUFFERED=x"], &FACTS, &set);
        let wanted = ["A=b=c", TOLD[0], TOLD[1], "HOST=127.0.0.1", "LISTEN_FDS=1", "PORT=81"];
        assert_eq!(all, [&wanted[..], &["PYTHONUNBUFFERED="]].concat());
        assert!(
            on_unix(&["PYTHONUNBUFFERED=x"], &FACTS, &[]).contains(&"PYTHONUNBUFFERED=x".into())
        );
    }

    #[test]
    fn on_windows_a_name_is_one_however_it_is_written() {
        let facts = EnvironmentInputs { has_terminal: true, ..FACTS };
        let inherited = ["Homeport_Port=1", "notify_socket=s", "Port=1", "Pythonunbuffered=x"];
        let case = VariableCase::Ignored;
        let all = environment(&inherited, &facts, &["no_color=1", "host=h"], case);
        let kept = [TOLD[0], TOLD[1], "PORT=17342", "Pythonunbuffered=x", "host=h", "no_color=1"];
        assert_eq!(all, kept);
        let both = on_unix(&["Port=1", "homeport_port=1"], &facts, &["Host=h"]);
        for set in ["Port=1", "PORT=17342", "homeport_port=1", "Host=h", "HOST=127.0.0.1"] {
            assert!(both.contains(&set.to_owned()), "{set}: {both:?}");
        }
    }

    #[test]
    fn a_variable_needs_a_lawful_name_that_is_none_of_ours() {
        let parse = |text: &str, case| SetVariable::parse(text.as_ref(), case);
        let right = parse("A=b=c", VariableCase::Counts).expect("right");
        assert_eq!((right.name.as_str(), right.value), ("A", OsString::from("b=c")));
        for text in ["", "A", "=b", "A =b", " A=b", "A\0=b", "A\n=b"] {
            let refused = parse(text, VariableCase::Counts);
            assert!(matches!(refused, Err(VariableNameError::Unlawful(_))), "{text:?}");
        }
        let own = |text, case| matches!(parse(text, case), Err(VariableNameError::Own(_)));
        assert!(own("HOMEPORT_HOME=/h", VariableCase::Counts));
        assert!(own("homeport_x=1", VariableCase::Ignored));
        assert!(!own("homeport_x=1", VariableCase::Counts));
        let said = parse("HOMEPORT_PORT=hunter2", VariableCase::Counts).expect_err("ours");
        assert!(said.to_string().contains("HOMEPORT_PORT"), "{said}");
        assert!(!said.to_string().contains("hunter2"), "{said}");
    }
}
