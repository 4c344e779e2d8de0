//! The server's process, and the threads that listen to it.

use std::{
    io::{self, BufReader},
    process::{Child, ChildStdin},
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};

use shared::{
    handover::{ToLauncher, ToServer},
    port::Port,
    wire::{self, MessageError},
};

use super::state::News;
use crate::{
    control::Asked,
    os::{self, Signalled},
};

/// What a thread has to tell.
#[derive(Debug)]
pub enum What {
    /// Something happened to a server.
    Server {
        /// Which start of a server it was.
        attempt: u32,
        /// What happened to it.
        news: News,
    },
    /// A server's process has ended and waits to be reaped.
    Ended {
        /// Which start of a server it was.
        attempt: u32,
    },
    /// A signal.
    Signal(Signalled),
    /// The home port is free again.
    HomeIsFree(Port),
    /// Another command wants something.
    Asked(Asked),
}

/// A running server, or one that has ended and was not reaped yet.
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
    pub fn attend(mut process: Child, attempt: u32, news: &SyncSender<What>) -> io::Result<Self> {
        let stdin = process.stdin.take();
        if let Some(stdout) = process.stdout.take() {
            let news = news.clone();
            thread::Builder::new().name("hand-over".to_owned()).spawn(move || {
                let mut lines = BufReader::new(stdout);
                let mut chatter = Chatter::default();
                while let Some((heard, is_last)) = hear(&mut lines) {
                    let Some(heard) = chatter.sparing(heard) else { continue };
                    let told = news.send(What::Server { attempt, news: heard });
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
            let _ = news.send(What::Ended { attempt });
        })?;
        Ok(Self { process, stdin })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Says something to it. A server that does not listen any more is about to end.
    pub fn tell(&mut self, message: &ToServer) {
        if let Some(stdin) = &mut self.stdin {
            let _ = wire::write_message(stdin, message);
        }
    }

    /// Ends it at once, and waits until it is gone.
    pub fn kill(&mut self) {
        os::kill(&self.process);
        let _ = self.process.wait();
    }

    /// How it ended; waits if it has not.
    pub fn end(&mut self) -> News {
        match self.process.wait() {
            Ok(status) => News::Ended { exit_code: status.code(), signal: os::signal_of(status) },
            Err(_) => News::Ended { exit_code: None, signal: None },
        }
    }
}

/// How often garbage is told of; what comes in between is counted.
const GARBAGE_PAUSE: Duration = Duration::from_secs(1);

/// Garbage that was not told of yet.
#[derive(Default)]
struct Chatter {
    told: Option<Instant>,
    untold: u64,
}

impl Chatter {
    /// Lets messages pass, and garbage once a second: a server that writes its log to stdout must
    /// not fill ours.
    fn sparing(&mut self, news: News) -> Option<News> {
        let News::Garbage(what) = news else { return Some(news) };
        if self.told.is_some_and(|told| told.elapsed() < GARBAGE_PAUSE) {
            self.untold += 1;
            return None;
        }
        self.told = Some(Instant::now());
        Some(News::Garbage(match std::mem::take(&mut self.untold) {
            0 => what,
            untold => format!("{what}, and {untold} lines like it before"),
        }))
    }
}

/// The next thing that a server says, and whether it is the last that can be understood.
fn hear(lines: &mut BufReader<impl io::Read>) -> Option<(News, bool)> {
    Some(match wire::read_message::<ToLauncher>(lines) {
        Ok(message) => (News::Said(message?), false),
        Err(error @ MessageError::NotAMessage { .. }) => (News::Garbage(error.to_string()), false),
        Err(error) => (News::Garbage(error.to_string()), true),
    })
}
