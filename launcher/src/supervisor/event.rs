//! What the threads of the launcher report to the driver.

use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Instant,
};

use shared::port::Port;

use super::state::ServerEvent;
use crate::{
    control::ClientEvent,
    os::{self, Signalled, TerminalSize},
    program::{observation::Observation, probe::ProbeFailure},
    sitter::messages::SitterReport,
};

/// How many events may wait to be handled. A thread that has one more waits: a server that floods its
/// stdout is slowed down, and the launcher's memory stays bounded.
const BACKLOG: usize = 64;

/// One thing that happened.
#[derive(Debug)]
pub enum SupervisorEvent {
    /// Something happened to a server.
    Server {
        /// The attempt of the server, from 1.
        attempt: u32,
        /// What was read, or what came of the proof.
        event: ServerEvent,
    },
    /// Something happened to a program.
    Program {
        /// The attempt of the program, from 1.
        attempt: u32,
        /// What was reported or seen.
        event: ProgramEvent,
    },
    /// A server's process has ended and waits to be reaped.
    ProcessEnded {
        /// The attempt of the server, from 1.
        attempt: u32,
    },
    /// To end, to read the settings again, or to write lost files anew.
    Signal(Signalled),
    /// Our terminal has another size, and the program has one of its own.
    Resized(TerminalSize),
    /// The home port, which another program had at the start, can be claimed.
    HomePortFree(Port),
    /// A client of the control socket asks for something, or has gone away.
    Client(ClientEvent),
}

/// What the launcher learns of a program.
#[derive(Debug)]
pub enum ProgramEvent {
    /// What came from the sitter.
    Reported(SitterReport),
    /// A look at the listeners, begun at this time, has seen this.
    Observed(Instant, io::Result<Observation>),
    /// The program has said that it is ready.
    Notified,
    /// The probe with this number has come back.
    Probed(u32, Result<(), ProbeFailure>),
}

/// Where the threads of the launcher put their events, and where the driver takes them.
#[derive(Debug)]
pub struct EventChannel {
    /// For the threads; each has a copy.
    pub sender: SyncSender<SupervisorEvent>,
    /// For the driver.
    pub receiver: Receiver<SupervisorEvent>,
}

impl EventChannel {
    /// A sender waits while the backlog is full.
    pub fn new() -> Self {
        let (sender, receiver) = sync_channel(BACKLOG);
        Self { sender, receiver }
    }

    /// Puts the requests of commands into the channel.
    pub fn client_handler(&self) -> impl Fn(ClientEvent) + Send + Sync + use<> {
        let events = self.sender.clone();
        // The driver takes no events after the end of the launch.
        move |event| drop(events.send(SupervisorEvent::Client(event)))
    }

    /// Puts every signal of the system into the channel from now on.
    ///
    /// # Errors
    ///
    /// If the system refuses the handlers.
    pub fn listen_for_signals(&self) -> io::Result<()> {
        let events = self.sender.clone();
        os::on_signal(move |signal| {
            // The driver takes no events after the end of the launch.
            let _ = events.send(SupervisorEvent::Signal(signal));
        })
    }
}

impl Default for EventChannel {
    fn default() -> Self {
        Self::new()
    }
}
