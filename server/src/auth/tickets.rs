//! The tickets that were used: each gives access once.
//!
//! A ticket that is used leaves an empty file behind, which exactly one process can make: so it is good
//! once also if the server crashes, or if two servers take it. Where no file can be made, a server
//! remembers the tickets that it has taken, and takes none that may have been made before it started: its
//! predecessor may have taken that. Where something else is in the place of the folder, a link to another
//! one for example, no ticket is good: nothing is written through it.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use shared::{
    keys, os,
    token::{TICKET_LIFE, Ticket},
};
use slog::{Logger, warn};

/// The tickets that were used with one server.
#[derive(Debug)]
pub struct UsedTickets {
    /// The folder of the files; `None` if this server keeps none.
    folder: Option<PathBuf>,
    /// When the server started, in microseconds since 1970.
    since: i64,
    /// When each expires. Tickets are made with the token, so programs without it cannot make this grow.
    used: HashMap<String, i64>,
    logger: Logger,
}

impl UsedTickets {
    /// No tickets, for a server that starts now and keeps its files in `folder`. `logger` records why a ticket leaves
    /// no file.
    pub fn new(folder: Option<PathBuf>, now: Timestamp, logger: Logger) -> Self {
        Self { folder, since: now.as_microsecond(), used: HashMap::new(), logger }
    }

    /// Uses a ticket. Returns whether it gives access: it had not been used before, and can be used no more.
    pub fn take(&mut self, ticket: Ticket, now: Timestamp) -> bool {
        self.used.retain(|_, expiry| *expiry > now.as_second());
        let is_new = match self.folder.as_deref() {
            None => self.is_since_start(&ticket, now),
            Some(folder) if !is_free_for_folder(folder) => {
                warn!(self.logger, "a ticket is not good: this is not the folder of used tickets"; keys::FILE => %folder.display());
                false
            }
            Some(folder) => match keep(folder, &ticket.nonce) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                Err(error) => {
                    warn!(self.logger, "a used ticket leaves no file"; keys::FILE => %folder.display(), keys::ERROR => %error);
                    self.is_since_start(&ticket, now)
                }
            },
        };
        is_new && self.used.insert(ticket.nonce, ticket.expiry).is_none()
    }

    /// Whether no earlier server can have taken the ticket. A clock that is before the start of the server was set
    /// back, and gives no order.
    fn is_since_start(&self, ticket: &Ticket, now: Timestamp) -> bool {
        ticket.issued() > self.since || self.since > now.as_microsecond()
    }
}

/// Whether the folder of the files is there, or nothing is.
fn is_free_for_folder(folder: &Path) -> bool {
    folder.symlink_metadata().map_or(true, |found| found.is_dir())
}

/// Makes the file of a ticket, and removes those of tickets that have expired.
fn keep(folder: &Path, nonce: &str) -> io::Result<()> {
    os::make_private_folder(folder)?;
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
    use shared::{app::AppName, port::Port, token::Token};
    use slog::{Discard, o};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn ticket(nonce: &str, expiry: i64) -> Ticket {
        Ticket { nonce: nonce.to_owned(), expiry }
    }

    fn microsecond(number: i64) -> Timestamp {
        Timestamp::from_microsecond(number).expect("in range")
    }

    /// The tickets of a server that starts at `now`.
    fn tickets(folder: Option<&Path>, now: Timestamp) -> UsedTickets {
        UsedTickets::new(folder.map(Path::to_owned), now, Logger::root(Discard, o!()))
    }

    #[test]
    fn each_is_good_once_and_forgotten_when_it_would_not_hold_any_more() {
        let mut tickets = tickets(None, at(999));
        assert!(tickets.take(ticket("a", 1060), at(1000)));
        assert!(!tickets.take(ticket("a", 1060), at(1059)));
        assert!(tickets.take(ticket("b", 1119), at(1059)));
        assert_eq!(tickets.used.len(), 2);
        assert!(tickets.take(ticket("c", 1130), at(1070)));
        assert_eq!(tickets.used.len(), 2, "only what could come again is remembered");
    }

    #[test]
    fn one_from_before_the_server_is_not_taken_unless_the_clock_was_set_back() {
        let mut tickets = tickets(None, at(1000));
        assert!(!tickets.take(ticket("a", 1059), at(1001)));
        assert!(tickets.take(ticket("b", 560), at(501)));
    }

    /// The folder cannot be made, as where the disk is full.
    #[test]
    fn where_no_file_can_be_made_one_that_an_earlier_server_may_have_taken_is_not_good() {
        let home = tempfile::tempdir().expect("a folder");
        fs::write(home.path().join("run"), "").expect("written");
        let folder = home.path().join("run/tickets");
        let made = |now: Timestamp| {
            let (token, app) = (Token::random(), AppName::default());
            let port = Port::new(17000).expect("not 0");
            token.check(&token.ticket(&app, port, now), &app, port, now).expect("it holds")
        };
        let early = made(microsecond(1_000_400_000));
        let late = made(microsecond(1_000_600_000));
        let of_version_0_1 = ticket("0123456789abcdef0123456789abcdef", 1060);
        let mut first = tickets(Some(&folder), microsecond(1_000_300_000));
        let mut second = tickets(Some(&folder), microsecond(1_000_500_000));
        assert!(first.take(early.clone(), at(1001)));
        assert!(!second.take(early, at(1001)), "in the second in which this server started");
        assert!(second.take(late.clone(), at(1001)), "the console can be opened all the same");
        assert!(!second.take(late, at(1001)));
        assert!(!second.take(of_version_0_1, at(1001)), "it does not say when in the second");
    }

    #[test]
    fn two_servers_that_keep_files_in_one_folder_take_it_once_whenever_it_was_made() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("tickets");
        let started = || tickets(Some(&folder), at(1000));
        let (mut first, mut second) = (started(), started());
        assert!(first.take(ticket("a", 1059), at(1001)));
        assert!(!second.take(ticket("a", 1059), at(1001)));
        assert!(second.take(ticket("b", 1059), at(1001)));
    }

    #[test]
    fn none_is_good_and_nothing_is_written_where_something_else_is_in_the_place_of_the_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let (folder, elsewhere) = (home.path().join("tickets"), home.path().join("elsewhere"));
        fs::create_dir(&elsewhere).expect("made");
        let taken = || tickets(Some(&folder), at(1000)).take(ticket("a", 1061), at(1001));
        os::link_folder(&elsewhere, &folder).expect("linked");
        assert!(!taken(), "a link");
        assert_eq!(fs::read_dir(&elsewhere).expect("there").count(), 0);
        fs::remove_dir(&elsewhere).expect("empty");
        assert!(!taken(), "a link to nothing");
        assert!(!elsewhere.exists());
        fs::remove_file(&folder).expect("a link");
        fs::write(&folder, "").expect("written");
        assert!(!taken(), "a file");
        fs::remove_file(&folder).expect("a file");
        assert!(taken());
    }
}
