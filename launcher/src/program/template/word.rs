//! The words themselves, and what is close to one.

use std::fmt;

use shared::app::AppName;

use super::error::TemplateError;

/// A word in braces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateWord {
    /// `{port}`, `{port:NAME}`, `{port@APP}` or `{port:NAME@APP}`.
    Port {
        /// Which further port is meant; `None` for the one that the app is served on.
        name: Option<AppName>,
        /// Whose port is meant; `None` for this app's.
        app: Option<AppName>,
    },
    /// `{host}`: the address that the program is to listen on.
    Host,
    /// `{url}` or `{url@APP}`: the public URL.
    Url {
        /// Whose URL is meant; `None` for this app's.
        app: Option<AppName>,
    },
    /// `{app}`: the name of the app.
    App,
    /// `{dir}`: the folder of what is remembered of the app.
    Dir,
    /// `{socket}`: the path of a Unix socket for the program to listen on.
    Socket,
    /// `{fd}`: the number of the descriptor that the program inherits its listener as.
    Fd,
}

impl TemplateWord {
    /// The word that means the same in the command of `app`: what refers to this very app refers to no other.
    pub fn in_command_of(&self, app: &AppName) -> Self {
        let other = |its: &Option<AppName>| its.clone().filter(|its| its != app);
        match self {
            Self::Port { name, app } => Self::Port { name: name.clone(), app: other(app) },
            Self::Url { app } => Self::Url { app: other(app) },
            word => word.clone(),
        }
    }
}

impl fmt::Display for TemplateWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, name, app) = match self {
            Self::Port { name, app } => ("port", name.as_ref(), app.as_ref()),
            Self::Host => ("host", None, None),
            Self::Url { app } => ("url", None, app.as_ref()),
            Self::App => ("app", None, None),
            Self::Dir => ("dir", None, None),
            Self::Socket => ("socket", None, None),
            Self::Fd => ("fd", None, None),
        };
        write!(f, "{{{head}")?;
        name.map_or(Ok(()), |name| write!(f, ":{name}"))?;
        app.map_or(Ok(()), |app| write!(f, "@{app}"))?;
        f.write_str("}")
    }
}

/// What stands between braces.
pub(super) enum WordVerdict {
    /// It belongs to the program.
    Text,
    Word(TemplateWord),
    Wrong(TemplateError),
}

/// The words without what may follow them, the most usual first.
const HEADS: [&str; 7] = ["port", "host", "url", "app", "dir", "socket", "fd"];

/// The longest of [`HEADS`], with one letter too many.
const MAX_HEAD: usize = 7;

/// Decides whose `content` is. What is close to a word is wrong only if a word could be as it goes on: an object
/// of a program such as `{sort: 1}` stays.
pub(super) fn verdict(content: &str) -> WordVerdict {
    let (before, app) = split(content, '@');
    let (head, name) = split(before, ':');
    if head.len() > MAX_HEAD {
        return WordVerdict::Text;
    }
    let takes = |known: &str| match known {
        "port" => true,
        "url" => name.is_none(),
        _ => name.is_none() && app.is_none(),
    };
    let parsed = |name: Option<&str>| name.map(str::parse::<AppName>).transpose();
    let names = parsed(name).and_then(|name| Ok((name, parsed(app)?)));
    let written = || format!("{{{content}}}");
    if HEADS.contains(&head) && takes(head) {
        return match names {
            Ok((name, app)) => WordVerdict::Word(word(head, name, app)),
            Err(error) => WordVerdict::Wrong(TemplateError::Name { written: written(), error }),
        };
    }
    let is_close = |known: &&str| takes(known) && strsim::damerau_levenshtein(head, known) == 1;
    match HEADS.into_iter().find(is_close).zip(names.ok()) {
        Some((nearest, (name, app))) => WordVerdict::Wrong(TemplateError::Misspelt {
            written: written(),
            nearest: word(nearest, name, app).to_string(),
        }),
        None => WordVerdict::Text,
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn word(head: &str, name: Option<AppName>, app: Option<AppName>) -> TemplateWord {
    match head {
        "port" => TemplateWord::Port { name, app },
        "host" => TemplateWord::Host,
        "url" => TemplateWord::Url { app },
        "app" => TemplateWord::App,
        "dir" => TemplateWord::Dir,
        "socket" => TemplateWord::Socket,
        _ => TemplateWord::Fd,
    }
}
