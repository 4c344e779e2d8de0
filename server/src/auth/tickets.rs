//! The tickets that were used: each gives access once.
//!
//! A ticket is remembered until it expires. A server that has just started remembers none, so it accepts
//! no ticket that was made before it started: its predecessor may have accepted it.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::token::Ticket;

/// The tickets that were used with one server.
#[derive(Debug)]
pub struct UsedTickets {
    /// When the server started, in seconds since 1970.
    since: i64,
    /// When each expires. Tickets are made with the token, so programs without it cannot make this grow.
    used: HashMap<String, i64>,
}

impl UsedTickets {
    /// No tickets, for a server that starts now.
    pub fn new(now: Timestamp) -> Self {
        Self { since: now.as_second(), used: HashMap::new() }
    }

    /// Uses a ticket. Returns `false` if it was used before, or was made before the server started.
    pub fn take(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        let now = now.as_second();
        self.used.retain(|_, expiry| *expiry > now);
        // A clock that is before the start of the server was set back, and gives no order.
        if ticket.issued() < self.since && self.since <= now {
            return false;
        }
        self.used.insert(ticket.nonce, ticket.expiry).is_none()
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn ticket(nonce: &str, expiry: i64) -> Ticket {
        Ticket { nonce: nonce.to_owned(), expiry }
    }

    #[test]
    fn each_is_good_once_and_forgotten_when_it_would_not_hold_any_more() {
        let mut tickets = UsedTickets::new(at(1000));
        assert!(tickets.take(ticket("a", 1060), at(1000)));
        assert!(!tickets.take(ticket("a", 1060), at(1059)));
        assert!(tickets.take(ticket("b", 1119), at(1059)));
        assert_eq!(tickets.used.len(), 2);
        assert!(tickets.take(ticket("c", 1130), at(1070)));
        assert_eq!(tickets.used.len(), 2, "only what could come again is remembered");
    }

    #[test]
    fn one_from_before_the_server_is_not_taken_unless_the_clock_was_set_back() {
        let mut tickets = UsedTickets::new(at(1000));
        assert!(!tickets.take(ticket("a", 1059), at(1001)));
        assert!(tickets.take(ticket("b", 560), at(501)));
    }
}
