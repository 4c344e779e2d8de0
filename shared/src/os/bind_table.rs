//! The result of each system when a second socket asks for a port that a first one has: the bind table.
//!
//! Pure: it opens no socket and holds on every machine, so that what a claim does on Windows and on
//! macOS can be proved on Linux too. It knows what the systems document, not what they do beyond it:
//!
//! - **Linux**: `socket(7)`, `ip(7)`. Two sockets with `SO_REUSEADDR` may both be bound; a listener
//!   among them lets no other in, and the second *listen* is what fails. The option counts as it is at the
//!   moment when another socket asks, so it may be set on a bound socket too (`inet_csk_bind_conflict` of the kernel).
//! - **Windows**: "Using `SO_REUSEADDR` and `SO_EXCLUSIVEADDRUSE`" of the Windows Sockets
//!   documentation, for Server 2003 and later.
//! - **macOS**: `in_pcbbind` of XNU. Without `SO_REUSEADDR` every clash is found; with it only one
//!   with the very same address, or with a socket of another user.
//!
//! The superuser's exceptions are left out.

use std::net::IpAddr;

/// The system whose rules decide whether two sockets may have one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindRules {
    /// Those of Linux.
    Linux,
    /// Those of Windows, since Server 2003.
    Windows,
    /// Those of macOS.
    MacOs,
}

/// How a socket asks for its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// With no option at all.
    Default,
    /// With `SO_REUSEADDR`. On Windows that takes an address over from the program that has it.
    Reuse,
    /// With no option, and once it is bound with `SO_REUSEADDR`: it gets no address that another socket has, and
    /// then lets those in that ask with the option themselves. On Linux alone that is a way of its own.
    ReuseAfterBind,
    /// With `SO_REUSEPORT`, to share the connections. Unix alone has it.
    ReusePort,
    /// With `SO_EXCLUSIVEADDRUSE`. Windows alone has it.
    Exclusive,
}

/// A socket at a port, as far as others at that port are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Its address; a wildcard is every address of its family.
    pub ip: IpAddr,
    /// For `::`, whether it stands for every IPv4 address too.
    pub dual: bool,
    /// The option that it was bound with.
    pub sharing: Sharing,
    /// Whether it listens, or is bound without listening.
    pub listens: bool,
    /// The user id of its owner.
    pub user: u32,
}

/// Whether a second socket gets the port of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindAnswer {
    /// It may.
    Granted,
    /// "Address in use": `EADDRINUSE`, `WSAEADDRINUSE` (10048).
    InUse,
    /// "Access denied": `WSAEACCES` (10013).
    Denied,
}

use BindAnswer::{Denied, Granted, InUse};

/// The result of Windows for the second of two sockets of one user. A row for the first, a column for
/// the second, both in the order of [`place`]. Sockets with two different addresses never meet.
const WINDOWS: [[BindAnswer; 6]; 6] = [
    [InUse, Granted, Denied, Granted, InUse, Granted],
    [Granted, InUse, Granted, Denied, InUse, InUse],
    [InUse, Granted, Granted, Granted, InUse, Granted],
    [Granted, InUse, Granted, Granted, InUse, InUse],
    [InUse, Denied, Denied, Denied, InUse, Denied],
    [Granted, InUse, Granted, Denied, InUse, InUse],
];

impl Sharing {
    /// What the system sees of it in the call that binds.
    fn when_asking(self) -> Self {
        if self == Self::ReuseAfterBind { Self::Default } else { self }
    }

    /// What it sees when another socket asks later. Until the option is set that is the stricter one.
    fn once_bound(self) -> Self {
        if self == Self::ReuseAfterBind { Self::Reuse } else { self }
    }
}

/// Where a way of asking stands in the table of Windows.
fn place(sharing: Sharing, every: bool) -> usize {
    let pair = match sharing {
        Sharing::Default | Sharing::ReusePort | Sharing::ReuseAfterBind => 0,
        Sharing::Reuse => 2,
        Sharing::Exclusive => 4,
    };
    pair + usize::from(!every)
}

