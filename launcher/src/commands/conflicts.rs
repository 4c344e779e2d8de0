//! `launcher conflicts`: who takes our ports, how often, and when.

use std::fmt::Write;

use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::json;
use shared::{
    conflict::Holder,
    exit::Exit,
    history::{ConflictSource, Conflicts, Filter, Reader},
    words::AnswerName,
};

use super::history_problems;
use crate::{
    args::ConflictsArgs,
    options::Basics,
    render::{line, record},
};

/// Tells of every program that was found on a port of ours.
pub(super) fn conflicts(basics: &Basics, args: &ConflictsArgs) -> Exit {
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
    let since = minute(since);
    match found.total {
        0 => line(format_args!("No conflicts since {since}.")),
        1 => line(format_args!("One conflict since {since}:")),
        total => line(format_args!("{total} conflicts since {since}:")),
    }
    for source in &found.holders {
        line(format_args!("  {}", sentence(source)));
    }
}

/// `9 × docker-proxy (user root), ports 3030 3031, last 2026-11-22 12:01 UTC: in_use 8, …`.
fn sentence(source: &ConflictSource) -> String {
    let who = Holder { name: source.name.clone(), user: source.user.clone(), ..Holder::default() };
    let who = if who == Holder::default() {
        "nobody that could be seen".to_owned()
    } else {
        who.to_string()
    };
    let mut said = format!("{} × {}, port", source.count, record::plain(&who).bold());
    if source.ports.len() > 1 {
        said.push('s');
    }
    // Writing to a String does not fail.
    for port in &source.ports {
        let _ = write!(said, " {port}");
    }
    let _ = write!(said, ", last {}:", minute(source.last));
    for (at, (class, count)) in source.classes.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(said, "{comma} {} {count}", record::plain(class));
    }
    said
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
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
        let wanted = "9 × docker-proxy (user root), ports 3030 3031, last 1970-01-01 00:00 UTC: in_use 8, other_family 1";
        assert_eq!(plain(&source), wanted);
        (source.name, source.user) = (None, None);
        assert!(plain(&source).starts_with("9 × nobody that could be seen, ports 3030"));
    }
}
