//! Which records are wanted, and how lines without them are passed over unread.

use std::borrow::Cow;

use jiff::Timestamp;
use memchr::memmem::Finder;
use uuid::Uuid;

use super::{damage, head::Head};
use crate::{app::AppName, event::EventName, port::Port, words::DamageKind};

/// Which records are wanted; what is `None` or empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only records of this app; `None` for every app.
    pub app: Option<AppName>,
    /// The earliest stamp, itself included.
    pub since: Option<Timestamp>,
    /// The latest stamp, itself included.
    pub until: Option<Timestamp>,
    /// One of these events, which may be those of another version.
    pub events: Vec<Cow<'static, str>>,
    /// About this port, or about leaving or reaching it.
    pub port: Option<Port>,
    /// Only records of this launch; `None` for every launch.
    pub launch_id: Option<Uuid>,
}

impl Filter {
    /// The records of these events; of every event if there is none.
    pub fn of_events(events: impl IntoIterator<Item = EventName>) -> Self {
        let events = events.into_iter().map(|event| event.word().into()).collect();
        Self { events, ..Self::default() }
    }

    fn wants(&self, record: &Head<'_>) -> bool {
        let is_named = || {
            record.event.as_ref().is_some_and(|event| self.events.iter().any(|one| one == event))
        };
        let launch = || record.launch_id.as_deref().and_then(|id| id.parse::<Uuid>().ok());
        self.app.as_ref().is_none_or(|app| app.as_str() == record.app)
            && (self.events.is_empty() || is_named())
            && self.since.is_none_or(|since| record.ts >= since)
            && self.until.is_none_or(|until| record.ts <= until)
            && self.launch_id.is_none_or(|id| launch() == Some(id))
            && self.port.is_none_or(|port| record.is_about(port))
    }
}

/// The result of matching one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineVerdict {
    Wanted,
    /// It is a record that is not wanted, or blank.
    Unwanted,
    /// It is no record.
    Damaged(DamageKind),
}

/// A filter, ready to look at blocks of lines.
///
/// Every line is held to the shape of a record. One without the filter's most telling word is then
/// passed over: only a line that has it is parsed.
pub(super) struct Matcher {
    filter: Filter,
    /// Whether a line without an event is damage: false for diagnostics.
    needs_event: bool,
    needles: Vec<Needle>,
}

/// A text without which a line is not wanted.
struct Needle {
    finder: Finder<'static>,
    /// Whether it is a number, which no other digit may touch.
    is_number: bool,
}

impl Matcher {
    pub(super) fn new(filter: &Filter, needs_event: bool) -> Self {
        let needles = needles(filter);
        Self { filter: filter.clone(), needs_event, needles }
    }

    /// Looks at one line, without its end.
    #[cfg(test)]
    fn line(&self, line: &[u8]) -> LineVerdict {
        self.block(line).verdict(0..line.len())
    }

    /// Looks at the lines of a block.
    pub(super) fn block<'b>(&'b self, block: &'b [u8]) -> Block<'b> {
        let is_text = str::from_utf8(block).is_ok() && memchr::memchr(0, block).is_none();
        let next = self.needles.iter().map(|needle| needle.find(block, 0)).collect();
        Block { matcher: self, block, is_text, next }
    }
}

/// A block of lines that is looked at, from its beginning to its end.
pub(super) struct Block<'b> {
    matcher: &'b Matcher,
    block: &'b [u8],
    is_text: bool,
    /// The offset of the next place of each needle; `None` if there is none.
    next: Vec<Option<usize>>,
}

impl Block<'_> {
    /// Looks at the line in this place, without its end. Lines must be asked about in their order.
    pub(super) fn verdict(&mut self, place: std::ops::Range<usize>) -> LineVerdict {
        let line = self.block[place.clone()].trim_ascii();
        if line.is_empty() {
            return LineVerdict::Unwanted;
        }
        if let Some(kind) = damage::of_shape(line, self.is_text) {
            return LineVerdict::Damaged(kind);
        }
        if !self.has_needle(&place) {
            return LineVerdict::Unwanted;
        }
        // Its shape was judged, so it is UTF-8. Once for the line is faster than for each text in it.
        let line = str::from_utf8(line).unwrap_or_default();
        match serde_json::from_str::<Head<'_>>(line) {
            Ok(head) if head.event.is_none() && self.matcher.needs_event => {
                LineVerdict::Damaged(DamageKind::NotOurs)
            }
            Ok(head) if !head.has_its_ports() => LineVerdict::Damaged(DamageKind::NotOurs),
            Ok(head) if self.matcher.filter.wants(&head) => LineVerdict::Wanted,
            Ok(_) => LineVerdict::Unwanted,
            Err(error) => LineVerdict::Damaged(damage::of_error(&error)),
        }
    }

    fn has_needle(&mut self, place: &std::ops::Range<usize>) -> bool {
        let needles = &self.matcher.needles;
        for (needle, next) in needles.iter().zip(&mut self.next) {
            if next.is_some_and(|at| at < place.start) {
                *next = needle.find(self.block, place.start);
            }
        }
        needles.is_empty() || self.next.iter().flatten().any(|at| *at < place.end)
    }
}

