//! The words in braces that are replaced in the command of a program, such as `{port}` and `{url@api}`.
//!
//! Exactly these words are replaced, and what is one edit away from one is an error. All other text in braces belongs to
//! the program, as in `{"a":1}` or `{print}`, and so does `${port}`, a variable of a shell. In doubled braces a word
//! is itself: `{{port}}` gives `{port}`.

#[cfg(test)]
mod test;

mod word;

mod error;

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    str,
};

use shared::app::AppName;

use self::word::{WordVerdict, verdict};
pub use self::{error::TemplateError, word::TemplateWord};
use crate::os;

/// An argument, a value of a variable or a path with the words in it, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(OsString),
    Word(TemplateWord),
}

impl Template {
    /// Takes `text` apart. Bytes that are not UTF-8 are text like any other.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for the first word that is misspelt or has no lawful name.
    pub fn parse(text: &OsStr) -> Result<Self, TemplateError> {
        let bytes = text.as_encoded_bytes();
        let (mut pieces, mut begin, mut at) = (Vec::new(), 0, 0);
        while let Some(found) = Braces::next(bytes, at) {
            at = found.end;
            let content = &found.content;
            match verdict(content) {
                WordVerdict::Text => {}
                _ if found.are_doubled => {
                    pieces.push(Piece::Text(os::part_of(text, begin..found.begin).to_owned()));
                    pieces.push(Piece::Text(format!("{{{content}}}").into()));
                    begin = at;
                }
                WordVerdict::Word(word) => {
                    pieces.push(Piece::Text(os::part_of(text, begin..found.begin).to_owned()));
                    pieces.push(Piece::Word(word));
                    begin = at;
                }
                WordVerdict::Wrong(error) => return Err(error),
            }
        }
        pieces.push(Piece::Text(os::part_of(text, begin..bytes.len()).to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Ok(Self(pieces))
    }

    /// The text with each word in its braces.
    pub fn written(&self) -> OsString {
        let mut written = OsString::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => written.push(text),
                Piece::Word(word) => written.push(word.to_string()),
            }
        }
        written
    }

    /// The words in it, in their order, each as often as it is there.
    pub fn words(&self) -> impl Iterator<Item = &TemplateWord> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(word),
            Piece::Text(_) => None,
        })
    }

    /// The text with what `value` gives for each word in its place.
    ///
    /// # Errors
    ///
    /// The first that `value` fails with.
    pub fn fill<E>(
        &self,
        value: &mut dyn FnMut(&TemplateWord) -> Result<String, E>,
    ) -> Result<OsString, E> {
        let mut filled = OsString::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push(text),
                Piece::Word(word) => filled.push(value(word)?),
            }
        }
        Ok(filled)
    }
}

/// What a command line with templates needs before it can be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateNeeds {
    /// Whether there is any word: the program is told its port in its own way, and needs no `HOST`.
    pub any: bool,
    /// `{fd}`: the listening socket, as a descriptor.
    pub fd: bool,
    /// `{socket}`: the path of a Unix socket.
    pub socket: bool,
    /// `{port:NAME}`: the further ports of this app.
    pub ports: BTreeSet<AppName>,
    /// `{port@APP}`, `{url@APP}` and `{port:NAME@APP}`: the ports of other apps, their own or further ones.
    pub others: BTreeSet<(AppName, Option<AppName>)>,
}

impl TemplateNeeds {
    /// What `templates` need together.
    pub fn of<'a>(templates: impl IntoIterator<Item = &'a Template>) -> Self {
        let mut needs = Self::default();
        for word in templates.into_iter().flat_map(Template::words) {
            needs.any = true;
            match word {
                TemplateWord::Fd => needs.fd = true,
                TemplateWord::Socket => needs.socket = true,
                TemplateWord::Port { name, app: Some(app) } => {
                    needs.others.insert((app.clone(), name.clone()));
                }
                TemplateWord::Port { name: Some(name), app: None } => {
                    needs.ports.insert(name.clone());
                }
                TemplateWord::Url { app: Some(app) } => {
                    needs.others.insert((app.clone(), None));
                }
                _ => {}
            }
        }
        needs
    }
}

/// A pair of braces, single or doubled, with no brace between them.
struct Braces<'a> {
    begin: usize,
    end: usize,
    content: &'a str,
    are_doubled: bool,
}

impl<'a> Braces<'a> {
    /// The next pair from `at` on that could be ours.
    fn next(bytes: &'a [u8], mut at: usize) -> Option<Self> {
        loop {
            let begin = at + bytes[at..].iter().position(|byte| *byte == b'{')?;
            at = begin + 1;
            let doubled = Self::between(bytes, begin, b"{{", b"}}");
            if let Some(found) = doubled.or_else(|| Self::between(bytes, begin, b"{", b"}")) {
                match begin.checked_sub(1).map(|before| bytes[before]) {
                    Some(b'$') => at = found.end,
                    _ => return Some(found),
                }
            }
        }
    }

    fn between(bytes: &'a [u8], begin: usize, open: &[u8], close: &[u8]) -> Option<Self> {
        let rest = bytes[begin..].strip_prefix(open)?;
        let length = rest.iter().position(|byte| matches!(byte, b'{' | b'}'))?;
        rest[length..].starts_with(close).then_some(())?;
        Some(Self {
            begin,
            end: begin + open.len() + length + close.len(),
            content: str::from_utf8(&rest[..length]).ok()?,
            are_doubled: open.len() == 2,
        })
    }
}
