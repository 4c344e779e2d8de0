//! The command of a program: as a person wrote it, and filled in for one start.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{self, Path, PathBuf},
    process::Command,
};

use shared::{
    event::masked,
    message,
    settings::{Effective, Layers, ReadyProbe, Settings},
};

use super::{
    environment::{EnvironmentInputs, SetVariable, VariableCase, changes},
    template::{Template, TemplateError, TemplateWord},
};
use crate::os;

/// A command with its templates, which are filled in anew for each start.
#[derive(Debug, Clone)]
pub struct CommandTemplate {
    words: Vec<Template>,
    variables: Vec<(String, Template)>,
    cwd: PathBuf,
    path: Option<OsString>,
    /// What a line of the output is to match.
    ready_pattern: Option<Template>,
    has_template: bool,
    no_port_env: bool,
}

/// A command as it is typed, or as it stands in the settings.
#[derive(Debug, Clone, Default)]
pub struct WrittenCommand {
    /// The program and its arguments; with `shell` the line.
    pub words: Vec<OsString>,
    /// Whether it is one line for a shell.
    pub shell: bool,
    /// Those that a person sets.
    pub variables: Vec<SetVariable>,
    /// Where it is started, as a whole path.
    pub cwd: PathBuf,
    /// In place of our `PATH`.
    pub path: Option<OsString>,
    /// Whether it learns its port by no variable.
    pub no_port_env: bool,
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
    /// In place of our `PATH`.
    pub path: Option<OsString>,
    /// What a line of the output is to match.
    pub ready_pattern: Option<String>,
    /// Whether it learns its port by a template.
    pub has_template: bool,
    /// Whether it learns its port by no variable.
    pub no_port_env: bool,
}

impl WrittenCommand {
    /// The program of a settings file; `None` if it has none.
    pub fn of_file(settings: &Settings) -> Option<Self> {
        let (flags, variables) = (Settings::default(), Settings::default());
        let path = Path::new("");
        Self::of(&Layers { flags, variables, file: settings, path }.effective())
    }

    /// The program of the settings; `None` if they have none.
    pub fn of(settings: &Effective) -> Option<Self> {
        let program = &settings.program.as_ref()?.value;
        let variables = settings.env.iter().flat_map(|env| env.value.iter());
        let set = |(name, value): (&str, &str)| SetVariable {
            name: name.to_owned(),
            value: value.into(),
        };
        Some(Self {
            words: program.words().iter().map(OsString::from).collect(),
            shell: settings.shell.value,
            variables: variables.map(set).collect(),
            cwd: settings.cwd.as_ref().map_or_else(home, |cwd| cwd.value.path().to_owned()),
            path: settings.path.as_ref().map(|path| path.value.clone().into()),
            no_port_env: false,
        })
    }
}

/// Where a program of the settings is started that says nothing of it.
fn home() -> PathBuf {
    env::home_dir().unwrap_or_else(|| PathBuf::from("/"))
}

impl CommandTemplate {
    /// Takes a command apart, and the pattern that a line of its output is to match if that shows that it is ready.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for the first word in braces that is wrong.
    pub fn parse(written: &WrittenCommand, ready: &ReadyProbe) -> Result<Self, TemplateError> {
        let WrittenCommand { words, shell, variables, cwd, path, no_port_env } = written;
        let words: Vec<OsString> = match shell {
            true => {
                let line = words.join(OsStr::new(" "));
                os::SHELL.into_iter().map(OsString::from).chain([line]).collect()
            }
            false => words.clone(),
        };
        let parsed = words.iter().map(|word| Template::parse(word));
        let words = parsed.collect::<Result<Vec<_>, _>>()?;
        let variable = |set: &SetVariable| Ok((set.name.clone(), Template::parse(&set.value)?));
        let variables = variables.iter().map(variable).collect::<Result<Vec<_>, _>>()?;
        let pattern = match ready {
            ReadyProbe::Log(pattern) => Some(Template::parse(pattern.as_ref())),
            ReadyProbe::Tcp | ReadyProbe::Http(_) | ReadyProbe::Notify => None,
        };
        let ready_pattern = pattern.transpose()?;
        let has_template = words.iter().any(|word| word.words().next().is_some());
        let (cwd, path, no_port_env) = (cwd.clone(), path.clone(), *no_port_env);
        Ok(Self { words, variables, cwd, path, ready_pattern, has_template, no_port_env })
    }

    /// Every word in braces, each as often as it is there.
    pub fn template_words(&self) -> impl Iterator<Item = &TemplateWord> {
        let values = self.variables.iter().map(|(_, value)| value);
        let all = self.words.iter().chain(values).chain(&self.ready_pattern);
        all.flat_map(Template::words)
    }

    /// The words of the command as they are written, secrets masked: for people, lists and records.
    pub fn in_words(&self) -> Vec<String> {
        let written = self.words.iter().map(Template::written);
        masked(written.map(|word| word.to_string_lossy().into_owned()))
    }

    /// The folder that it is started in.
    pub fn folder(&self) -> &Path {
        &self.cwd
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
        let variables = variables.collect::<Result<_, E>>()?;
        let pattern = self.ready_pattern.as_ref().map(|pattern| pattern.fill(value)).transpose()?;
        Ok(ResolvedCommand {
            ready_pattern: pattern.map(|pattern| pattern.to_string_lossy().into_owned()),
            words,
            variables,
            cwd: self.cwd.clone(),
            path: self.path.clone(),
            has_template: self.has_template,
            no_port_env: self.no_port_env,
        })
    }
}

impl ResolvedCommand {
    /// The system's `error` at its start, with the program and, unless that is a path, where it was searched.
    pub fn start_error(&self, error: &str) -> String {
        let Some(program) = self.words.first() else { return error.to_owned() };
        let (name, path) = (program.display(), self.path.clone().or_else(|| env::var_os("PATH")));
        match path.filter(|_| !program.to_string_lossy().contains(path::is_separator)) {
            Some(path) => {
                let path = path.display();
                message!("program.not_started_path", program = name, error, path)
            }
            None => message!("program.not_started", program = name, error),
        }
    }

    /// Has `command` run in its folder with its environment.
    pub fn prepare(&self, command: &mut Command, facts: &EnvironmentInputs) {
        command.current_dir(&self.cwd);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        let inherited: Vec<_> = env::vars_os().collect();
        let case = VariableCase::of_this_system();
        for (name, value) in changes(&inherited, facts, &self.variables, case) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_program_that_was_searched_is_named_with_where_and_a_path_alone() {
        let written = |program: &str| WrittenCommand {
            words: vec![program.into()],
            path: Some("/a:/b".into()),
            ..WrittenCommand::default()
        };
        let error = |program| {
            let template = CommandTemplate::parse(&written(program), &ReadyProbe::Tcp);
            let template = template.expect("no template");
            let filled = template.fill(&mut |word| Err(word.to_string())).expect("nothing to fill");
            filled.start_error("no such file")
        };
        assert_eq!(error("vite"), "vite: no such file; the PATH is /a:/b");
        assert_eq!(error("./vite"), "./vite: no such file");
    }
}
