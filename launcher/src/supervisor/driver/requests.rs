//! What other commands ask of the launch, and how they are answered.

use std::{sync::mpsc::TryRecvError, time::Duration};

use shared::{claim, event::RequestedBy};

use super::{Driver, Host};
use crate::{
    control::{Answer, Asked, Request, Status},
    supervisor::{
        child::Server,
        state::{self, Input, Requester, State},
    },
};

/// How long the end of a launch waits for a client to take its answer.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl<H: Host> Driver<'_, H> {
    pub(super) fn asked(&mut self, asked: Asked, state: &State) -> Option<Input> {
        let Asked { request, reply, told } = asked;
        if request == Request::Status {
            // Whoever asked and does not wait for the answer does not want it.
            let _ = reply.send(Answer::Status(Box::new(self.status(state))));
            return None;
        }
        self.issued += 1;
        self.tickets.insert(self.issued, reply);
        self.untold.push(told);
        self.untold.retain(|told| told.try_recv() != Err(TryRecvError::Disconnected));
        // This socket is for the commands of the command line.
        let requester = Requester { by: Some(RequestedBy::Cli), ticket: Some(self.issued) };
        Some(match request {
            Request::Status => return None,
            Request::Stop => Input::StopAsked(requester),
            Request::Restart => Input::RestartAsked(requester),
            Request::Move { port } => Input::MoveAsked(port, requester),
        })
    }

    pub(super) fn answer(&mut self, ticket: state::Ticket, answer: state::Answer) {
        let Some(reply) = ticket.and_then(|ticket| self.tickets.remove(&ticket)) else { return };
        let port = self.choice.claim.port();
        // Whoever asked and does not wait for the answer does not want it.
        let _ = reply.send(match answer {
            state::Answer::Stopping => Answer::Stopping { port },
            state::Answer::Refused(reason) => Answer::Refused { reason, about_port: false },
            state::Answer::NoPort(reason) => Answer::Refused { reason, about_port: true },
            state::Answer::Done => Answer::Done {
                url: claim::url(port),
                from: self.from,
                port,
                server_pid: self.server_pid().unwrap_or_default(),
            },
        });
    }

    /// Waits until the last answers have been written.
    pub(super) fn see_answers_off(&mut self) {
        // Whoever was not answered is not any more.
        self.tickets.clear();
        for told in &self.untold {
            // Nothing is ever sent: it ends when the answer has been written.
            let _ = told.recv_timeout(LAST_WORDS);
        }
    }

    fn server_pid(&self) -> Option<u32> {
        self.servers.get(&self.serving?).map(Server::pid)
    }

    fn status(&self, state: &State) -> Status {
        let launch = self.watch.launch;
        let uptime = launch.started.elapsed();
        Status {
            launch: launch.info(&self.choice, self.watch.last_good),
            state: state.phase.word().to_owned(),
            server_pid: self.server_pid(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: launch.started_at,
            uptime_ms: uptime.as_micros() as f64 / 1000.0,
            restarts: state.restarts(),
            home_port: self.host.home_port(),
        }
    }
}
