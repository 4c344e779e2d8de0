//! A list that takes the place of another: the comments within the old one stay, each beside its entry or,
//! if that is gone, where the entry was.

use std::mem;

use toml_edit::{Array, Document, RawString, Value};

/// `new` as it is written in the place of `old`.
pub(super) fn with_comments(old: &str, new: &Value) -> String {
    let source = format!("list = {old}");
    let document = Document::parse(source.as_str()).ok();
    let before = document.as_ref().and_then(|document| document.get("list")?.as_array());
    let merged = before.zip(new.as_array()).and_then(|(before, new)| {
        let old = OldList::of(before, &source)?;
        old.has_comments().then(|| old.merged(new))
    });
    merged.unwrap_or_else(|| new.to_string())
}

/// A list as it stands in a file.
struct OldList {
    entries: Vec<(Value, String)>,
    /// What stands before each entry and after the last one, without the commas.
    gaps: Vec<String>,
}

impl OldList {
    fn of(list: &Array, source: &str) -> Option<Self> {
        let text = |raw: Option<&RawString>| {
            let span = raw.and_then(RawString::span);
            span.and_then(|span| source.get(span)).unwrap_or_default().to_owned()
        };
        let (mut entries, mut gaps, mut after) = (Vec::new(), Vec::new(), String::new());
        for entry in list {
            entries.push((entry.clone(), source.get(entry.span()?)?.to_owned()));
            gaps.push(after + &text(entry.decor().prefix()));
            after = text(entry.decor().suffix());
        }
        gaps.push(after + &text(Some(list.trailing())));
        Some(Self { entries, gaps })
    }

    fn has_comments(&self) -> bool {
        self.gaps.iter().any(|gap| gap.contains('#'))
    }

    /// The entries of `new` with what stands between those of this list. An entry that both have stays as
    /// it is written.
    fn merged(&self, new: &Array) -> String {
        let Self { entries, gaps } = self;
        let indent = gaps[0].rsplit_once('\n').map_or("", |(_, indent)| indent);
        let mut text = String::from("[");
        // What stands between the last entry that was written and the old entry `at`.
        let (mut at, mut gap) = (0, gaps[0].clone());
        for (count, entry) in new.iter().enumerate() {
            let is_first = count == 0;
            let kept = entries[at..].iter().position(|(old, _)| is_same(old, entry));
            let (before, written) = match kept {
                Some(gone) => {
                    let written = entries[at + gone].1.clone();
                    gap.extend(gaps[at + 1..=at + gone].iter().map(String::as_str));
                    at += gone + 1;
                    (mem::replace(&mut gap, gaps[at].clone()), written)
                }
                None => {
                    (before_new(&mut gap, indent, is_first), entry.to_string().trim().to_owned())
                }
            };
            text.extend([if is_first { "" } else { "," }, &before, &written]);
        }
        gap.extend(gaps[at + 1..].iter().map(String::as_str));
        let comma = if gap.contains('\n') && !new.is_empty() { "," } else { "" };
        text + comma + &gap + "]"
    }
}

/// What stands before an entry that is new: the rest of the line before it, with its comment. `gap` is
/// left with what follows.
fn before_new(gap: &mut String, indent: &str, is_first: bool) -> String {
    let Some((line, rest)) = gap.split_once('\n') else {
        return if is_first { "" } else { " " }.to_owned();
    };
    let end = if line.ends_with('\r') { "\r\n" } else { "\n" };
    if is_first {
        return format!("{end}{indent}");
    }
    let before = format!("{line}\n{indent}");
    *gap = format!("{end}{rest}");
    before
}

/// Whether two entries are the same text or the same number, however they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    let of = |value: &Value| (value.as_str().map(str::to_owned), value.as_integer());
    of(one) == of(other) && of(one) != (None, None)
}
