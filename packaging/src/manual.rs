//! The manual pages, from the definitions of the two command lines: a page for each program and each
//! command.

use crate::{problem::PackagingError, version::VERSION};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io;

/// What the launcher is called where a package has put it; see `shared::invoked_as`.
pub(crate) const LAUNCHER: &str = "homeport";

/// What the server is called there.
const SERVER: &str = "homeport-server";

/// The launcher's command line, under the name that it has in a package.
pub(crate) fn launcher() -> Command {
    launcher::args::CommandLine::command().name(LAUNCHER)
}

/// Every page: the name of its file, and what is in it.
pub(crate) fn pages() -> Result<Vec<(String, Vec<u8>)>, PackagingError> {
    let mut pages = Vec::new();
    for mut command in [launcher(), server::process::args::named(SERVER, LAUNCHER)] {
        command = command.disable_help_subcommand(true);
        command.build();
        collect(&command, &mut pages).map_err(PackagingError::of("the manual"))?;
    }
    Ok(pages)
}

/// The page of a command, and those of the commands in it.
fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let source = format!("Homeport {VERSION}");
    let page = Man::new(command.clone()).source(source).manual("Homeport");
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
        .try_for_each(|inner| collect(inner, pages))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_command_has_a_page_under_its_whole_name() {
        let pages = pages().unwrap();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["homeport.1", "homeport-stop.1", "homeport-settings-set.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert_eq!(names.last(), Some(&"homeport-server.1"));
        let (_, first) = &pages[0];
        let first = String::from_utf8_lossy(first);
        assert!(first.contains(r"homeport\-stop(1)") && first.contains("Exit codes"), "{first}");
    }
}
