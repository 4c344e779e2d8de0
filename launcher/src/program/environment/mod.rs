//! What a program gets of our environment, and what we add.
//!
//! A pure decision over the inherited variables. Whatever is not named here is inherited as it is.

#[cfg(test)]
mod test;

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
    /// As the running system compares them.
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
