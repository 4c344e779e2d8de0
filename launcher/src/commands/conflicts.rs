//! `launcher conflicts`: who takes our ports, how often, and when.

use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    conflict::{Class, Holder},
    exit::Exit,
    history::{ConflictSource, Conflicts, Filter, Reader},
    message,
    messages::{Language, local_time},
    printable::escaped,
    sentences::{self, HolderTime},
    words::AnswerName,
};

use super::history_problems;
use crate::{args::ConflictsArgs, options::CommandContext, render::line};

/// Prints every program that was found on a port of ours.
pub(super) fn conflicts(context: &CommandContext, args: &ConflictsArgs) -> Exit {
    let (app, since) = (args.of.app.clone(), args.since);
    let filter = Filter { app, since: Some(since), ..Filter::default() };
    let found = match Reader::of_history(&context.folders.history()).conflicts(&filter) {
        Ok(found) => found,
        Err(error) => return history_problems::unreadable(&context.folders.history(), &error),
    };
    if args.of.json {
        let mut object = json!({ "event": AnswerName::Conflicts, "since": since });
        if let (Some(object), Ok(serde_json::Value::Object(found))) =
            (object.as_object_mut(), serde_json::to_value(&found))
        {
            object.extend(found);
        }
        line(object);
    } else {
        history_problems::note_damage(found.broken_lines);
        print(&found, since);
    }
    Exit::Done
}

fn print(found: &Conflicts, since: Timestamp) {
    let period = period(since, Timestamp::now());
    match found.total {
        0 => line(message!("taken.none", period)),
        1 => line(message!("taken.one", period)),
        count => line(message!("taken.many", count, period)),
    }
    for source in &found.holders {
        line(format_args!("  {}", sentence(source)));
    }
}

/// `in the last 30 days` if that is how long ago `since` is, else `since 2026-11-22 12:01:59 UTC`.
fn period(since: Timestamp, now: Timestamp) -> String {
    /// The seconds between reading the command line and printing the answer.
    const TOLERANCE: i64 = 5;
    let ago = now.as_second().saturating_sub(since.as_second());
    let whole =
        |ago: i64, unit: i64| (ago / unit >= 2 && ago % unit <= TOLERANCE).then_some(ago / unit);
    // A month in which the clock is changed has an hour more or less.
    let days = [0, -3600, 3600].into_iter().find_map(|change| whole(ago + change, 86_400));
    match (days, whole(ago, 3600)) {
        (Some(count), _) => message!("period.days", count),
        (None, Some(count)) => message!("period.hours", count),
        (None, None) => message!("period.since", time = local_time(since)),
    }
}

/// `9 × docker-proxy (user root), ports 3030, 3031, last 2026-11-22 12:01:59 UTC: 8 × in use, …`.
fn sentence(source: &ConflictSource) -> String {
    let messages = Language::English.messages();
    let who = Holder { name: source.name.clone(), user: source.user.clone(), ..Holder::default() };
    let has_program = source.classes.keys().all(|class| class_of(class).is_of_program());
    let holder = match who == Holder::default() {
        true if has_program => message!("taken.unseen"),
        true => message!("taken.no_program"),
        false => sentences::holder(messages, &who, HolderTime::Local),
    };
    let ports = source.ports.iter().map(ToString::to_string);
    let times = |(class, count): (&String, &u64)| match source.classes.len() {
        1 => name(class),
        _ => message!("taken.times", count, what = name(class)),
    };
    let classes = source.classes.iter().map(times);
    let joined = |words: Vec<String>| words.join(messages.message("list.and"));
    let (ports, classes) = (joined(ports.collect()), joined(classes.collect()));
    let (count, last) = (source.count, local_time(source.last));
    match source.ports.len() {
        1 => message!("taken.of_one", count, holder = holder.bold(), ports, last, classes),
        _ => message!("taken.of_many", count, holder = holder.bold(), ports, last, classes),
    }
}

/// A class in a few words; one of a newer version by its own word.
fn name(class: &str) -> String {
    let text = Language::English.messages().find(&format!("class_name.{class}"));
    text.map_or_else(|| escaped(class), ToOwned::to_owned)
}

fn class_of(word: &str) -> Class {
    word.parse().unwrap_or(Class::Other)
}

#[cfg(test)]
mod test {
    use std::collections::{BTreeMap, BTreeSet};

    use shared::port::Port;

    use super::*;

    #[test]
    fn a_period_is_printed_as_it_was_asked_for() {
        let now: Timestamp = "2026-11-22T12:00:01Z".parse().expect("a time");
        let at = |text: &str| period(text.parse().expect("a time"), now);
        assert_eq!(at("2026-10-23T12:00:00Z"), "in the last 30 days");
        assert_eq!(at("2026-11-21T12:00:00Z"), "in the last 24 hours");
        let since = "2026-11-22T11:42:00Z";
        let local = local_time(since.parse().expect("a time"));
        assert_eq!(at(since), format!("since {local}"));
        assert_eq!(at("2027-01-01T00:00:00Z").split(' ').next(), Some("since"));
    }

    #[test]
    fn a_holder_is_told_with_its_ports_and_how_often_it_had_them() {
        let mut source = ConflictSource {
            name: Some("docker-proxy".to_owned()),
            exe: None,
            user: Some("root".to_owned()),
            count: 9,
            ports: [3030, 3031].into_iter().filter_map(Port::new).collect::<BTreeSet<_>>(),
            classes: BTreeMap::from([("in_use".to_owned(), 8), ("other_family".to_owned(), 1)]),
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
        };
        let plain =
            |source: &ConflictSource| anstream::adapter::strip_str(&sentence(source)).to_string();
        let last = local_time(source.last);
        let wanted = format!(
            "9 × docker-proxy (user root), ports 3030, 3031, last {last}: \
             8 × in use, 1 × in use on the other loopback address"
        );
        assert_eq!(plain(&source), wanted);
        (source.name, source.user) = (None, None);
        assert!(
            plain(&source).starts_with("9 × programs that are not visible from here, ports 3030")
        );
    }
}
