//! The app, its folders and its options, as a command needs them before it can do anything.

use shared::{environment::Environment, exit::Exit, folder_links};

use crate::{
    args::AppArgs,
    error::LaunchError,
    options::{CommandContext, Options, OptionsError},
    render::{self, Screen},
};

/// Finds the app and its folders for a command that is no start.
pub(super) fn with_basics(of: &AppArgs, command: impl FnOnce(&CommandContext) -> Exit) -> Exit {
    match CommandContext::resolve(&of.as_start(), &Environment::of_process()) {
        Ok(context) => command(&context),
        Err(error) => refused(error),
    }
}

/// The options that a start would have now.
pub(super) fn options(of: &AppArgs, context: &CommandContext) -> Result<Options, OptionsError> {
    let file = context.folders.settings(&context.app);
    Options::resolve(&of.as_start(), &Environment::of_process(), &file)
}

/// Refuses to write to the folders of the app where a link of a user would have root write elsewhere.
///
/// # Errors
///
/// The exit code, once it is said why.
pub(super) fn check_folder_links(context: &CommandContext) -> Result<(), Exit> {
    folder_links::check(&context.folders, &context.app).map_err(|link| {
        render::error(&link);
        render::now(link.repair());
        Exit::BadSettings
    })
}

/// Prints what is wrong with the environment or the settings.
pub(super) fn refused(error: impl Into<LaunchError>) -> Exit {
    Screen::new(false).failed_early(&error.into())
}
