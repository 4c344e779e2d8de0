//! The tickets that were used: each gives access once.
//!
//! A ticket that is used leaves an empty file behind, which exactly one process can make: so it is good
//! once also if the server crashes, or if two servers take it. Where no file can be made, a server
//! remembers the tickets that it has taken, and takes none that was made before it started: its
//! predecessor may have taken that.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use shared::{
    os, paths,
    token::{TICKET_LIFE, Ticket},
};

/// The tickets that were used with one server.
#[derive(Debug)]
pub struct UsedTickets {
    /// The folder of the files; `None` if this server keeps none.
    folder: Option<PathBuf>,
    /// When the server started, in seconds since 1970.
    since: i64,
    /// When each expires. Tickets are made with the token, so programs without it cannot make this grow.
    used: HashMap<String, i64>,
}

impl UsedTickets {
    /// No tickets, for a server that starts now and keeps its files in `folder`.
    pub fn new(folder: Option<PathBuf>, now: Timestamp) -> Self {
        Self { folder, since: now.as_second(), used: HashMap::new() }
    }

    /// Uses a ticket. Returns `false` if it was used before.
    pub fn take(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        let now = now.as_second();
        self.used.retain(|_, expiry| *expiry > now);
        let kept = self.folder.as_deref().map(|folder| keep(folder, &ticket.nonce));
        let is_new = match kept {
            Some(Ok(())) => true,
            Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => false,
            // A clock that is before the start of the server was set back, and gives no order.
            Some(Err(_)) | None => ticket.issued() >= self.since || self.since > now,
        };
        is_new && self.used.insert(ticket.nonce, ticket.expiry).is_none()
    }
}

/// Makes the file of a ticket, and removes those of tickets that have expired.
fn keep(folder: &Path, nonce: &str) -> io::Result<()> {
    let file = folder.join(nonce);
    paths::make_parent(&file)?;
    os::private_file().write(true).create_new(true).open(&file)?;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let changed_at = entry.metadata().and_then(|metadata| metadata.modified());
        if changed_at.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > TICKET_LIFE)) {
            // What cannot be removed now is tried again with the next ticket.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
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
        let mut tickets = UsedTickets::new(None, at(1000));
        assert!(tickets.take(ticket("a", 1060), at(1000)));
        assert!(!tickets.take(ticket("a", 1060), at(1059)));
        assert!(tickets.take(ticket("b", 1119), at(1059)));
        assert_eq!(tickets.used.len(), 2);
        assert!(tickets.take(ticket("c", 1130), at(1070)));
        assert_eq!(tickets.used.len(), 2, "only what could come again is remembered");
    }

    #[test]
    fn one_from_before_the_server_is_not_taken_unless_the_clock_was_set_back() {
        let mut tickets = UsedTickets::new(None, at(1000));
        assert!(!tickets.take(ticket("a", 1059), at(1001)));
        assert!(tickets.take(ticket("b", 560), at(501)));
    }

    #[test]
    fn two_servers_that_keep_files_in_one_folder_take_it_once_whenever_it_was_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let tickets = || UsedTickets::new(Some(folder.path().join("tickets")), at(1000));
        let (mut first, mut second) = (tickets(), tickets());
        assert!(first.take(ticket("a", 1059), at(1001)));
        assert!(!second.take(ticket("a", 1059), at(1001)));
        assert!(second.take(ticket("b", 1059), at(1001)));
    }
}
