//! `launcher where`: the URL of the running server, for scripts.

use shared::{exit::Exit, words::AnswerName};

use super::running;
use crate::{options::CommandContext, render::line};

/// Prints the URL and nothing else.
pub(super) fn print_url(context: &CommandContext, json: bool) -> Exit {
    match running::find(context) {
        Ok(found) if json => line(running::to_json(AnswerName::Where, context, &found)),
        Ok(found) => line(found.url()),
        Err(exit) => return exit,
    }
    Exit::Done
}