impl BindRules {
    /// The ways in which a program can ask for an address here.
    pub fn ways(self) -> &'static [Sharing] {
        match self {
            Self::Linux => {
                &[Sharing::Default, Sharing::Reuse, Sharing::ReusePort, Sharing::ReuseAfterBind]
            }
            Self::MacOs => &[Sharing::Default, Sharing::Reuse, Sharing::ReusePort],
            Self::Windows => &[Sharing::Default, Sharing::Reuse, Sharing::Exclusive],
        }
    }

    /// Whether a program can listen over a socket of ours that is bound with
    /// [`ReuseAfterBind`](Sharing::ReuseAfterBind) and does not listen.
    pub fn lets_listen_over_a_bound_socket(self) -> bool {
        self == Self::Linux
    }

    /// The result for `second` when it asks for its address while `first` has its own.
    pub fn bind(self, first: &Bound, second: &Bound) -> BindAnswer {
        let first = Bound { sharing: first.sharing.once_bound(), ..*first };
        let second = Bound { sharing: second.sharing.when_asking(), ..*second };
        let answers = meetings(&first, &second)
            .map(|(held, wanted)| self.in_one_family(&first, held, &second, wanted));
        answers.into_iter().find(|answer| *answer != Granted).unwrap_or(Granted)
    }

    /// The result for `second`, which is bound, when it calls listen while `first` listens.
    pub fn listen(self, first: &Bound, second: &Bound) -> BindAnswer {
        let meet = meetings(first, second)
            .any(|(held, wanted)| held == wanted || held.is_none() || wanted.is_none());
        match self {
            Self::Linux if first.listens && meet && !share_the_port(first, second) => InUse,
            _ => Granted,
        }
    }

    /// The same where only one family counts. An address is `None` if it is all of them.
    fn in_one_family(
        self,
        first: &Bound,
        held: Option<IpAddr>,
        second: &Bound,
        wanted: Option<IpAddr>,
    ) -> BindAnswer {
        let is_same = held == wanted;
        let meet = is_same || held.is_none() || wanted.is_none();
        match self {
            _ if !meet => Granted,
            Self::Linux if share_the_port(first, second) => Granted,
            Self::Linux => {
                let both_reuse = [first, second].map(|s| s.sharing == Sharing::Reuse) == [true; 2];
                if both_reuse && !first.listens { Granted } else { InUse }
            }
            Self::Windows => {
                let is_default_everywhere = held.is_none() && first.sharing == Sharing::Default;
                if first.user != second.user && is_default_everywhere && wanted.is_some() {
                    return Denied;
                }
                let row = WINDOWS[place(first.sharing, held.is_none())];
                row[place(second.sharing, wanted.is_none())]
            }
            Self::MacOs => {
                let looks_for_every_clash = second.sharing == Sharing::Default;
                let counts = is_same || looks_for_every_clash || first.user != second.user;
                if counts && !share_the_port(first, second) { InUse } else { Granted }
            }
        }
    }
}

/// Whether both sockets want to share the connections, and may: they are of one user.
fn share_the_port(first: &Bound, second: &Bound) -> bool {
    let share = [first, second].map(|socket| socket.sharing == Sharing::ReusePort);
    share == [true; 2] && first.user == second.user
}

/// The families in which both sockets are, with the address of each there; `None` is all of them.
fn meetings(
    first: &Bound,
    second: &Bound,
) -> impl Iterator<Item = (Option<IpAddr>, Option<IpAddr>)> + use<> {
    let (first, second) = (*first, *second);
    [true, false]
        .into_iter()
        .filter_map(move |v4| Some((first.in_family(v4)?, second.in_family(v4)?)))
}

impl Bound {
    /// The address that the socket has in a family; `Some(None)` is all of them.
    fn in_family(&self, v4: bool) -> Option<Option<IpAddr>> {
        let ip = self.ip.to_canonical();
        let every = ip.is_unspecified();
        let is_there = ip.is_ipv4() == v4 || (every && self.dual);
        is_there.then_some((!every).then_some(ip))
    }

