//! What is asked of every line, read in one pass, in which no key may be there twice.

use std::{borrow::Cow, collections::HashSet, fmt, marker::PhantomData};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{event::EventName, keys, port::Port};

/// The keys that filters look at. The others are not read.
#[derive(Debug)]
pub struct Head<'a> {
    /// When it was written.
    pub ts: Timestamp,
    /// What happened; `None` in diagnostics.
    pub event: Option<Cow<'a, str>>,
    /// The app it is about.
    pub app: Cow<'a, str>,
    /// The program that wrote it.
    pub process: Option<Cow<'a, str>>,
    /// The writer's process id.
    pub pid: Option<u32>,
    /// As it is written, not parsed.
    pub launch_id: Option<Cow<'a, str>>,
    /// The writer's count of its records.
    pub seq: Option<u64>,
    port: Option<&'a RawValue>,
    from: Option<&'a RawValue>,
    to: Option<&'a RawValue>,
    asked: Option<&'a RawValue>,
    took: Option<&'a RawValue>,
}

impl Head<'_> {
    /// Whether it has the ports that a record of its event cannot be without. Those of events that
    /// this version does not know are not known.
    pub(super) fn has_its_ports(&self) -> bool {
        let event = self.event.as_deref().and_then(|event| event.parse::<EventName>().ok());
        event.map_or(&[][..], EventName::ports).iter().all(|key| {
            let value = match *key {
                keys::PORT => self.port,
                keys::FROM => self.from,
                keys::ASKED => self.asked,
                keys::TOOK => self.took,
                _ => self.to,
            };
            value.is_some_and(|value| value.get().parse::<Port>().is_ok())
        })
    }

    /// Whether it is about `port`, or about leaving or reaching it.
    pub(super) fn is_about(&self, port: Port) -> bool {
        let values = [self.port, self.from, self.to, self.asked, self.took];
        let mut numbers = values.into_iter().flatten().filter_map(|value| value.get().parse().ok());
        numbers.any(|number: u16| number == port.get())
    }
}

/// A text that is not copied unless something in it is escaped.
#[derive(Deserialize)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Head<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(HeadVisitor(PhantomData))
    }
}

struct HeadVisitor<'a>(PhantomData<Head<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for HeadVisitor<'a> {
    type Value = Head<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Head<'a>, M::Error> {
        let (mut ts, mut app, mut seen) = (None, None, Seen::default());
        let (mut event, mut process, mut launch_id) = (None, None, None);
        let (mut pid, mut seq) = (None, None);
        let (mut port, mut from, mut to) = (None, None, None);
        let (mut asked, mut took) = (None, None);
        let text = |text: Option<BorrowedText<'a>>| text.map(|text| text.0);
        while let Some(BorrowedText(key)) = members.next_key()? {
            if seen.has(&key) {
                return Err(M::Error::custom(format_args!("duplicate field `{key}`")));
            }
            match &*key {
                keys::TS => ts = Some(members.next_value()?),
                keys::EVENT => event = text(members.next_value()?),
                keys::APP => app = Some(members.next_value::<BorrowedText<'_>>()?.0),
                keys::PROCESS => process = text(members.next_value()?),
                keys::PID => pid = members.next_value()?,
                keys::LAUNCH_ID => launch_id = text(members.next_value()?),
                keys::SEQ => seq = members.next_value()?,
                keys::PORT => port = members.next_value()?,
                keys::FROM => from = members.next_value()?,
                keys::TO => to = members.next_value()?,
                keys::ASKED => asked = members.next_value()?,
                keys::TOOK => took = members.next_value()?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
            seen.add(key);
        }
        let ts = ts.ok_or_else(|| M::Error::missing_field(keys::TS))?;
        let app = app.ok_or_else(|| M::Error::missing_field(keys::APP))?;
        Ok(Head { ts, event, app, process, pid, launch_id, seq, port, from, to, asked, took })
    }
}

/// How many keys are looked through one by one: no record of ours has as many.
const FEW: usize = 64;

/// The keys of an object so far.
#[derive(Default)]
struct Seen<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Seen<'a> {
    fn has(&self, key: &str) -> bool {
        self.few.iter().any(|seen| seen == key) || self.many.contains(key)
    }

    fn add(&mut self, key: Cow<'a, str>) {
        if self.few.len() < FEW {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
    }
}
