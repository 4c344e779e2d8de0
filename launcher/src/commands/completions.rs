//! `launcher completions SHELL`: a script for the shell.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use shared::{exit::Exit, invoked_as};

use crate::{args::CommandLine, render::output};

/// Prints the script that completes command lines.
pub(super) fn completions(shell: Shell) -> Exit {
    let _ = output::noted(io::stdout().write_all(&script(shell)));
    Exit::Done
}

/// The script. It is made whole first: what makes it panics when a write fails.
fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut CommandLine::command(),
        invoked_as::launcher_program(),
        &mut script,
    );
    script
}

#[cfg(test)]
mod test {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_has_a_script_that_knows_the_commands() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            for word in ["explain", "settings", "on-conflict"] {
                assert!(script.contains(word), "{shell} knows no {word}");
            }
        }
    }
}
