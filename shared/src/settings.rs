//! Settings: what the person wishes, in `config/<app>.toml`.
//!
//! The file is the person's. It is read and never rewritten unless asked, and nothing in it is
//! ignored: a wrong key, value or syntax is an error that says where it stands, what is nearest and
//! how to go on. An absent or empty file means the defaults.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use confy::ConfyError;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, de};
use toml_edit::{Document, Item};

use crate::port::{Port, PortRange};

/// What to do when a remembered port cannot be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Take another, and say so.
    #[default]
    Move,
    /// Fail, and say why.
    Fail,
}

/// When a server that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// When it crashed or failed.
    #[default]
    OnFailure,
    /// Never.
    Never,
}

/// How much the diagnostics tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what goes on with less.
    Warning,
    /// And every change of state, and every request.
    #[default]
    Info,
    /// And what was tried.
    Debug,
}

/// A span of time that a person writes as `10s`, `2m 30s` or `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub std::time::Duration);

/// The content of a settings file. `None` is "not said": the default holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The home port: tried first at every start.
    pub port: Option<Port>,
    /// The ports to choose from.
    pub range: Option<PortRange>,
    /// Ports not to choose, each a port or a range.
    pub avoid: Vec<Avoided>,
    /// What to do when a remembered port cannot be claimed.
    pub on_conflict: Option<OnConflict>,
    /// Whether to open the browser.
    pub open_browser: Option<bool>,
    /// How long the server may take to become ready.
    pub ready_timeout: Option<Span>,
    /// When the server is started again.
    pub restart: Option<Restart>,
    /// How long the old port leads to the new one after a move.
    pub redirect_for: Option<Span>,
    /// How much the diagnostics tell.
    pub log: Option<LogLevel>,
    /// The server's program and its first arguments, instead of the one beside the launcher.
    pub command: Option<Command>,
}

/// Every key of a settings file.
pub const KEYS: [&str; 10] = [
    "port",
    "range",
    "avoid",
    "on_conflict",
    "open_browser",
    "ready_timeout",
    "restart",
    "redirect_for",
    "log",
    "command",
];

/// An entry of `avoid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Avoided(pub PortRange);

/// A program with its first arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Command(Vec<String>);

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", .file.display(), At(*.line))]
pub struct SettingsError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, if the problem has one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a settings file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error("cannot be read ({0})")]
    Unreadable(#[source] io::Error),
    /// It is not text.
    #[error("this is not a text file")]
    NotText,
    /// It is not TOML.
    #[error("{0}")]
    Syntax(String),
    /// It has a key that means nothing here.
    #[error("there is no setting `{key}`{}", Nearest(*.nearest))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest one there is.
        nearest: Option<&'static str>,
    },
    /// A value is not of the kind that its key wants.
    #[error("{0}")]
    Value(String),
}

struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

struct Nearest(Option<&'static str>);

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, ": did you mean `{nearest}`?"),
            None => write!(f, ": the settings are {}", KEYS.join(", ")),
        }
    }
}

impl Settings {
    /// Reads the settings of `file`; an absent file is an empty one, and is not made.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what is wrong, and in which line.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        let wrong = |line, problem| SettingsError { file: file.to_owned(), line, problem };
        let text = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(wrong(None, Problem::Unreadable(error))),
        };
        let text = String::from_utf8(text).map_err(|_| wrong(None, Problem::NotText))?;
        if text.contains('\0') {
            return Err(wrong(None, Problem::NotText));
        }
        let line =
            |span: Option<std::ops::Range<usize>>| span.map(|span| line_of(&text, span.start));
        let document = Document::parse(text.as_str())
            .map_err(|e| wrong(line(e.span()), Problem::Syntax(first_line(e.message()))))?;
        if let Some((key, item)) = document.iter().find(|(key, _)| !KEYS.contains(key)) {
            let at = document.key(key).and_then(toml_edit::Key::span).or_else(|| Item::span(item));
            let problem = Problem::UnknownKey { key: key.to_owned(), nearest: nearest(key) };
            return Err(wrong(line(at), problem));
        }
        confy::load_path(file).map_err(|error| match error {
            ConfyError::BadTomlData(error) => {
                wrong(line(error.span()), Problem::Value(first_line(error.message())))
            }
            other => wrong(None, Problem::Unreadable(io::Error::other(other))),
        })
    }

    /// The line, from 1, in which `key` is set in `file`, for messages about its value.
    #[must_use]
    pub fn line_of_key(file: &Path, key: &str) -> Option<usize> {
        let text = fs::read_to_string(file).ok()?;
        let document = Document::parse(text.as_str()).ok()?;
        document.key(key)?.span().map(|span| line_of(&text, span.start))
    }
}

