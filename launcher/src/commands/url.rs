//! `launcher where`: the URL of the running server, for scripts.

use shared::{exit::Exit, words::AnswerName};

use super::running;
use crate::{options::CommandContext, render::line};

/// Prints the URL and nothing else.
pub(super) fn print_url(context: &CommandContext, json: bool) -> Exit {
    let Some(found) = running::find(context) else { return running::none(context) };
    if json {
        line(running::to_json(AnswerName::Where, &found));
    } else {
        line(found.url);
    }
    Exit::Done
}