impl Needle {
    fn word(text: &str) -> Self {
        Self { finder: Finder::new(&format!("\"{text}\"")).into_owned(), is_number: false }
    }

    fn number(number: u16) -> Self {
        Self { finder: Finder::new(&number.to_string()).into_owned(), is_number: true }
    }

    /// Where it is found in `block` at `from` or behind.
    fn find(&self, block: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let at = from + self.finder.find(block.get(from..)?)?;
            let end = at + self.finder.needle().len();
            let touches = |place: Option<usize>| {
                place.and_then(|place| block.get(place)).is_some_and(u8::is_ascii_digit)
            };
            if !self.is_number || !touches(at.checked_sub(1)) && !touches(Some(end)) {
                return Some(at);
            }
            from = end;
        }
    }
}

/// The texts one of which a wanted line has: those of the condition that the fewest lines meet.
fn needles(filter: &Filter) -> Vec<Needle> {
    if let Some(id) = filter.launch_id {
        return vec![Needle::word(&id.to_string())];
    }
    if let Some(port) = filter.port {
        return vec![Needle::number(port.get())];
    }
    if !filter.events.is_empty() {
        return filter.events.iter().map(|event| Needle::word(event)).collect();
    }
    filter.app.iter().map(|app| Needle::word(app.as_str())).collect()
}

#[cfg(test)]
mod test {
    use super::*;

    const LINE: &str = r#"{"ts":"2026-11-22T12:30:30.303000Z","event":"port_claimed","app":"notes","launch_id":"01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77","seq":3030,"port":17000}"#;

    fn verdict(filter: &Filter, line: &str) -> LineVerdict {
        Matcher::new(filter, true).line(line.as_bytes())
    }

    #[test]
    fn a_number_elsewhere_in_the_line_is_not_its_port() {
        let of = |number| Filter { port: Port::new(number), ..Filter::default() };
        assert_eq!(verdict(&of(17000), LINE), LineVerdict::Wanted);
        for other in [3030, 1700, 7000, 30] {
            assert_eq!(verdict(&of(other), LINE), LineVerdict::Unwanted, "{other}");
        }
    }

    #[test]
    fn each_condition_counts_and_spaces_do_not() {
        let spaced = LINE.replace("\":", "\" : ");
        let launch_id = "01a2036e-2c50-7a31-8f0e-5b1d6c0a9e77".parse().ok();
        let all = Filter {
            app: "notes".parse().ok(),
            since: "2026-11-22T12:30:30.303Z".parse().ok(),
            until: "2026-11-22T12:30:30.303Z".parse().ok(),
            port: Port::new(17000),
            launch_id,
            ..Filter::of_events([EventName::PortMoved, EventName::PortClaimed])
        };
        assert_eq!(verdict(&all, &spaced), LineVerdict::Wanted);
        for other in [
            Filter { app: "other".parse().ok(), ..all.clone() },
            Filter { since: "2026-11-22T12:30:31Z".parse().ok(), ..all.clone() },
            Filter { until: "2026-11-22T12:30:30Z".parse().ok(), ..all.clone() },
            Filter { events: Filter::of_events([EventName::PortMoved]).events, ..all.clone() },
            Filter { launch_id: Some(Uuid::nil()), ..all.clone() },
        ] {
            assert_eq!(verdict(&other, LINE), LineVerdict::Unwanted, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_by_its_kind() {
        for (line, kind) in [
            ("broken", DamageKind::NotOurs),
            ("[1]", DamageKind::NotOurs),
            ("{\"ts\":\"20", DamageKind::Cut),
            ("{\"a\":\0}", DamageKind::Nul),
            ("{\"a\":1,}", DamageKind::NotJson),
            ("{\"a\":1}", DamageKind::NotOurs),
            (&LINE.replace("\"seq\"", "\"app\":\"b\",\"seq\""), DamageKind::DuplicateKey),
            (&LINE.replace("\"seq\"", "\"a\":1,\"a\":1,\"seq\""), DamageKind::DuplicateKey),
            (&LINE.replace("event", "target"), DamageKind::NotOurs),
        ] {
            assert_eq!(verdict(&Filter::default(), line), LineVerdict::Damaged(kind), "{line}");
        }
        let matcher = Matcher::new(&Filter::default(), true);
        assert_eq!(matcher.line(b"{\xff}"), LineVerdict::Damaged(DamageKind::NotUtf8));
        assert_eq!(matcher.line(b" \r"), LineVerdict::Unwanted);
    }
}
