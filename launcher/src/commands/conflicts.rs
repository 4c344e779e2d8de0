//! `launcher conflicts`: who takes our ports, how often, and when.

use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    conflict::Holder,
    exit::Exit,
    history::{ConflictSource, Conflicts, Filter, Reader},
    message,
    messages::{Language, local_time},
    sentences::{self, HolderTime},
    words::AnswerName,
};

use super::history_problems;
use crate::{
    args::ConflictsArgs,
    options::CommandContext,
    render::{line, record},
};

/// Prints every program that was found on a port of ours.
pub(super) fn conflicts(basics: &CommandContext, args: &ConflictsArgs) -> Exit {
    let (app, since) = (args.of.app.clone(), args.since);
    let filter = Filter { app, since: Some(since), ..Filter::default() };
    let found = match Reader::of_history(&basics.folders.history()).conflicts(&filter) {
        Ok(found) => found,
        Err(error) => return history_problems::unreadable(&basics.folders.history(), &error),
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
    let since = local_time(since);
    match found.total {
        0 => line(message!("taken.none", since)),
        1 => line(message!("taken.one", since)),
        count => line(message!("taken.many", count, since)),
    }
    for source in &found.holders {
        line(format_args!("  {}", sentence(source)));
    }
}

/// `9 × docker-proxy (user root), ports 3030, 3031, last 2026-11-22 12:01:59 UTC: in_use 8, …`.
fn sentence(source: &ConflictSource) -> String {
    let messages = Language::English.messages();
    let who = Holder { name: source.name.clone(), user: source.user.clone(), ..Holder::default() };
    let who = if who == Holder::default() {
        message!("taken.unseen")
    } else {
        sentences::holder(messages, &who, HolderTime::Local)
    };
    let ports = source.ports.iter().map(ToString::to_string);
    let classes = source.classes.iter().map(|(class, n)| format!("{} {n}", record::plain(class)));
    let joined = |words: Vec<String>| words.join(messages.message("list.and"));
    let (ports, classes) = (joined(ports.collect()), joined(classes.collect()));
    let (holder, count, last) = (record::plain(&who), source.count, local_time(source.last));
    match source.ports.len() {
        1 => message!("taken.of_one", count, holder = holder.bold(), ports, last, classes),
        _ => message!("taken.of_many", count, holder = holder.bold(), ports, last, classes),
    }
}

#[cfg(test)]
mod test {
    use std::collections::{BTreeMap, BTreeSet};

    use shared::port::Port;

    use super::*;

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
            "9 × docker-proxy (user root), ports 3030, 3031, last {last}: in_use 8, other_family 1"
        );
        assert_eq!(plain(&source), wanted);
        (source.name, source.user) = (None, None);
        assert!(
            plain(&source).starts_with("9 × programs that are not visible from here, ports 3030")
        );
    }
}
