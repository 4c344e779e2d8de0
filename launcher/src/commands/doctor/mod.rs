//! `launcher doctor`: runs health checks of everything a launch depends on, and changes nothing.
//!
//! What it tries it undoes at once: a file of a few kilobytes in each folder, a port of the system's
//! choice on both loopbacks, the app's lock.
//!
//! Each module uses only modules that are declared below it.

mod files;
mod history;
mod instance;

mod obstacles;
mod listeners;
mod login;
mod system;

mod check;

use owo_colors::OwoColorize;
use serde_json::json;
use shared::{exit::Exit, message, printable::escaped, settings::Settings, words::AnswerName};

use self::{
    check::{Check, CheckVerdict},
    instance::InstanceState,
    obstacles::Obstacles,
};
use crate::{
    args::AppArgs, commands::resolve, error::LaunchError, options::CommandContext, render::line,
};

/// Runs every check and prints its result.
pub(super) fn doctor(context: &CommandContext, of: &AppArgs) -> Exit {
    let mut exit = Exit::Done;
    let mut checks = files::folders(context);
    checks.push(files::trusted(context));
    let options = match resolve::options(of, context) {
        Ok(options) => {
            let file = context.folders.settings(&context.app);
            let set = Settings::load(&file).is_ok_and(|settings| settings != Settings::default());
            let file = file.display();
            let text = match set {
                true => message!("doctor.settings_set", file),
                false => message!("doctor.settings_default", file),
            };
            checks.push(Check::ok("settings", text));
            Some(options)
        }
        Err(error) => {
            let error = LaunchError::from(error);
            exit = error.exit();
            checks.push(Check::problem("settings", error.to_string(), error.now().join("; ")));
            None
        }
    };
    let obstacles = Obstacles::look(context);
    checks.extend(files::memory(context, &obstacles));
    checks.extend(files::settings_lock(context));
    let state = InstanceState::of(context);
    let (launch, lost) = (state.launch(), state.lost_records(context));
    checks.extend(instance::instance(context, state, &obstacles));
    checks.extend(obstacles.checks(context, launch.is_some()));
    checks.push(history::history(context, launch, lost.as_ref()));
    checks.extend(system::system(context, options.as_ref()));
    checks.push(listeners::listeners());
    let of_start = options.as_ref().filter(|_| launch.is_none());
    checks.extend(of_start.and_then(|options| system::wanted_port(context, options)));
    checks.extend(options.as_ref().map(|options| login::login(context, options)));
    if exit == Exit::Done && checks.iter().any(|check| check.verdict == CheckVerdict::Problem) {
        exit = Exit::NotReady;
    }
    for check in &checks {
        if of.json {
            line(to_json(check));
        } else {
            print(check);
        }
    }
    if !of.json {
        line(summary(&checks));
    }
    exit
}

fn to_json(check: &Check) -> serde_json::Value {
    json!({
        "event": AnswerName::Check,
        "check": check.check,
        "verdict": check.verdict,
        "text": check.text,
        "advice": check.advice,
    })
}

fn print(check: &Check) {
    let verdict = match check.verdict {
        CheckVerdict::Ok => "ok".green().to_string(),
        CheckVerdict::Warning => "warning".yellow().bold().to_string(),
        CheckVerdict::Problem => "problem".red().bold().to_string(),
    };
    line(format_args!("{verdict}: {}: {}", check.check, escaped(&check.text)));
    if let Some(advice) = &check.advice {
        line(format_args!("  now: {}", escaped(advice)));
    }
}

fn summary(checks: &[Check]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    message!(
        "doctor.summary",
        count = checks.len(),
        ok = count(CheckVerdict::Ok),
        warnings = count(CheckVerdict::Warning),
        problems = count(CheckVerdict::Problem)
    )
}
