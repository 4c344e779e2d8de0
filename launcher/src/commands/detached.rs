//! `launcher start --detach`: the same launch, without this terminal.
//!
//! The launcher is started once more in a session of its own. It reports on a pipe how its start went;
//! this process passes that on and ends, and from then on the output reaches the logs alone.

use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use owo_colors::OwoColorize;
use serde_json::Value;
use shared::{event::EventName, exit::Exit, invoked_as};

use crate::{
    args::StartArgs,
    desktop::{self, message::Message},
    os,
    render::{line, note},
};

/// Starts the launcher in the background, and waits until its server is ready or has failed.
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    let exit = spawn(args, argv).and_then(|child| follow(args, child));
    exit.unwrap_or_else(|error| {
        note(format_args!(
            "{} it cannot be started in the background: {error}",
            "error:".red().bold()
        ));
        Exit::Bug
    })
}

fn spawn(args: &StartArgs, argv: &[OsString]) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.args(argv.iter().skip(1).filter(|word| *word != "--detach"));
    if !args.json {
        command.arg("--json");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    os::detach(&mut command);
    command.spawn()
}

/// Passes on what the launch reports of its start.
fn follow(args: &StartArgs, mut child: Child) -> io::Result<Exit> {
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    for line_read in BufReader::new(stdout).lines() {
        let line_read = line_read?;
        let event: Value = serde_json::from_str(&line_read)?;
        if args.json {
            line(&line_read);
        }
        match event["event"].as_str().and_then(|name| name.parse().ok()) {
            Some(EventName::ServerReady) => {
                if !args.json {
                    ready(args, &event);
                }
                return Ok(Exit::Done);
            }
            Some(EventName::InstanceFound) if !args.json => {
                let url = event["url"].as_str().unwrap_or_default();
                line(format_args!("It is running already: {}", url.cyan().bold()));
            }
            Some(EventName::LaunchFailed) if !args.json => {
                let error = event["error"].as_str().unwrap_or("the launch failed");
                note(format_args!("{} {error}", "error:".red().bold()));
                desktop::show_error(&Message::without_advice(error), None);
            }
            _ => {}
        }
    }
    let mut stderr_text = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut stderr_text)?;
    }
    stderr_text.lines().for_each(note);
    let code = child.wait()?.code();
    Ok(code.and_then(Exit::from_code).unwrap_or(Exit::Bug))
}

fn ready(args: &StartArgs, event: &Value) {
    let app = args.app.as_ref().map(|app| format!(" --app {app}")).unwrap_or_default();
    let url = event["url"].as_str().unwrap_or_default();
    line(format_args!("{} {}", "Ready:".green().bold(), url.cyan().bold()));
    let launcher = invoked_as::launcher();
    line(format_args!("  It runs in the background: `{launcher} stop{app}` ends it.").dimmed());
}
