//! What is wrong with a launcher or a server that does not answer, in words.

use std::{path::Path, time::Duration};

use shared::{
    access::{self, ROOT},
    app::AppName,
    claim, diagnose,
    identity::{ProbeError, Secret},
    invoked_as, message, next_command,
    os::{SocketTables, System, is_stopped, own_account, shares_network},
    port::Port,
    words::LaunchPhase,
};

use super::visibility::is_launcher;
use crate::readiness::reaches_itself;

/// How long a server is waited for whose launcher says that it serves.
const SERVER_SILENCE: Duration = Duration::from_secs(2);

/// What keeps an app from being used, and what a person can do: two sentences without full stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProblem {
    /// What is wrong, with whose process.
    pub problem: String,
    /// What a person can do.
    pub now: String,
}

/// What is wrong with a launcher that does not answer.
pub fn silent(launcher: Option<u32>) -> String {
    match launcher {
        Some(pid) if is_stopped(pid) => message!("failure.stopped", pid),
        Some(pid) => match stranger(pid) {
            Some(name) => message!("failure.locked", pid, name),
            None => message!("failure.silent", pid),
        },
        None => message!("failure.unresponsive"),
    }
}

/// What a person can do about a launcher that does not answer.
pub fn now_silent(launcher: Option<u32>) -> String {
    if let Some(owner) = launcher.and_then(other_owner) {
        return message!("now.run_as", owner);
    }
    match launcher {
        Some(pid) if is_stopped(pid) => message!("now.continue", pid),
        Some(pid) if stranger(pid).is_some() => message!("now.unlock", pid),
        Some(pid) => message!("now.kill", pid),
        None => message!("now.end_launcher"),
    }
}

/// The name of a process that has an app's lock and is none of ours.
fn stranger(pid: u32) -> Option<String> {
    let holder = System::default().process(pid)?.holder;
    let exe = holder.exe?;
    let exe = Path::new(&exe);
    let is_ours = is_launcher(exe) || invoked_as::is_one_of(&invoked_as::SERVERS, exe);
    holder.name.filter(|_| !is_ours)
}

/// The user of a process that this user can neither end nor continue.
fn other_owner(pid: u32) -> Option<String> {
    let account = own_account().filter(|account| account.user != ROOT)?;
    let owner = System::default().process(pid)?.holder.user?;
    (owner != access::user(account.user)).then_some(owner)
}

/// What a person can do while a launcher that answers has no server that serves.
pub fn now_in_phase(phase: LaunchPhase, app: &AppName) -> String {
    match phase {
        LaunchPhase::Stopping => {
            message!("now.start_again", command = next_command::launcher("", app))
        }
        _ => message!("now.wait"),
    }
}

/// What is wrong with the program of `app` if it is stopped or does not listen, and the way out. It is asked nothing: it
/// would not understand.
pub fn program_problem(
    app: &AppName,
    url: &str,
    port: Port,
    pid: Option<u32>,
) -> Option<InstanceProblem> {
    let pid = pid?;
    if is_stopped(pid) {
        let problem = message!("running.server_stopped", app, url, pid);
        return Some(InstanceProblem { problem, now: message!("now.continue", pid) });
    }
    if shares_network(pid) && !diagnose::is_listened_on(port) {
        let command = next_command::launcher("restart", app);
        let problem = message!("running.not_listening", app, url, pid);
        return Some(InstanceProblem { problem, now: message!("now.replace_server", command) });
    }
    None
}

/// What is wrong with the server of `app` if it is stopped or silent, and the way out.
pub fn server_problem(
    app: &AppName,
    port: Port,
    server_pid: Option<u32>,
) -> Option<InstanceProblem> {
    let url = claim::url(port);
    if let Some(pid) = server_pid.filter(|pid| is_stopped(*pid)) {
        let problem = message!("running.server_stopped", app, url, pid);
        return Some(InstanceProblem { problem, now: message!("now.continue", pid) });
    }
    // Whatever the secret is: it need not be proved that there is an answer.
    match Secret::random().probe(port, SERVER_SILENCE) {
        Err(error) if error.is_silence() && !reaches_itself() => Some(InstanceProblem {
            problem: message!("running.no_loopback", app, url),
            now: message!("now.loopback_up"),
        }),
        Err(error) if error.is_silence() => {
            let command = next_command::launcher("restart", app);
            let problem = message!("running.server_silent", app, url);
            Some(InstanceProblem { problem, now: message!("now.replace_server", command) })
        }
        // One of ours says who it is, and only what it proves is wrong.
        Ok(_) | Err(ProbeError::Stranger) => None,
        Err(error) => Some(match server_pid.filter(|pid| shares_network(*pid)) {
            Some(pid) => InstanceProblem {
                problem: message!("running.not_listening", app, url, pid),
                now: message!("now.stop_and_start", command = next_command::launcher("stop", app)),
            },
            None => InstanceProblem {
                problem: message!("running.server_unreachable", app, url, error),
                now: message!("now.unreachable"),
            },
        }),
    }
}
