//! The server's process, and the threads that read its messages and wait for its end.

use std::{
    convert::Infallible,
    io::{self, BufReader, Read},
    process::{Child, ChildStdin},
    sync::mpsc::{Receiver, SyncSender, channel},
    thread,
    time::Duration,
};

use shared::{
    handover::{ToLauncher, ToServer},
    wire::{self, MessageError},
};

use super::{event::SupervisorEvent, output_throttle::OutputThrottle, state::ServerEvent};
use crate::{os, render::output};

/// How long the launcher waits for what a server that has ended wrote to stderr.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A server's process that runs, or has ended and was not reaped yet.
#[derive(Debug)]
pub struct ServerProcess {
    process: Child,
    stdin: Option<ChildStdin>,
    /// Closed when everything that the server wrote to stderr is passed on; `None` if it has the launcher's.
    last_words: Option<Receiver<Infallible>>,
}

impl ServerProcess {
    /// Reports what `process` does to `events`, from threads of their own, until it ends.
    ///
    /// # Errors
    ///
    /// If the system has no threads left.
    pub fn monitor(
        mut process: Child,
        attempt: u32,
        events: &SyncSender<SupervisorEvent>,
    ) -> io::Result<Self> {
        let stdin = process.stdin.take();
        if let Some(stdout) = process.stdout.take() {
            let events = events.clone();
            thread::Builder::new().name("hand-over".to_owned()).spawn(move || {
                let mut lines = BufReader::new(stdout);
                let mut throttle = OutputThrottle::default();
                while let Some((event, is_last)) = read_event(&mut lines) {
                    let Some(event) = throttle.pass(event) else { continue };
                    let sent = events.send(SupervisorEvent::Server { attempt, event });
                    if sent.is_err() || is_last {
                        break;
                    }
                }
                // The rest of its output is read and dropped, so that it never waits for a reader.
                let _ = io::copy(&mut lines, &mut io::sink());
            })?;
        }
        let last_words = process.stderr.take().map(|stderr| {
            let (until_end, last_words) = channel();
            let pass_on = move || {
                pass_on(stderr);
                drop(until_end);
            };
            thread::Builder::new().name("server's stderr".to_owned()).spawn(pass_on)?;
            io::Result::Ok(last_words)
        });
        let last_words = last_words.transpose()?;
        let (pid, events) = (process.id(), events.clone());
        thread::Builder::new().name("server's end".to_owned()).spawn(move || {
            os::wait_for_end(pid);
            // The driver takes no events after the end of the launch.
            let _ = events.send(SupervisorEvent::ProcessEnded { attempt });
        })?;
        Ok(Self { process, stdin, last_words })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends the server a message. One that has closed its stdin is about to end.
    pub fn send(&mut self, message: &ToServer) {
        if let Some(stdin) = &mut self.stdin {
            let _ = wire::write_message(stdin, message);
        }
    }

    /// Kills the process, and waits until it has ended.
    pub fn kill(&mut self) {
        os::kill(&self.process);
        let _ = self.process.wait();
    }

    /// How the process ended; waits if it has not.
    pub fn wait(&mut self) -> ServerEvent {
        let ended = self.process.wait();
        if let Some(last_words) = &self.last_words {
            // A process that the server has started may have its stderr as well, and outlive it.
            let _ = last_words.recv_timeout(LAST_WORDS);
        }
        match ended {
            Ok(status) => {
                ServerEvent::Ended { exit_code: status.code(), signal: os::signal_of(status) }
            }
            Err(_) => ServerEvent::Ended { exit_code: None, signal: None },
        }
    }
}

/// Passes what a server writes to stderr on to the launcher's own, and reads on when that is closed or not read: the
/// server must never find a pipe without a reader.
fn pass_on(mut from: impl Read) {
    let mut piece = vec![0; 8 << 10];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => output::relay(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// The next line of a server, and whether the lines after it cannot be read.
fn read_event(lines: &mut BufReader<impl io::Read>) -> Option<(ServerEvent, bool)> {
    Some(match wire::read_message::<ToLauncher>(lines) {
        Ok(message) => (ServerEvent::Message(message?), false),
        Err(error @ MessageError::NotAMessage { .. }) => {
            (ServerEvent::InvalidLine(error.to_string()), false)
        }
        Err(error) => (ServerEvent::InvalidLine(error.to_string()), true),
    })
}
