//! `launcher start --detach`: the same launch, without this terminal.
//!
//! The launcher is started once more in a session of its own. What it prints until its server is ready is
//! passed on; then this process ends, and from then on the output reaches the logs alone.

use std::{
    env,
    ffi::OsString,
    io::{self, Read, Write},
    process::{Child, Command, Stdio},
    thread,
};

use shared::{exit::Exit, invoked_as::DETACHED_VARIABLE, message, os::is_out_of_files};

use crate::{
    args::StartArgs,
    desktop::{self, message::Message},
    os,
    render::{self, END_OF_START},
};

/// How much is passed on at once, in bytes.
const PIECE: usize = 16 * 1024;

/// How much of it can be shown in a dialog, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// How one stream of the launch ended.
struct Relayed {
    /// The beginning of what was passed on.
    text: String,
    /// Whether the launch goes on, and has no more to print.
    has_started: bool,
}

/// Starts the launcher in the background, and waits until its server is ready or has failed.
pub(super) fn start(args: &StartArgs, argv: &[OsString]) -> Exit {
    let exit = spawn(argv).and_then(|child| follow(args, child));
    exit.unwrap_or_else(|error| {
        render::error(message!("failure.background", error = &error));
        if is_out_of_files(&error) {
            render::now(message!("now.more_files"));
        }
        Exit::NotReady
    })
}

fn spawn(argv: &[OsString]) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    // The options come before the command of a program, which may have the same word.
    let option = argv.iter().position(|word| word == "--detach");
    let others = argv.iter().enumerate().filter(|(place, _)| Some(*place) != option);
    command.args(others.skip(1).map(|(_, word)| word));
    command.env(DETACHED_VARIABLE, "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    os::detach(&mut command);
    command.spawn()
}

/// Passes on what the launch prints of its start.
fn follow(args: &StartArgs, mut child: Child) -> io::Result<Exit> {
    let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let notes = thread::Builder::new().spawn(move || relay(stderr, io::stderr()))?;
    let has_started = relay(stdout, io::stdout())?.has_started;
    let notes = notes.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
    if has_started {
        return Ok(Exit::Done);
    }
    let status = child.wait()?;
    let (exit, text) = match os::signal_of(status) {
        Some(signal) => {
            let text = message!("failure.background_ended", signal);
            render::error(&text);
            (Exit::NotReady, text)
        }
        None => (status.code().and_then(Exit::from_code).unwrap_or(Exit::Bug), notes.text),
    };
    if exit != Exit::Done && !args.json {
        desktop::show_error(&Message::without_advice(&text), None);
    }
    Ok(exit)
}

/// Passes everything on until the start has ended, or the stream.
fn relay(mut from: impl Read, mut to: impl Write) -> io::Result<Relayed> {
    let (mut text, mut piece) = (Vec::new(), [0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let end = piece[..read].iter().position(|byte| *byte == END_OF_START);
        let passed = &piece[..end.unwrap_or(read)];
        // A stream that is closed is no reason to stop.
        let _ = to.write_all(passed).and_then(|()| to.flush());
        text.extend(&passed[..passed.len().min(MAX_TEXT - text.len())]);
        if end.is_some() || read == 0 {
            let text = String::from_utf8_lossy(&text).into_owned();
            return Ok(Relayed { text, has_started: end.is_some() });
        }
    }
}