    /// How surely a connection to `ip` is this socket's: the closest listener has it. `None` if it
    /// does not listen there.
    pub fn specificity(&self, ip: IpAddr) -> Option<u8> {
        let held = self.in_family(ip.is_ipv4()).filter(|_| self.listens)?;
        match held {
            Some(held) => (held == ip).then_some(2),
            None => Some(u8::from(self.ip.is_ipv4() == ip.is_ipv4())),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn bound(sharing: Sharing, ip: &str) -> Bound {
        let ip = ip.parse().expect("an address");
        Bound { ip, dual: false, sharing, listens: true, user: 1000 }
    }

    const WAYS: [Sharing; 3] = [Sharing::Default, Sharing::Reuse, Sharing::Exclusive];

    /// The table as the documentation prints it, so that a reader can hold the two side by side.
    #[test]
    fn windows_answers_as_documented() {
        let printed = "
            INUSE  ok     ACCESS ok     INUSE ok
            ok     INUSE  ok     ACCESS INUSE INUSE
            INUSE  ok     ok     ok     INUSE ok
            ok     INUSE  ok     ok     INUSE INUSE
            INUSE  ACCESS ACCESS ACCESS INUSE ACCESS
            ok     INUSE  ok     ACCESS INUSE INUSE";
        let sockets =
            || WAYS.into_iter().flat_map(|way| ["0.0.0.0", "127.0.0.1"].map(|ip| bound(way, ip)));
        let pairs = sockets().flat_map(|first| sockets().map(move |second| (first, second)));
        for ((first, second), word) in pairs.zip(printed.split_whitespace()) {
            let answer = match BindRules::Windows.bind(&first, &second) {
                Granted => "ok",
                InUse => "INUSE",
                Denied => "ACCESS",
            };
            assert_eq!(answer, word, "{first:?}, then {second:?}");
        }
    }

    #[test]
    fn on_windows_an_exclusive_wildcard_is_refused_beside_any_socket_and_nothing_else_is() {
        let refused = |second: &Bound| {
            let firsts = WAYS
                .into_iter()
                .flat_map(|way| ["0.0.0.0", "127.0.0.1", "192.0.2.1"].map(|ip| bound(way, ip)));
            firsts.into_iter().all(|first| BindRules::Windows.bind(&first, second) != Granted)
        };
        for (way, ip) in WAYS.into_iter().flat_map(|way| [(way, "0.0.0.0"), (way, "127.0.0.1")]) {
            let is_the_probe = way == Sharing::Exclusive && ip == "0.0.0.0";
            assert_eq!(refused(&bound(way, ip)), is_the_probe, "{way:?} {ip}");
        }
    }

    #[test]
    fn on_windows_the_wildcard_of_another_user_keeps_every_socket_out() {
        let first = Bound { user: 1001, ..bound(Sharing::Default, "0.0.0.0") };
        for way in WAYS {
            assert_eq!(BindRules::Windows.bind(&first, &bound(way, "127.0.0.1")), Denied);
        }
    }

    #[test]
    fn on_macos_reuse_finds_only_its_own_address_and_strangers() {
        let everywhere = bound(Sharing::Reuse, "0.0.0.0");
        let here = |way| bound(way, "127.0.0.1");
        let rules = BindRules::MacOs;
        assert_eq!(rules.bind(&everywhere, &here(Sharing::Reuse)), Granted);
        assert_eq!(rules.bind(&everywhere, &here(Sharing::Default)), InUse);
        assert_eq!(rules.bind(&here(Sharing::Reuse), &here(Sharing::Reuse)), InUse);
        let theirs = Bound { user: 1001, ..everywhere };
        assert_eq!(rules.bind(&theirs, &here(Sharing::Reuse)), InUse);
    }

    #[test]
    fn on_linux_only_those_share_who_all_ask_to_and_are_one_user() {
        let rules = BindRules::Linux;
        let first = bound(Sharing::ReusePort, "127.0.0.1");
        assert_eq!(rules.bind(&first, &first), Granted);
        assert_eq!(rules.bind(&first, &Bound { user: 1001, ..first }), InUse);
        assert_eq!(rules.bind(&first, &bound(Sharing::Reuse, "127.0.0.1")), InUse);
        let second = bound(Sharing::Reuse, "0.0.0.0");
        let merely_bound = Bound { listens: false, ..bound(Sharing::Reuse, "127.0.0.1") };
        assert_eq!(rules.bind(&merely_bound, &second), Granted);
        assert_eq!(rules.listen(&bound(Sharing::Reuse, "127.0.0.1"), &second), InUse);
    }

    #[test]
    fn on_linux_an_option_that_is_set_late_asks_for_the_port_alone_and_lets_in_who_asks_with_it() {
        let rules = BindRules::Linux;
        let here = |sharing| Bound { listens: false, ..bound(sharing, "127.0.0.1") };
        let reserved = here(Sharing::ReuseAfterBind);
        for &way in rules.ways() {
            assert_eq!(rules.bind(&here(way), &reserved), InUse, "{way:?}");
            let answer = if way == Sharing::Reuse { Granted } else { InUse };
            assert_eq!(rules.bind(&reserved, &here(way)), answer, "{way:?}");
        }
        assert_eq!(rules.listen(&reserved, &here(Sharing::Reuse)), Granted);
    }

    #[test]
    fn a_socket_for_both_families_is_met_in_both() {
        let dual = Bound { dual: true, ..bound(Sharing::Default, "::") };
        let here = bound(Sharing::Default, "127.0.0.1");
        assert_eq!(BindRules::Linux.bind(&dual, &here), InUse);
        let v6_alone = Bound { dual: false, ..dual };
        assert_eq!(BindRules::Linux.bind(&v6_alone, &here), Granted);
        assert_eq!((dual.specificity(here.ip), v6_alone.specificity(here.ip)), (Some(0), None));
    }
}
