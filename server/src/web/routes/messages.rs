//! What the pages say of a port, put together from the messages of a language.

use std::fmt::Display;

use shared::{
    conflict::{Class, Holder, Origin},
    messages::{self, Messages},
    port::Port,
};

/// Is this the port of last time, and if not, why this one?
pub(super) fn of_port(
    messages: &Messages,
    port: Port,
    last_good: Option<Port>,
    origin: Origin,
) -> String {
    let key = match (last_good, origin) {
        (Some(last), _) if last == port => "here.same",
        (Some(_), Origin::Explicit | Origin::Home) => "here.other_asked",
        (Some(_), _) => "here.other",
        (None, Origin::Explicit | Origin::Home) => "here.asked_for",
        (None, Origin::Inherited) => "here.inherited",
        (None, Origin::Temporary) => "here.temporary",
        (None, _) => "here.first",
    };
    match last_good {
        Some(last) => messages.fill(key, &[("port", &last)]),
        None => messages.message(key).to_owned(),
    }
}

/// What stands in the way of `port`, without a full stop.
pub(super) fn of_conflict(
    messages: &Messages,
    port: Port,
    class: Class,
    holder: Option<&Holder>,
) -> String {
    let text = messages.find(&format!("class.{class}")).unwrap_or_default();
    let holder = of_holder(messages, holder);
    messages::fill(text, &[("port", &port), ("holder", &holder)])
}

/// `docker-proxy, pid 812, user root`, leaving out what is unknown.
pub(super) fn of_holder(messages: &Messages, holder: Option<&Holder>) -> String {
    let Some(holder) = holder else { return messages.message("holder.unknown").to_owned() };
    let name = match (&holder.name, holder.pid, &holder.user) {
        (Some(name), ..) => name.clone(),
        (None, None, Some(user)) => return messages.fill("holder.of_user", &[("user", user)]),
        (None, ..) => messages.message("holder.unknown").to_owned(),
    };
    let pid =
        holder.pid.as_ref().map(|pid| messages.fill("holder.pid", &[("pid", pid as &dyn Display)]));
    let user = holder.user.as_ref().map(|user| messages.fill("holder.user", &[("user", user)]));
    let facts: Vec<_> = [Some(name), pid, user].into_iter().flatten().collect();
    facts.join(messages.message("list.and"))
}

#[cfg(test)]
mod test {
    use super::*;
    use shared::messages::Language;

    fn port(number: u16) -> Port {
        Port::new(number).expect("not 0")
    }

    fn docker() -> Holder {
        let (name, user) = (Some("docker-proxy".to_owned()), Some("root".to_owned()));
        Holder { pid: Some(812), name, user, ..Holder::default() }
    }

    #[test]
    fn a_conflict_is_said_in_each_language() {
        for (language, sentence) in [
            (Language::English, "3030 is held by docker-proxy, pid 812, user root"),
            (Language::SimplifiedChinese, "3030 已被 docker-proxy，进程 812，用户 root 占用"),
        ] {
            let said = of_conflict(language.messages(), port(3030), Class::InUse, Some(&docker()));
            assert_eq!(said, sentence);
        }
    }

    #[test]
    fn a_holder_is_described_by_what_is_known_of_it() {
        let messages = Language::English.messages();
        let of = |holder: &Holder| of_holder(messages, Some(holder));
        assert_eq!(of_holder(messages, None), "a program that cannot be seen from here");
        assert_eq!(of(&Holder { name: None, pid: None, ..docker() }), "a program of user root");
        assert_eq!(of(&Holder { user: None, ..docker() }), "docker-proxy, pid 812");
    }

    #[test]
    fn every_class_and_every_origin_has_its_words() {
        let classes = [
            Class::InUse,
            Class::OwnInstance,
            Class::SourcePort,
            Class::HiddenOwner,
            Class::GhostOwner,
            Class::Excluded,
            Class::Privileged,
            Class::BrowserBlocked,
            Class::Restricted,
            Class::OtherFamily,
            Class::ReservedByApp,
            Class::Ephemeral,
            Class::Crowded,
            Class::LostRace,
            Class::Unknown,
        ];
        let origins = [
            Origin::Explicit,
            Origin::Home,
            Origin::LastGood,
            Origin::EarlierGood,
            Origin::FirstChoice,
            Origin::Proposed,
            Origin::Range,
            Origin::Temporary,
            Origin::Inherited,
        ];
        let classes = classes.map(|class| format!("class.{class}"));
        let origins = origins.map(|origin| format!("origin.{origin}"));
        for key in classes.iter().chain(&origins) {
            assert!(Language::English.messages().find(key).is_some(), "{key}");
        }
    }
}
