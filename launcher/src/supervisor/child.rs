//! The server's process, and the threads that listen to it.

use std::{
    io::{self, BufReader},
    process::{Child, ChildStdin},
    sync::mpsc::Sender,
    thread,
};

use shared::control::{self, LineError, ToLauncher, ToServer};

use super::state::Input;
use crate::os;

/// What happened, and in which start of the server: news of an earlier one is too late.
#[derive(Debug)]
pub struct News {
    /// The start it is about; `None` if it is not about the server.
    pub attempt: Option<u32>,
    /// What happened.
    pub what: What,
}

/// What a thread has to tell.
#[derive(Debug)]
pub enum What {
    /// Something that the state machine understands.
    Input(Input),
    /// The process has ended and waits to be reaped.
    Ended,
}

/// A running server, or one that has ended and was not replaced yet.
#[derive(Debug)]
pub struct Server {
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Server {
    /// Listens to `process`, on threads of their own, until it ends.
    ///
    /// # Errors
    ///
    /// If the system has no threads left.
    pub fn attend(mut process: Child, attempt: u32, news: &Sender<News>) -> io::Result<Self> {
        let stdin = process.stdin.take();
        if let Some(stdout) = process.stdout.take() {
            let news = news.clone();
            let attempt = Some(attempt);
            thread::Builder::new().name("control lines".to_owned()).spawn(move || {
                let mut lines = BufReader::new(stdout);
                while let Some(input) = hear(&mut lines) {
                    let is_last = matches!(input, Heard::Last(_));
                    let (Heard::Line(input) | Heard::Last(input)) = input;
                    let told = news.send(News { attempt, what: What::Input(input) });
                    if told.is_err() || is_last {
                        break;
                    }
                }
                // Whatever else it writes is taken away, so that it never waits for a reader.
                let _ = io::copy(&mut lines, &mut io::sink());
            })?;
        }
        let (pid, news) = (process.id(), news.clone());
        thread::Builder::new().name("server's end".to_owned()).spawn(move || {
            os::wait_for_end(pid);
            // Nobody listens any more when the launch is over.
            let _ = news.send(News { attempt: Some(attempt), what: What::Ended });
        })?;
        Ok(Self { process, stdin })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Says something to it. A server that does not listen any more is about to end.
    pub fn tell(&mut self, message: &ToServer) {
        if let Some(stdin) = &mut self.stdin {
            let _ = control::say(stdin, message);
        }
    }

    /// Ends it at once, and waits until it is gone.
    pub fn kill(&mut self) {
        os::kill(&self.process);
        let _ = self.process.wait();
    }

    /// How it ended; waits if it has not.
    pub fn end(&mut self) -> Input {
        match self.process.wait() {
            Ok(status) => Input::Ended { exit_code: status.code(), signal: os::signal_of(status) },
            Err(_) => Input::Ended { exit_code: None, signal: None },
        }
    }
}

enum Heard {
    Line(Input),
    Last(Input),
}

fn hear(lines: &mut BufReader<impl io::Read>) -> Option<Heard> {
    Some(match control::hear::<ToLauncher>(lines) {
        Ok(message) => Heard::Line(Input::Said(message?)),
        Err(error @ LineError::NotAMessage { .. }) => {
            Heard::Line(Input::Garbage(error.to_string()))
        }
        Err(error) => Heard::Last(Input::Garbage(error.to_string())),
    })
}
