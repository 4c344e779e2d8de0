//! `launcher where`: the URL of the running server, for scripts.

use std::collections::BTreeMap;

use serde_json::json;
use shared::{discovery::Discovery, exit::Exit, port::Port, words::AnswerName};
use uuid::Uuid;

use super::running;
use crate::{options::CommandContext, render::line};

/// Prints the URL and nothing else.
pub(super) fn print_url(context: &CommandContext, json: bool) -> Exit {
    match running::find(context) {
        Ok(found) if json => {
            let mut answer = running::to_json(AnswerName::Where, context, &found);
            let ports = published_ports(context, found.launch_id);
            if !ports.is_empty() {
                answer["ports"] = json!(ports);
            }
            line(answer);
        }
        Ok(found) => line(found.url()),
        Err(exit) => return exit,
    }
    Exit::Done
}

/// The further ports of the program that this launch has started, by their names.
fn published_ports(context: &CommandContext, launch_id: Uuid) -> BTreeMap<String, Port> {
    let mut published = Discovery::of_app(&context.folders, &context.app);
    published
        .find(|found| found.launch_id == launch_id)
        .map(|found| found.ports)
        .unwrap_or_default()
}
