//! The tickets that were used: each gives access once.
//!
//! A ticket that is used leaves an empty file behind, which exactly one process can make: so it is good
//! once also if the server crashes, or if two servers take it. Where no file can be made, a server
//! remembers the tickets that it has taken, and takes none that was made before it started: its
//! predecessor may have taken that. Where something else is in the place of the folder, a link to another
//! one for example, no ticket is good: nothing is written through it.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use shared::{
    os,
    token::{TICKET_LIFE, Ticket},
};

/// Why a ticket gives no access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketRejection {
    /// It was used before, or may have been.
    Used,
    /// Something else is in the place of the folder of the tickets that were used.
    NoFolder,
}

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

    /// The folder of the files, if this server keeps them.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Uses a ticket.
    ///
    /// # Errors
    ///
    /// Why it gives no access.
    pub fn take(&mut self, ticket: Ticket, now: Timestamp) -> Result<(), TicketRejection> {
        let now = now.as_second();
        self.used.retain(|_, expiry| *expiry > now);
        self.folder().map_or(Ok(()), make)?;
        let kept = self.folder().map(|folder| keep(folder, &ticket.nonce));
        let is_new = match kept {
            Some(Ok(())) => true,
            Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => false,
            // A clock that is before the start of the server was set back, and gives no order.
            Some(Err(_)) | None => ticket.issued() >= self.since || self.since > now,
        };
        let is_taken = is_new && self.used.insert(ticket.nonce, ticket.expiry).is_none();
        is_taken.then_some(()).ok_or(TicketRejection::Used)
    }
}

/// Makes the folder of the files, if nothing is there. One that cannot be made lets no file be made either.
fn make(folder: &Path) -> Result<(), TicketRejection> {
    let _ = os::make_private_folder(folder);
    match folder.symlink_metadata() {
        Ok(found) if !found.is_dir() => Err(TicketRejection::NoFolder),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Makes the file of a ticket, and removes those of tickets that have expired.
fn keep(folder: &Path, nonce: &str) -> io::Result<()> {
    let file = folder.join(nonce);
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
        assert_eq!(tickets.take(ticket("a", 1060), at(1000)), Ok(()));
        assert_eq!(tickets.take(ticket("a", 1060), at(1059)), Err(TicketRejection::Used));
        assert_eq!(tickets.take(ticket("b", 1119), at(1059)), Ok(()));
        assert_eq!(tickets.used.len(), 2);
        assert_eq!(tickets.take(ticket("c", 1130), at(1070)), Ok(()));
        assert_eq!(tickets.used.len(), 2, "only what could come again is remembered");
    }

    #[test]
    fn one_from_before_the_server_is_not_taken_unless_the_clock_was_set_back() {
        let mut tickets = UsedTickets::new(None, at(1000));
        assert_eq!(tickets.take(ticket("a", 1059), at(1001)), Err(TicketRejection::Used));
        assert_eq!(tickets.take(ticket("b", 560), at(501)), Ok(()));
    }

    #[test]
    fn two_servers_that_keep_files_in_one_folder_take_it_once_whenever_it_was_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let tickets = || UsedTickets::new(Some(folder.path().join("tickets")), at(1000));
        let (mut first, mut second) = (tickets(), tickets());
        assert_eq!(first.take(ticket("a", 1059), at(1001)), Ok(()));
        assert_eq!(second.take(ticket("a", 1059), at(1001)), Err(TicketRejection::Used));
        assert_eq!(second.take(ticket("b", 1059), at(1001)), Ok(()));
    }

    #[test]
    fn none_is_good_and_nothing_is_written_where_something_else_is_in_the_place_of_the_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let (folder, elsewhere) = (home.path().join("tickets"), home.path().join("elsewhere"));
        fs::create_dir(&elsewhere).expect("made");
        let taken = || {
            let mut tickets = UsedTickets::new(Some(folder.clone()), at(1000));
            tickets.take(ticket("a", 1059), at(1001))
        };
        os::link_folder(&elsewhere, &folder).expect("linked");
        assert_eq!(taken(), Err(TicketRejection::NoFolder), "a link");
        assert_eq!(fs::read_dir(&elsewhere).expect("there").count(), 0);
        fs::remove_dir(&elsewhere).expect("empty");
        assert_eq!(taken(), Err(TicketRejection::NoFolder), "a link to nothing");
        assert!(!elsewhere.exists());
        fs::remove_file(&folder).expect("a link");
        fs::write(&folder, "").expect("written");
        assert_eq!(taken(), Err(TicketRejection::NoFolder), "a file");
        fs::remove_file(&folder).expect("a file");
        assert_eq!(taken(), Ok(()));
    }
}
