//! The answers that clients of the control socket wait for.

use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, Sender, TryRecvError},
    time::Duration,
};

use crate::{control::Response, supervisor::state::RequestTicket};

/// How long the end of a launch waits for a client to take its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// The clients that wait for an answer, and the answers that may not have been written yet.
#[derive(Default)]
pub(super) struct PendingReplies {
    clients: BTreeMap<u64, WaitingClient>,
    last_ticket: u64,
    unwritten: Vec<Receiver<()>>,
}

struct WaitingClient {
    reply: Sender<Response>,
    /// Carries nothing: it disconnects when the client has gone away.
    written: Receiver<()>,
}

impl PendingReplies {
    /// Keeps a client until its answer is known. `written` is disconnected when the answer has been
    /// written.
    pub(super) fn add(&mut self, reply: Sender<Response>, written: Receiver<()>) -> RequestTicket {
        self.last_ticket += 1;
        self.clients.insert(self.last_ticket, WaitingClient { reply, written });
        Some(self.last_ticket)
    }

    /// Drops a client that has gone away without an answer, and returns its ticket; `None` if there is none.
    pub(super) fn take_left(&mut self) -> RequestTicket {
        let mut clients = self.clients.iter();
        let ticket = clients.find_map(|(ticket, one)| is_over(&one.written).then_some(*ticket))?;
        self.clients.remove(&ticket);
        Some(ticket)
    }

    /// Sends a client its answer. One that has gone away meanwhile does not want it.
    pub(super) fn send(&mut self, ticket: RequestTicket, response: Response) {
        if let Some(client) = ticket.and_then(|ticket| self.clients.remove(&ticket)) {
            let _ = client.reply.send(response);
            self.unwritten.retain(|written| !is_over(written));
            self.unwritten.push(client.written);
        }
    }

    /// Drops the clients without an answer, and waits until the other answers have been written.
    pub(super) fn finish(&mut self) {
        self.clients.clear();
        for written in &self.unwritten {
            // Nothing is ever sent: the wait ends when the other side is dropped.
            let _ = written.recv_timeout(WRITE_TIMEOUT);
        }
    }
}

/// Whether a client has its answer, or has gone away.
fn is_over(written: &Receiver<()>) -> bool {
    written.try_recv() == Err(TryRecvError::Disconnected)
}

#[cfg(test)]
mod test {
    use std::sync::mpsc::channel;

    use super::*;

    fn refused(reason: &str) -> Response {
        Response::Refused { reason: reason.to_owned(), about_port: false }
    }

    #[test]
    fn each_client_gets_the_answer_to_its_own_request_and_no_second_one() {
        let mut replies = PendingReplies::default();
        let [(first, first_answer), (second, second_answer)] = [channel(), channel()];
        let ((_a, a_written), (_b, b_written)) = (channel(), channel());
        let (first, second) = (replies.add(first, a_written), replies.add(second, b_written));
        replies.send(second, refused("second"));
        replies.send(second, refused("again"));
        replies.send(None, refused("no client waits"));
        assert_eq!(second_answer.try_iter().collect::<Vec<_>>(), [refused("second")]);
        replies.send(first, refused("first"));
        assert_eq!(first_answer.try_iter().collect::<Vec<_>>(), [refused("first")]);
    }

    #[test]
    fn a_client_that_has_gone_away_is_told_once() {
        let mut replies = PendingReplies::default();
        let [(first, _), (second, _)] = [channel(), channel()];
        let ((_a, a_written), (b, b_written)) = (channel(), channel());
        let (_, second) = (replies.add(first, a_written), replies.add(second, b_written));
        assert_eq!(replies.take_left(), None);
        drop(b);
        assert_eq!(replies.take_left(), second);
        assert_eq!(replies.take_left(), None);
    }

    #[test]
    fn a_client_without_an_answer_is_dropped_at_the_end() {
        let mut replies = PendingReplies::default();
        let ((client, answer), (writing, written)) = (channel(), channel());
        replies.add(client, written);
        drop(writing);
        replies.finish();
        assert_eq!(answer.try_recv(), Err(TryRecvError::Disconnected));
    }
}
