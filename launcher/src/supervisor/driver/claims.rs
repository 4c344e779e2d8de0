//! The claims of a move: the one to move to, and those that were moved away from and are let go in
//! time.

use shared::{
    claim::Claim,
    event::{EndReason, Ending, Event, RequestedBy},
    port::Port,
};

use super::{Driver, Host, Occasion};
use crate::supervisor::state::Input;

impl<H: Host> Driver<'_, H> {
    pub(super) fn claim(&mut self, port: Option<Port>) -> Input {
        let from = self.choice.claim.port();
        let left = self.left.iter().map(Claim::port);
        let held: Vec<_> = [from].into_iter().chain(left).collect();
        match self.host.claim(port, &held) {
            Ok(next) => {
                let to = next.claim.port();
                self.next = Some(next);
                Input::Claimed { from, to }
            }
            Err(why) => Input::NotClaimed(why),
        }
    }

    pub(super) fn take_next(&mut self, from: Port) {
        self.from = from;
        if let Some(next) = self.next.take() {
            let old = std::mem::replace(&mut self.choice, next);
            self.left.push(old.claim);
            self.occasion = Occasion::Moved;
        }
    }

    pub(super) fn release(&mut self, port: Port, by: Option<RequestedBy>) {
        self.left.retain(|claim| claim.port() != port);
        self.released(Ending::of(port, EndReason::Moved).asked(by));
    }

    pub(super) fn forsake(&mut self, by: Option<RequestedBy>) {
        if let Some(next) = self.next.take() {
            let port = next.claim.port();
            drop(next);
            self.released(Ending::of(port, EndReason::MoveFailed).asked(by));
        }
    }

    fn released(&self, ending: Ending) {
        self.watch.launch.history.record(&Event::PortReleased(ending));
    }
}
