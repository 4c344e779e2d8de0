//! What is known of programs by their names: how they are told a port, stopped and kept to loopback.
//!
//! A program is known by the first word of its command line, also behind the programs that run others ([`ProgramInvocation`]), and
//! behind a script of `package.json` by what the script runs last.

#[cfg(test)]
mod test;

mod invocation;
mod scripts;

mod table;

use std::{ffi::OsString, path::Path, time::Duration};

use shared::next_command::quoted;

use self::invocation::SEPARATOR;
pub use self::{
    invocation::ProgramInvocation,
    scripts::PackageScripts,
    table::{KnownProgram, KnownSignal},
};

/// The option of all programs that ignore `PORT` and take one.
const PORT_OPTION: &str = "--port";

/// Is replaced by the port when the command line is filled in.
const PORT_TEMPLATE: &str = "{port}";

/// The time that a program needs to end which first finishes its queries or its requests.
pub const LONG_STOP: Duration = Duration::from_secs(10);

/// What is known of the program that a command line runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCommand {
    command: Vec<String>,
    invocation: ProgramInvocation,
}

impl KnownCommand {
    /// Looks at `command`, which is started in `folder`: its `package.json` has the scripts.
    pub fn of(command: &[OsString], folder: &Path) -> Self {
        Self::with_scripts(command, &PackageScripts::read(folder))
    }

    fn with_scripts(command: &[OsString], scripts: &PackageScripts) -> Self {
        let command: Vec<_> =
            command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Self { invocation: ProgramInvocation::of(&command, scripts), command }
    }

    /// How the program is run, with its own command line.
    pub fn invocation(&self) -> &ProgramInvocation {
        &self.invocation
    }

    fn program(&self) -> Option<&'static KnownProgram> {
        KnownProgram::named(&self.invocation.name()?)
    }

    fn first(&self) -> Option<&'static KnownProgram> {
        KnownProgram::named(&invocation::name_of(self.command.first()?))
    }

    /// Whether the process that listens is started by another program, such as a container's, and is no descendant. Only the
    /// first word counts: what a script runs has not been typed.
    pub fn is_delegated(&self) -> bool {
        self.first().is_some_and(|first| first.is_delegated)
    }

    /// The first word, if the program closes the descriptor that a socket is passed as before it runs another one.
    pub fn node_wrapper(&self) -> Option<&str> {
        let is_wrapper = self.first().is_some_and(|first| first.is_node_wrapper);
        self.command.first().filter(|_| is_wrapper).map(String::as_str)
    }

    /// Whether the program does not read `PORT`.
    pub fn ignores_port(&self) -> bool {
        self.program().is_some_and(|program| program.ignores_port)
    }

    /// The signal that ends the program as it should end, if that is not SIGTERM.
    pub fn stop_signal(&self) -> Option<KnownSignal> {
        self.program()?.stop_signal
    }

    /// How long the program may take to end, if that is longer than usual.
    pub fn stop_timeout(&self) -> Option<Duration> {
        self.program()?.stops_long.then_some(LONG_STOP)
    }

    /// What the program needs to be told to listen on loopback alone: options, or a line of its configuration.
    pub fn loopback_option(&self) -> Option<&'static str> {
        self.program()?.loopback
    }

    /// The command line with the port in it, for a program that ignores `PORT`, as it is typed. `None` for other programs, if
    /// the port is in it, and if a script has another port in it.
    pub fn with_port(&self) -> Option<String> {
        let has_template = self.command.iter().any(|word| word.contains(PORT_TEMPLATE));
        if !self.ignores_port() || has_template {
            return None;
        }
        let mut command = self.command.clone();
        let is_option = |word: &String| {
            word == PORT_OPTION
                || word.strip_prefix(PORT_OPTION).is_some_and(|rest| rest.starts_with('='))
        };
        if let Some(at) = command.iter().position(is_option) {
            let length = if command[at] == PORT_OPTION { 2 } else { 1 };
            let end = command.len().min(at + length);
            command.splice(at..end, [PORT_OPTION, PORT_TEMPLATE].map(String::from));
        } else if self.invocation.words().iter().any(is_option) {
            return None;
        } else {
            if !command.iter().any(|word| word == SEPARATOR) {
                let layers = self.invocation.separators();
                command.extend(std::iter::repeat_n(SEPARATOR.to_owned(), layers));
            }
            command.extend([PORT_OPTION, PORT_TEMPLATE].map(String::from));
        }
        Some(typed(&command))
    }
}

/// The words as a shell takes them; no shell changes a template.
fn typed(words: &[String]) -> String {
    let typed = |word: &String| match word == PORT_TEMPLATE {
        true => word.clone(),
        false => quoted(Path::new(word)),
    };
    words.iter().map(typed).collect::<Vec<_>>().join(" ")
}
