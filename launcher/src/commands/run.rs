//! `launcher run`: starts any program on a port that it keeps, and stays in front of it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use shared::{environment::Environment, exit::Exit, message, settings::ReadyProbe};

use super::{
    again::WantedProgram,
    detached, save,
    start::{self, LaunchPlan},
};
use crate::{
    args::RunArgs,
    error::LaunchError,
    instance,
    options::{CommandContext, Options},
    os,
    program::{
        CommandTemplate, ProgramStreams, WrittenCommand,
        environment::{RUN_VARIABLE, SetVariable, VariableCase},
        name::{self, NameOutcome},
    },
    render::{self, Screen},
};

/// Starts the command of `args`, or finds it running.
pub(super) fn run(args: &RunArgs, argv: &[OsString]) -> Exit {
    if args.command.is_empty() {
        render::error(message!("run.no_command"));
        render::now(message!("run.now_command"));
        return Exit::Usage;
    }
    if args.tty && (args.json || args.detach) {
        render::error(match args.json {
            true => message!("run.tty_json"),
            false => message!("run.tty_detach"),
        });
        return Exit::Usage;
    }
    if args.tty && !os::GIVES_TERMINALS {
        render::error(message!("run.tty_unsupported"));
        return Exit::Usage;
    }
    let screen = Screen::beside_program(args.json);
    let planned = Folder::of(args).and_then(|folder| {
        let written = written(args, &folder)?;
        let ready = args.ready.as_ref().unwrap_or(&ReadyProbe::Tcp);
        let command = CommandTemplate::parse(&written, ready)?;
        Ok((folder, written, command))
    });
    let (folder, written, command) = match planned {
        Ok(planned) => planned,
        Err(error) => return screen.failed_early(&error),
    };
    let saved = match args.save.then(|| save::settings_of(args, &written)).transpose() {
        Ok(saved) => saved,
        Err(unsaved) => {
            render::error(unsaved);
            return Exit::Usage;
        }
    };
    if args.detach {
        return detached::start(&args.as_start(), argv);
    }
    if args.app.is_none() && outer_run().is_some() {
        return screen.failed_early(&LaunchError::NotReplaced(os::become_program(&args.command)));
    }
    let context = match context(args, &folder, screen) {
        Ok(context) => context,
        Err(error) => return screen.failed_early(&error),
    };
    if is_within_run(&context) {
        return screen.failed_early(&LaunchError::NotReplaced(os::become_program(&args.command)));
    }
    if let Some(saved) = saved
        && let Err(exit) = save::save(&context, args, saved)
    {
        return exit;
    }
    let mut start = args.as_start();
    start.app = Some(context.app);
    let streams = ProgramStreams { gives_terminal: args.tty, ..start::streams(!args.json) };
    let wanted = Some(WantedProgram { command, replaces: args.replace });
    let source = Box::new(move |options: &Options| start::program(&written, options, streams));
    start::launch(LaunchPlan { args: start, screen, source, wanted }, argv)
}

/// The folder that a program runs in.
struct Folder(PathBuf);

impl Folder {
    fn of(args: &RunArgs) -> Result<Self, LaunchError> {
        let here = || env::current_dir().map_err(LaunchError::NoFolder);
        let folder = match &args.cwd {
            Some(cwd) if cwd.is_absolute() => cwd.clone(),
            Some(cwd) => here()?.join(cwd),
            None => here()?,
        };
        match folder.is_dir() {
            true => Ok(Self(folder)),
            false => Err(LaunchError::NotAFolder(folder)),
        }
    }
}

/// The app of the program, and where its files are. Unless it is named, the folder names it.
fn context(args: &RunArgs, folder: &Folder, screen: Screen) -> Result<CommandContext, LaunchError> {
    let environment = Environment::of_process();
    let mut start = args.as_start();
    let named = start.app.is_some() || environment.sets("HOMEPORT_APP");
    let context = CommandContext::resolve(&start, &environment)?;
    if named {
        keep_name(&context, &folder.0);
        return Ok(context);
    }
    let choice = name::take(&context.folders, &folder.0).map_err(LaunchError::NoFolder)?;
    if env::var_os(shared::invoked_as::DETACHED_VARIABLE).is_none() || !args.json {
        render::note(choice.in_words());
    }
    if let Some(error) = &choice.unsaved {
        let what = message!("run.name_unsaved", app = choice.app);
        screen.warning(&what, error);
    }
    start.app = Some(choice.app);
    Ok(CommandContext::resolve(&start, &environment)?)
}

/// Keeps a name that a person has given, and says it if another folder has it.
fn keep_name(context: &CommandContext, folder: &Path) {
    match name::give(&context.folders, &context.app, folder) {
        Ok(NameOutcome::InUse(other)) => {
            let (app, folder, other) = (&context.app, folder.display(), other.display());
            render::warning(message!("run.name_of_other_folder", app, folder, other));
        }
        // Where the name cannot be kept the launch itself says that it remembers nothing.
        Ok(NameOutcome::Kept) | Err(_) => {}
    }
}

/// The launch of the `run` whose program has started this process. Its command takes the place of this process, because
/// the outer one has its port; one that names another app has a port of its own.
fn outer_run() -> Option<String> {
    env::var(RUN_VARIABLE).ok().filter(|outer| !outer.is_empty())
}

/// Whether this is started by the program of a `run` of the same app.
fn is_within_run(context: &CommandContext) -> bool {
    let is_it = |outer: String| {
        let running = instance::ask_launcher(context);
        running.is_ok_and(|running| running.status.launch.launch_id.to_string() == outer)
    };
    outer_run().is_some_and(is_it)
}

fn written(args: &RunArgs, folder: &Folder) -> Result<WrittenCommand, LaunchError> {
    let case = VariableCase::of_this_system();
    let variables = args.env.iter().map(|text| SetVariable::parse(text, case));
    Ok(WrittenCommand {
        words: args.command.clone(),
        shell: args.shell,
        variables: variables.collect::<Result<Vec<_>, _>>()?,
        cwd: folder.0.clone(),
        path: None,
        no_port_env: args.no_port_env,
    })
}
