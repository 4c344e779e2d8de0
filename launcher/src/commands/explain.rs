//! `launcher explain PORT`: what is the matter with a port, now and before.
//!
//! What is known is found out by [`shared::explain`]; here it is put into words or JSON. Whether the
//! port can be had is old when it is read, and the output states that.

use std::time::Duration;

use jiff::Timestamp;
use owo_colors::OwoColorize;
use serde_json::{Value, json};
use shared::{
    conflict::Conflict,
    exit::Exit,
    explain::{remarks::Remark, timeline::PortTimeline},
    history::Reader,
    identity::Secret,
    message,
    port::Port,
    printable::escaped,
    words::AnswerName,
};

use super::{history_problems, resolve};
use crate::{
    args::ExplainArgs,
    error::LaunchError,
    options::CommandContext,
    render::{line, record},
};

/// Prints what can be found out about a port.
pub(super) fn explain(context: &CommandContext, args: &ExplainArgs) -> Exit {
    let history = Reader::of_history(&context.folders.history());
    let past = match PortTimeline::read(&history, args.port, args.at) {
        Ok(past) => past,
        Err(error) => return history_problems::unreadable(history.file(), &error),
    };
    if let Some(at) = args.at {
        return print_at(args, at, &past);
    }
    let options = match resolve::options(&args.of, context) {
        Ok(options) => options,
        Err(error) => return resolve::refused(error),
    };
    let avoid = options.avoid();
    let asker = options.explain_context(context, &avoid);
    let secret = Secret::load(&context.folders.secret()).unwrap_or_else(|_| Secret::random());
    let conflict = match asker.conflict(args.port, secret) {
        Ok(conflict) => conflict,
        Err(error) => return resolve::refused(LaunchError::Claim(error)),
    };
    let remarks = asker.remarks(args.port);
    if args.of.json {
        line(to_json(args.port, conflict.as_ref(), &remarks, &past));
    } else {
        print(args.port, conflict.as_ref(), &remarks, &past);
    }
    Exit::Done
}

fn to_json(
    port: Port,
    conflict: Option<&Conflict>,
    remarks: &[Remark],
    past: &PortTimeline,
) -> Value {
    json!({
        "event": AnswerName::Explain,
        "port": port,
        "free": conflict.is_none(),
        "class": conflict.map(|conflict| conflict.class),
        "holder": conflict.and_then(|conflict| conflict.holder.as_ref()),
        "os_error": conflict.and_then(|conflict| conflict.os_error.as_ref()),
        "advice": conflict.and_then(Conflict::advice),
        "remarks": remarks.iter().map(|remark| remark.word).collect::<Vec<_>>(),
        "reserved_by": remarks.iter().find_map(|remark| remark.app.as_ref()),
        "record": past.source(),
        "launches": past.launches(),
        "history": past.latest(),
    })
}

fn print(port: Port, conflict: Option<&Conflict>, remarks: &[Remark], past: &PortTimeline) {
    match conflict {
        None => line(message!(
            "explain.free",
            port,
            claimed = message!("explain.claimed").green().bold()
        )),
        Some(conflict) => {
            line(format_args!("{}.", capital(&conflict.sentence_here()).bold()));
            for sentence in more(conflict) {
                line(format_args!("  {sentence}"));
            }
        }
    }
    // What keeps the port from us has been said.
    let class = conflict.map(|conflict| conflict.class.word());
    for remark in remarks.iter().filter(|remark| Some(remark.word.word()) != class) {
        line(format_args!("  {}", remark.text));
    }
    print_past(past);
}

/// What there is to know of a conflict, beside its sentence.
fn more(conflict: &Conflict) -> Vec<String> {
    let exe = conflict.holder.as_ref().and_then(|holder| holder.exe.as_deref());
    let error = conflict.os_error.as_ref();
    [
        exe.map(|exe| message!("explain.program", file = escaped(exe))),
        error.map(|error| message!("conflict.system_error", error)),
        conflict.way_out(),
        (conflict.elapsed > Duration::from_millis(900)).then(|| message!("explain.no_time")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn print_at(args: &ExplainArgs, at: Timestamp, past: &PortTimeline) -> Exit {
    if args.of.json {
        line(past.to_json(at));
    } else {
        // The history knows nothing of what is still to come.
        let at = at.min(Timestamp::now());
        line(format_args!("{}.", capital(&past.sentence(at))));
        if let Some(source) = source(past) {
            line(format_args!("  {source}").dimmed());
        }
        if !past.latest().is_empty() {
            print_past(past);
        }
    }
    Exit::Done
}

/// The record that an answer rests on, for a person to look up.
fn source(past: &PortTimeline) -> Option<String> {
    let source = past.source();
    let file = escaped(source["file"].as_str()?);
    Some(match source["line"].as_u64() {
        Some(line) => message!("explain.source_line", file, line),
        None => message!("explain.source", file),
    })
}

fn print_past(past: &PortTimeline) {
    match past.launches() {
        0 => {}
        1 => line(format_args!("  {}", message!("explain.one_launch")).dimmed()),
        count => line(format_args!("  {}", message!("explain.launches", count)).dimmed()),
    }
    if past.latest().is_empty() {
        line(format_args!("  {}", message!("explain.nothing")).dimmed());
    }
    for entry in past.latest() {
        line(format_args!("  {}", record::entry(entry)));
    }
}

fn capital(sentence: &str) -> String {
    let mut rest = sentence.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
