//! Which program a command line runs, behind the programs that run others.

use super::scripts::PackageScripts;

/// Separates the options of a program from those of the program that runs it.
pub(super) const SEPARATOR: &str = "--";

/// How many programs may run one another: a script may run itself.
const MAX_DEPTH: usize = 8;

/// Options of programs that run others, and take a value. Those of a workspace lead to scripts of another package.
const WITH_VALUE: [&str; 18] = [
    "-C",
    "-F",
    "-W",
    "-X",
    "-c",
    "-p",
    "-u",
    "-w",
    "--call",
    "--cwd",
    "--dir",
    "--filter",
    "--package",
    "--prefix",
    "--python",
    "--unset",
    "--with",
    "--workspace",
];

/// Options that lead to scripts of another package.
const ELSEWHERE: [&str; 8] =
    ["-C", "-F", "-w", "--cwd", "--dir", "--filter", "--prefix", "--workspace"];

/// Endings of the files of programs on Windows.
const ENDINGS: [&str; 5] = [".exe", ".cmd", ".bat", ".com", ".ps1"];

/// Programs whose files often have their version in their name.
const VERSIONED: [&str; 3] = ["python", "pypy", "php"];

/// The program behind those that run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramInvocation {
    words: Vec<String>,
    scripts: Vec<String>,
    separators: usize,
}

impl ProgramInvocation {
    /// Looks through `command` as far as it is known what it runs.
    pub(super) fn of(command: &[String], scripts: &PackageScripts) -> Self {
        let mut found = Self { words: command.to_vec(), scripts: vec![], separators: 0 };
        for _ in 0..MAX_DEPTH {
            let Some(inner) = found.inner(scripts) else { break };
            found = inner;
        }
        found
    }

    /// The command line of the program itself: without `npx`, and in place of a script what that runs last. Arguments that are
    /// appended to a script are not in it.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The scripts of `package.json` that lead to it, from the outside.
    pub fn scripts(&self) -> &[String] {
        &self.scripts
    }

    /// How many separators are needed before an option of the program: npm takes one for itself.
    pub(super) fn separators(&self) -> usize {
        self.separators
    }

    /// What the program is called, without folder, ending and version.
    pub fn name(&self) -> Option<String> {
        self.words.first().map(|word| name_of(word))
    }

    /// What the program runs, if it runs another one.
    fn inner(&self, scripts: &PackageScripts) -> Option<Self> {
        let (first, rest) = self.words.split_first()?;
        let name = name_of(first);
        let arguments = Arguments::of(rest);
        let words = match name.as_str() {
            "npx" | "pnpx" | "bunx" => arguments.words,
            "env" | "cross-env" => without_assignments(arguments.words),
            "uv" | "poetry" | "pipenv" => Arguments::of(arguments.after(&["run"])?).words,
            "python" | "pypy" | "py" => return self.behind_python(rest),
            "npm" | "pnpm" | "yarn" | "yarnpkg" | "bun" => {
                return self.behind_manager(&name, &arguments, scripts);
            }
            _ if first.contains('=') => without_assignments(&self.words),
            _ => return None,
        };
        self.running(words)
    }

    fn running(&self, words: &[String]) -> Option<Self> {
        (!words.is_empty()).then(|| Self { words: words.to_vec(), ..self.clone() })
    }

    /// A module, or a file that is known by its name.
    fn behind_python(&self, rest: &[String]) -> Option<Self> {
        let at = rest.iter().position(|word| word == "-m" || !word.starts_with('-'))?;
        match rest[at].as_str() {
            "-m" => self.running(&rest[at + 1..]),
            _ => self
                .running(&rest[at..])
                .filter(|inner| inner.name().as_deref() == Some("manage.py")),
        }
    }

    /// A script, or a program of a package.
    fn behind_manager(
        &self,
        name: &str,
        arguments: &Arguments,
        scripts: &PackageScripts,
    ) -> Option<Self> {
        let (command, rest) = arguments.words.split_first()?;
        let is_npm = name == "npm";
        let (script, is_script) = match command.as_str() {
            "exec" | "x" | "dlx" if !(is_npm && command == "dlx") => {
                let inner = self.running(Arguments::of(rest).words)?;
                return Some(Self { separators: self.separators + usize::from(is_npm), ..inner });
            }
            "run" | "run-script" => (Arguments::of(rest).words.first()?, true),
            "start" | "stop" | "restart" | "test" => (command, true),
            _ => (command, !is_npm && scripts.has(command)),
        };
        if is_script && !arguments.lead_elsewhere && !Arguments::of(rest).lead_elsewhere {
            let inner = self.running(&scripts.last_command(script)?)?;
            let scripts = [&inner.scripts[..], std::slice::from_ref(script)].concat();
            let separators = self.separators + usize::from(is_npm);
            return Some(Self { scripts, separators, ..inner });
        }
        // npm has no other commands that run programs; of the others an unknown command is a program.
        if is_script || is_npm { None } else { self.running(arguments.words) }
    }
}

/// What follows the options of a program.
struct Arguments<'a> {
    words: &'a [String],
    lead_elsewhere: bool,
}

impl<'a> Arguments<'a> {
    fn of(mut words: &'a [String]) -> Self {
        let mut lead_elsewhere = false;
        while let Some((option, rest)) =
            words.split_first().filter(|(word, _)| word.starts_with('-'))
        {
            let name = option.split('=').next().unwrap_or(option);
            lead_elsewhere |= ELSEWHERE.contains(&name);
            let takes_next = WITH_VALUE.contains(&option.as_str());
            words = rest.get(usize::from(takes_next)..).unwrap_or_default();
            if option == SEPARATOR {
                break;
            }
        }
        Self { words, lead_elsewhere }
    }

    fn after(&self, commands: &[&str]) -> Option<&'a [String]> {
        let (first, rest) = self.words.split_first()?;
        commands.contains(&first.as_str()).then_some(rest)
    }
}

fn without_assignments(words: &[String]) -> &[String] {
    let is_assignment = |word: &String| word.contains('=') && !word.starts_with('-');
    let count = words.iter().take_while(|word| is_assignment(word)).count();
    &words[count..]
}

/// What a program is called: `python` for `/usr/bin/python3.12` and `C:\Python\Python.exe`.
pub(super) fn name_of(word: &str) -> String {
    let file = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let lower = file.to_ascii_lowercase();
    let name = ENDINGS.iter().find_map(|ending| lower.strip_suffix(ending));
    let name = name.map_or_else(|| file.to_owned(), str::to_owned);
    let without_version = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match VERSIONED.contains(&without_version) {
        true => without_version.to_owned(),
        false => name,
    }
}