/// The nearest key, if one is near: at most a third of its letters are other.
fn nearest(key: &str) -> Option<&'static str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(&key.to_ascii_lowercase(), known);
    let nearest = KEYS.into_iter().min_by_key(distance)?;
    (distance(&nearest) * 3 <= nearest.len().max(3)).then_some(nearest)
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count() + 1
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

impl<'de> Deserialize<'de> for Avoided {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum PortOrRange {
            Port(i64),
            Range(String),
        }
        let range = match PortOrRange::deserialize(from) {
            Ok(PortOrRange::Port(number)) => Port::try_from(number).map(PortRange::from),
            Ok(PortOrRange::Range(text)) => text.parse(),
            Err(_) => {
                return Err(de::Error::custom(
                    "write a port such as 3000, or a range such as \"3000-3100\"",
                ));
            }
        };
        range.map(Self).map_err(de::Error::custom)
    }
}

impl Command {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.0[0]
    }

    /// Its first arguments.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.0[1..]
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from)?;
        if words.first().is_none_or(String::is_empty) {
            return Err(de::Error::custom(
                "name a program, such as command = [\"/usr/bin/my-server\"]",
            ));
        }
        Ok(Self(words))
    }
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span: SignedDuration = text
            .parse()
            .map_err(|_| format!("`{text}` is not a span of time: write 10s, 2m or 1h"))?;
        let span = std::time::Duration::try_from(span);
        let span =
            span.map_err(|_| format!("`{text}` is less than nothing: write 10s, 2m or 1h"))?;
        Ok(Self(span))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX))
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl From<LogLevel> for slog::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warning => Self::Warning,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn load(text: &[u8]) -> Result<Settings, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("app.toml");
        fs::write(&file, text).expect("written");
        Settings::load(&file).map_err(|error| {
            let message = error.to_string();
            message.strip_prefix(&file.display().to_string()).expect("names the file").to_owned()
        })
    }

    #[test]
    fn an_absent_and_an_empty_file_are_the_defaults_and_no_file_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("none.toml");
        assert_eq!(Settings::load(&file).expect("absent"), Settings::default());
        assert!(!file.exists());
        assert_eq!(load(b"").expect("empty"), Settings::default());
    }

    #[test]
    fn every_setting_can_be_said() {
        let settings = load(
            br#"
            port = 3030
            range = "20000-20100"
            avoid = [20005, "20010-20020"]
            on_conflict = "fail"
            open_browser = false
            ready_timeout = "2m 30s"
            restart = "never"
            redirect_for = "1h"
            log = "debug"
            command = ["/bin/server", "--root", "site"]
            "#,
        )
        .expect("right");
        assert_eq!(settings.port, Port::new(3030));
        assert_eq!(settings.avoid[1].0, PortRange::literal(20010, 20020));
        assert_eq!(settings.ready_timeout.expect("set").0.as_secs(), 150);
        assert_eq!(settings.command.expect("set").arguments(), ["--root", "site"]);
    }

    #[test]
    fn whatever_is_wrong_is_said_with_its_line_and_a_way_out() {
        for (text, message) in [
            (
                &b"# hello\nprot = 3030\n"[..],
                ", line 2: there is no setting `prot`: did you mean `port`?",
            ),
            (
                b"open-browser = true",
                ", line 1: there is no setting `open-browser`: did you mean `open_browser`?",
            ),
            (b"colour = 1", ", line 1: there is no setting `colour`: the settings are port, range"),
            (b"\nport = 0", ", line 2: port 0 means"),
            (b"port = 70000", ", line 1: 70000 is not a port"),
            (b"port = \"abc\"", ", line 1: invalid type: string"),
            (b"range = \"200-100\"", ", line 1: the range 200-100 runs backwards"),
            (b"avoid = [true]", ", line 1: write a port such as 3000"),
            (b"command = []", ", line 1: name a program"),
            (b"ready_timeout = \"soon\"", ", line 1: `soon` is not a span of time"),
            (b"on_conflict = \"wait\"", ", line 1: unknown variant `wait`"),
            (b"port = 3030\nrange = \"20", ", line 2: "),
            (b"\x7fELF\0\0\xff", ": this is not a text file"),
        ] {
            let problem = load(text).expect_err("wrong");
            assert!(problem.starts_with(message), "{problem}");
        }
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Settings::load(folder.path()).expect_err("a folder").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
