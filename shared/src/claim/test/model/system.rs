//! A system that is nothing but its bind table.

use std::{
    cell::{Cell, RefCell},
    io,
    net::{IpAddr, SocketAddr},
    rc::Rc,
};

use crate::{
    claim::{LOOPBACKS, carry_out::Network},
    os::bind_table::{BindAnswer, BindRules, Bound, Sharing},
};

pub(super) const US: u32 = 1000;
pub(super) const PORT: u16 = 3030;

/// Another program that wants the port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stranger {
    pub(super) socket: Bound,
    /// After how many of our attempts the stranger binds it.
    pub(super) comes_after: usize,
    /// Whether the stranger listens at once, or when our claim is over.
    pub(super) listens_at_once: bool,
}

/// The sockets at the port; `true` marks ours.
type Sockets = Rc<RefCell<Vec<(usize, bool, Bound)>>>;

pub(super) struct Modelled {
    rules: BindRules,
    sockets: Sockets,
    stranger: Stranger,
    has_probes: bool,
    questions: Cell<usize>,
    opened: Cell<usize>,
    /// The stranger's socket; `None` before it is bound.
    his: Cell<Option<usize>>,
    /// What is left of the connections of the last run, which had the option from its listener.
    remains: Vec<Bound>,
}

/// A socket of ours, closed when it is dropped.
pub(super) struct Ours {
    id: usize,
    sockets: Sockets,
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.sockets.borrow_mut().retain(|(id, ..)| *id != self.id);
    }
}

impl Modelled {
    /// A system without probes answers them as if no program were there.
    pub(super) fn new(rules: BindRules, stranger: Stranger, has_probes: bool) -> Self {
        Self {
            rules,
            sockets: Sockets::default(),
            stranger,
            has_probes,
            questions: Cell::new(0),
            opened: Cell::new(0),
            his: Cell::new(None),
            remains: Vec::new(),
        }
    }

    /// The same system after a run on our addresses that has left connections in `TIME_WAIT`.
    pub(super) fn after_a_run(mut self) -> Self {
        let remains = |ip| Bound {
            ip,
            dual: false,
            sharing: Sharing::ReuseAfterBind,
            listens: false,
            user: US,
        };
        self.remains = LOOPBACKS.map(remains).to_vec();
        self
    }

    /// Lets the stranger bind and listen, if it has not yet. Returns whether it binds only now.
    pub(super) fn it_is_over(&self) -> bool {
        let is_late = self.questions.get() <= self.stranger.comes_after;
        if is_late {
            self.questions.set(self.stranger.comes_after);
            self.next_question();
        }
        if let Some(his) = self.his.get() {
            let _ = self.let_listen(his);
        }
        is_late
    }

    /// Whether a connection to `ip` could reach the stranger without our sockets.
    pub(super) fn is_reached(&self, ip: IpAddr) -> bool {
        self.closest(ip, false).is_some()
    }

    /// Whether a connection to `ip` may become the stranger's.
    pub(super) fn is_shared(&self, ip: IpAddr) -> bool {
        let (ours, his) = (self.closest(ip, true), self.closest(ip, false));
        his.is_some() && his >= ours
    }

    /// Whether the stranger has a socket, listening or not, where it meets one of our addresses.
    pub(super) fn is_bound_beside_us(&self) -> bool {
        let sockets = self.sockets.borrow();
        let mut his = sockets.iter().filter(|(_, is_ours, _)| !is_ours);
        his.any(|(.., socket)| LOOPBACKS.iter().any(|&ip| self.meets(socket, ip)))
    }

    /// Whether two sockets, neither of which shares, could not both have the port.
    fn meets(&self, socket: &Bound, ip: IpAddr) -> bool {
        let wanted = Bound { ip, dual: false, sharing: Sharing::Default, listens: false, user: US };
        self.rules.bind(socket, &wanted) != BindAnswer::Granted
    }

    fn closest(&self, ip: IpAddr, ours: bool) -> Option<u8> {
        let sockets = self.sockets.borrow();
        let asked = sockets.iter().filter(|(_, is_ours, _)| *is_ours == ours);
        asked.filter_map(|(.., socket)| socket.specificity(ip)).max()
    }

    fn next_question(&self) {
        let question = self.questions.replace(self.questions.get() + 1);
        if question == self.stranger.comes_after {
            self.his.set(self.let_bind(false, self.stranger.socket).ok());
            if let Some(his) = self.his.get().filter(|_| self.stranger.listens_at_once) {
                let _ = self.let_listen(his);
            }
        }
    }

    fn let_bind(&self, is_ours: bool, socket: Bound) -> io::Result<usize> {
        let mut sockets = self.sockets.borrow_mut();
        let firsts = sockets.iter().map(|(.., first)| first).chain(&self.remains);
        granted(firsts.map(|first| self.rules.bind(first, &socket)))?;
        let id = self.opened.replace(self.opened.get() + 1);
        sockets.push((id, is_ours, socket));
        Ok(id)
    }

    fn let_listen(&self, id: usize) -> io::Result<()> {
        let mut sockets = self.sockets.borrow_mut();
        let at = sockets.iter().position(|(other, ..)| *other == id).expect("bound before");
        let socket = sockets[at].2;
        let others = sockets.iter().filter(|(other, ..)| *other != id);
        granted(others.map(|(.., first)| self.rules.listen(first, &socket)))?;
        sockets[at].2.listens = true;
        Ok(())
    }
}

fn granted(answers: impl IntoIterator<Item = BindAnswer>) -> io::Result<()> {
    answers.into_iter().try_for_each(|answer| match answer {
        BindAnswer::Granted => Ok(()),
        BindAnswer::InUse => Err(io::ErrorKind::AddrInUse.into()),
        BindAnswer::Denied => Err(io::ErrorKind::PermissionDenied.into()),
    })
}

impl Network for Modelled {
    type Socket = Ours;

    fn rules(&self) -> BindRules {
        self.rules
    }

    fn bind(&self, address: SocketAddr, sharing: Sharing) -> io::Result<(Ours, SocketAddr)> {
        self.next_question();
        let socket = Bound { ip: address.ip(), dual: false, sharing, listens: false, user: US };
        let is_left_out = !self.has_probes && socket.ip.is_unspecified();
        let id = if is_left_out { usize::MAX } else { self.let_bind(true, socket)? };
        Ok((Ours { id, sockets: Rc::clone(&self.sockets) }, address))
    }

    fn listen(&self, socket: &Ours) -> io::Result<()> {
        self.next_question();
        self.let_listen(socket.id)
    }

    fn has_connections_alone(&self, address: SocketAddr, own: &Ours) -> bool {
        self.next_question();
        let meets = |socket: &Bound| self.meets(socket, address.ip());
        let sockets = self.sockets.borrow();
        let others = sockets.iter().filter(|(id, ..)| *id != own.id);
        self.remains.iter().any(meets) && !others.into_iter().any(|(.., other)| meets(other))
    }

    fn is_silent(&self, address: SocketAddr) -> bool {
        self.closest(address.ip(), false).is_none()
    }
}
