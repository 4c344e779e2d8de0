//! What can be said of a port by its number alone, and by what is remembered of it.

use serde::Serialize;

use crate::{
    allotted_ports::AllottedPorts,
    app::AppName,
    assignment::Assignment,
    conflict::Class,
    message,
    os::PortRanges,
    policy::{CROWDED, Policy},
    port::{Port, PortRange},
    words::RemarkWord,
};

/// One thing that is to be said of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Remark {
    /// The word for programs.
    pub word: RemarkWord,
    /// The sentence for people, in English.
    pub text: String,
    /// The other app, if it is about one.
    #[serde(skip)]
    pub app: Option<AppName>,
}

/// What is known of an app and its system.
pub struct RemarkContext<'a> {
    /// Whose ports are not remarked on as reserved.
    pub app: &'a AppName,
    /// What is worth trying.
    pub policy: &'a Policy,
    /// The ranges of the system.
    pub live: &'a PortRanges,
    /// What the settings avoid.
    pub avoid: &'a [PortRange],
    /// The port of the settings.
    pub home: Option<Port>,
    /// What is remembered.
    pub assignment: &'a Assignment,
    /// Its further ports.
    pub allotted: &'a AllottedPorts,
}

/// Every remark about `port`: what it is to the app, then its faults, the gravest first.
pub fn of(port: Port, known: &RemarkContext<'_>) -> Vec<Remark> {
    let remark = |word, text| Remark { word, text, app: None };
    let app = known.app;
    let is_earlier = known.assignment.earlier.iter().any(|good| good.port == port);
    let is_last = known.assignment.last_good.is_some_and(|good| good.port == port);
    let is_home = known.home == Some(port);
    let mut further = known.allotted.ports.iter().filter(|(_, its)| **its == port);
    let own = [
        is_home.then(|| remark(RemarkWord::Home, message!("remark.home", app))),
        is_last.then(|| remark(RemarkWord::LastGood, message!("remark.last_good", app))),
        is_earlier.then(|| remark(RemarkWord::EarlierGood, message!("remark.earlier_good", app))),
        further.next().map(|(name, _)| {
            remark(RemarkWord::FurtherPort, message!("remark.further_port", name, app))
        }),
    ];
    let faults = known.policy.remarks(port).into_iter().flat_map(|class| fault(port, class, known));
    let range = known.policy.range();
    let outside = (!range.contains(port)).then(|| {
        let text = message!("remark.outside_range", range);
        remark(RemarkWord::OutsideRange, text)
    });
    own.into_iter().flatten().chain(faults).chain(outside).collect()
}

fn fault(port: Port, class: Class, known: &RemarkContext<'_>) -> Vec<Remark> {
    let remark = |word, text: String| vec![Remark { word, text, app: None }];
    match class {
        Class::BrowserBlocked => {
            remark(RemarkWord::BrowserBlocked, message!("remark.browser_blocked"))
        }
        Class::Privileged => remark(
            RemarkWord::Privileged,
            message!("remark.privileged", first = known.live.unprivileged_start),
        ),
        Class::Excluded => remark(RemarkWord::Excluded, message!("remark.excluded")),
        Class::Restricted => remark(RemarkWord::Restricted, message!("remark.restricted")),
        Class::Ephemeral => {
            let range =
                known.live.ephemeral.map_or_else(|| "?".to_owned(), |range| range.to_string());
            remark(RemarkWord::Ephemeral, message!("remark.ephemeral", range))
        }
        Class::ReservedByApp => {
            let app = known.policy.reserved_by(port).cloned();
            let another = || message!("remark.another_app");
            let name = app.as_ref().map_or_else(another, ToString::to_string);
            vec![Remark {
                word: RemarkWord::ReservedByApp,
                text: message!("remark.reserved_by_app", app = name),
                app,
            }]
        }
        Class::Crowded => {
            let holds = |ranges: &[PortRange]| ranges.iter().any(|range| range.contains(port));
            let mut both = Vec::new();
            if holds(CROWDED) {
                let text = message!("remark.crowded");
                both.extend(remark(RemarkWord::Crowded, text));
            }
            if holds(known.avoid) {
                both.extend(remark(RemarkWord::Avoided, message!("remark.avoided")));
            }
            both
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod test {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::DEFAULT_RANGE;

    fn words(number: u16) -> Vec<&'static str> {
        let port = |number| Port::new(number).expect("not 0");
        let live = PortRanges {
            ephemeral: Some(PortRange::literal(32768, 60999)),
            excluded: vec![PortRange::literal(50000, 50059)],
            restricted: vec![],
            unprivileged_start: 1024,
        };
        let avoid = vec![PortRange::literal(17005, 17010)];
        let reserved = BTreeMap::from([(port(17001), "notes".parse().expect("a name"))]);
        let policy = Policy::new(DEFAULT_RANGE, live.clone(), avoid.clone(), reserved);
        let mut assignment = Assignment::default();
        assignment.assign(port(17003), crate::conflict::Origin::Range, jiff::Timestamp::UNIX_EPOCH);
        assignment.assign(port(17002), crate::conflict::Origin::Range, jiff::Timestamp::UNIX_EPOCH);
        let app = AppName::default();
        let mut allotted = AllottedPorts::default();
        allotted.ports.insert("metrics".parse().expect("a name"), port(17004));
        let home = Some(port(3030));
        let known = RemarkContext {
            app: &app,
            policy: &policy,
            live: &live,
            avoid: &avoid,
            home,
            assignment: &assignment,
            allotted: &allotted,
        };
        of(port(number), &known).into_iter().map(|remark| remark.word.word()).collect()
    }

    #[test]
    fn every_fault_is_told_and_what_the_port_is_to_the_app() {
        for (number, wanted) in [
            (17000, &[][..]),
            (17001, &["reserved_by_app"]),
            (17002, &["last_good"]),
            (17003, &["earlier_good"]),
            (17004, &["further_port"]),
            (17007, &["avoided"]),
            (3030, &["home", "crowded", "outside_range"]),
            (79, &["browser_blocked", "privileged", "outside_range"]),
            (50001, &["excluded", "ephemeral", "outside_range"]),
        ] {
            assert_eq!(words(number), wanted, "{number}");
        }
    }
}
