//! A conflict in words: the one wording of each class.

use std::fmt;

use jiff::Timestamp;

use crate::{
    conflict::{Class, Conflict, Holder, OsError},
    messages::{Language, Messages, fill, local_time},
    port::Port,
    printable,
};

/// How the start time of a holder is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderTime {
    /// In the zone of this computer, to the second: for people.
    Local,
    /// In UTC, to the minute: for programs.
    Utc,
    /// Not at all: for texts in records, which are printed to people later, in any zone. The record
    /// of the conflict has the time as a value.
    Omitted,
}

impl HolderTime {
    fn write(self, at: Timestamp) -> Option<String> {
        match self {
            Self::Local => Some(local_time(at)),
            Self::Utc => Some(at.strftime("%F %R UTC").to_string()),
            Self::Omitted => None,
        }
    }
}

impl Conflict {
    /// Why the port cannot be had, as an English sentence without a full stop and without times: for
    /// records and programs.
    pub fn sentence(&self) -> String {
        self.in_words(HolderTime::Omitted)
    }

    /// The same for a person at this computer: times are in its zone.
    pub fn sentence_here(&self) -> String {
        self.in_words(HolderTime::Local)
    }

    fn in_words(&self, time: HolderTime) -> String {
        let Self { port, class, holder, os_error, .. } = self;
        let messages = Language::English.messages();
        problem(messages, (*port, *class), holder.as_ref(), os_error.as_ref(), time)
    }
}

impl fmt::Display for Holder {
    /// `docker-proxy (pid 812, user root, since 2026-11-22 12:01 UTC)`, leaving out what is unknown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&holder(Language::English.messages(), self, HolderTime::Utc))
    }
}

/// Why a port cannot be had, as a sentence without a full stop.
pub fn problem(
    messages: &Messages,
    (port, class): (Port, Class),
    holder: Option<&Holder>,
    os_error: Option<&OsError>,
    time: HolderTime,
) -> String {
    match (class, holder, os_error) {
        (Class::Unknown | Class::Other, _, Some(error)) => {
            messages.fill("problem.refused", &[("port", &port), ("error", error)])
        }
        (Class::Other, ..) => messages.fill("class.unknown", &[("port", &port)]),
        (Class::ReservedByApp, Some(holder), _) => {
            let holder = self::holder(messages, holder, time);
            messages.fill("problem.reserved_by_server", &[("port", &port), ("holder", &holder)])
        }
        _ => {
            let text = messages.find(&format!("class.{class}")).unwrap_or_default();
            let holder = holder.map_or_else(
                || messages.message("holder.unseen").to_owned(),
                |holder| self::holder(messages, holder, time),
            );
            fill(text, &[("port", &port), ("holder", &holder)])
        }
    }
}

/// `docker-proxy (pid 812, user root, since 2026-11-22 12:01:59 UTC)`, leaving out what is unknown.
pub fn holder(messages: &Messages, holder: &Holder, time: HolderTime) -> String {
    let Holder { pid, started_at, .. } = holder;
    let [name, user] = [&holder.name, &holder.user].map(|of| of.as_deref().map(printable::escaped));
    let name = match (name.as_deref(), pid, &user) {
        (Some(name), ..) => name,
        (None, None, Some(user)) => return messages.fill("holder.of_user", &[("user", user)]),
        (None, ..) => messages.message("holder.unknown"),
    };
    let facts: Vec<_> = [
        pid.map(|pid| messages.fill("holder.pid", &[("pid", &pid)])),
        user.as_ref().map(|user| messages.fill("holder.user", &[("user", user)])),
        started_at
            .and_then(|at| time.write(at))
            .map(|at| messages.fill("holder.since", &[("time", &at)])),
    ]
    .into_iter()
    .flatten()
    .collect();
    if facts.is_empty() {
        return name.to_owned();
    }
    let facts = facts.join(messages.message("list.and"));
    messages.fill("holder.facts", &[("name", &name), ("facts", &facts)])
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::conflict::Origin;

    fn docker() -> Holder {
        let (name, user) = (Some("docker-proxy".to_owned()), Some("root".to_owned()));
        let started_at = "2026-11-22T12:01:59Z".parse().ok();
        Holder { pid: Some(812), name, user, started_at, ..Holder::default() }
    }

    #[test]
    fn a_conflict_is_said_in_each_language() {
        let port = Port::new(3030).expect("not 0");
        for (language, sentence) in [
            (
                Language::English,
                "port 3030 is held by docker-proxy (pid 812, user root, since 2026-11-22 12:01 UTC)",
            ),
            (
                Language::SimplifiedChinese,
                "端口 3030 已被 docker-proxy（进程 812，用户 root，自 2026-11-22 12:01 UTC 起） 占用",
            ),
        ] {
            let (messages, of) = (language.messages(), (port, Class::InUse));
            let said = problem(messages, of, Some(&docker()), None, HolderTime::Utc);
            assert_eq!(said, sentence);
        }
    }

    #[test]
    fn a_holder_is_described_by_what_is_known_of_it() {
        let of = |found: &Holder| holder(Language::English.messages(), found, HolderTime::Utc);
        assert_eq!(of(&docker()), "docker-proxy (pid 812, user root, since 2026-11-22 12:01 UTC)");
        assert_eq!(of(&Holder { name: None, pid: None, ..docker() }), "a process of user root");
        let nameless = Holder { pid: Some(812), ..Holder::default() };
        assert_eq!(of(&nameless), "an unknown program (pid 812)");
        assert_eq!(of(&Holder::default()), "an unknown program");
    }

    #[test]
    fn every_class_and_every_origin_has_its_words() {
        for language in Language::ALL {
            let has = |key: String| language.messages().find(&key).is_some();
            let classes = Class::ALL.iter().filter(|class| **class != Class::Other);
            assert!(classes.into_iter().all(|class| has(format!("class.{class}"))));
            let origins = Origin::ALL.iter().filter(|origin| **origin != Origin::Other);
            assert!(origins.into_iter().all(|origin| has(format!("origin.{origin}"))));
        }
    }
}
