//! The command of a program: as a person wrote it, and filled in for one start.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Command,
};

use super::{
    environment::{EnvironmentInputs, SetVariable, VariableCase, changes},
    template::{Template, TemplateError, TemplateWord},
};

/// What runs a command that is one line for a shell.
const SHELL: [&str; 2] = ["sh", "-c"];

/// A command with its templates, which are filled in anew for each start.
#[derive(Debug, Clone)]
pub struct ProgramCommand {
    words: Vec<Template>,
    variables: Vec<(String, Template)>,
    cwd: PathBuf,
    has_template: bool,
}

/// A command as it is started.
#[derive(Debug, Clone)]
pub struct ResolvedCommand {
    /// The program, and its arguments.
    pub words: Vec<OsString>,
    /// The folder in which it runs.
    pub cwd: PathBuf,
    /// Those that a person sets, filled in.
    pub variables: Vec<SetVariable>,
    /// Whether it learns its port by a template.
    pub has_template: bool,
}

impl ProgramCommand {
    /// Reads the words of a command line, or the one line of a command for a shell.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for the first word in braces that is wrong.
    pub fn parse(
        command: &[OsString],
        is_for_shell: bool,
        variables: &[SetVariable],
        cwd: PathBuf,
    ) -> Result<Self, TemplateError> {
        let words: Vec<OsString> = match is_for_shell {
            true => {
                let line = command.join(OsStr::new(" "));
                SHELL.into_iter().map(OsString::from).chain([line]).collect()
            }
            false => command.to_vec(),
        };
        let parsed = words.iter().map(|word| Template::parse(word));
        let words = parsed.collect::<Result<Vec<_>, _>>()?;
        let variable = |set: &SetVariable| Ok((set.name.clone(), Template::parse(&set.value)?));
        let variables = variables.iter().map(variable).collect::<Result<Vec<_>, _>>()?;
        let has_template = words.iter().any(|word| word.words().next().is_some());
        Ok(Self { words, variables, cwd, has_template })
    }

    /// Every word in braces, each as often as it is there.
    pub fn template_words(&self) -> impl Iterator<Item = &TemplateWord> {
        let values = self.variables.iter().map(|(_, value)| value);
        self.words.iter().chain(values).flat_map(Template::words)
    }

    /// Fills it in for one start.
    ///
    /// # Errors
    ///
    /// The first that `value` fails with.
    pub fn fill<E>(
        &self,
        value: &mut dyn FnMut(&TemplateWord) -> Result<String, E>,
    ) -> Result<ResolvedCommand, E> {
        let words = self.words.iter().map(|word| word.fill(value)).collect::<Result<_, E>>()?;
        let variables = self.variables.iter().map(|(name, template)| {
            Ok(SetVariable { name: name.clone(), value: template.fill(value)? })
        });
        Ok(ResolvedCommand {
            words,
            variables: variables.collect::<Result<_, E>>()?,
            cwd: self.cwd.clone(),
            has_template: self.has_template,
        })
    }
}

impl ResolvedCommand {
    /// Has `command` run in its folder with its environment.
    pub fn prepare(&self, command: &mut Command, facts: &EnvironmentInputs) {
        command.current_dir(&self.cwd);
        let inherited: Vec<_> = std::env::vars_os().collect();
        let case = VariableCase::of_this_system();
        for (name, value) in changes(&inherited, facts, &self.variables, case) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }
}
