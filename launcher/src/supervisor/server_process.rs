//! The server's process, and the threads that read its messages and wait for its end.

use std::{
    io::{self, BufReader},
    process::{Child, ChildStdin},
    sync::mpsc::SyncSender,
    thread,
};

use shared::{
    handover::{ToLauncher, ToServer},
    program_log::ProgramLog,
    wire::{self, MessageError},
};

use super::{
    event::SupervisorEvent, output_throttle::OutputThrottle, server_output::ServerOutput,
    state::ServerEvent,
};
use crate::os;

/// A server's process that runs, or has ended and was not reaped yet.
#[derive(Debug)]
pub struct ServerProcess {
    process: Child,
    stdin: Option<ChildStdin>,
    /// Its stderr; `None` if that was not to be had.
    output: Option<ServerOutput>,
}

impl ServerProcess {
    /// Reports what `process` does to `events`, and writes its stderr to `log`, from threads of their own, until it ends.
    ///
    /// # Errors
    ///
    /// If the system has no threads left.
    pub fn monitor(
        mut process: Child,
        attempt: u32,
        log: ProgramLog,
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
        let output = process.stderr.take().map(|stderr| ServerOutput::relay(stderr, log));
        let output = output.transpose()?;
        let (pid, events) = (process.id(), events.clone());
        thread::Builder::new().name("server's end".to_owned()).spawn(move || {
            os::wait_for_end(pid);
            // The driver takes no events after the end of the launch.
            let _ = events.send(SupervisorEvent::ProcessEnded { attempt });
        })?;
        Ok(Self { process, stdin, output })
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
        if let Some(output) = &self.output {
            output.wait();
        }
        match ended {
            Ok(status) => {
                ServerEvent::Ended { exit_code: status.code(), signal: os::signal_of(status) }
            }
            Err(_) => ServerEvent::Ended { exit_code: None, signal: None },
        }
    }

    /// The last lines that it has written to stderr, without colours and secrets, when it has ended.
    pub fn last_lines(&self) -> Vec<String> {
        let Some(output) = &self.output else { return vec![] };
        output.wait();
        output.last_lines()
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
