//! The port that the app has moved to, to which every request is redirected.

use std::sync::atomic::{AtomicU16, Ordering};

use shared::port::Port;

use crate::web::connections::Connections;

/// Where requests are redirected to, if the app has moved from this port.
#[derive(Debug)]
pub struct RedirectTarget {
    from: Port,
    /// 0 until the app has moved.
    to: AtomicU16,
    connections: Connections,
}

impl RedirectTarget {
    /// No redirect yet, for the app on port `from`. A move drains its `connections`, so that their
    /// clients connect to the new port.
    pub fn new(from: Port, connections: Connections) -> Self {
        Self { from, to: AtomicU16::new(0), connections }
    }

    /// The port that requests are redirected to; `None` until the app has moved.
    pub fn port(&self) -> Option<Port> {
        Port::new(self.to.load(Ordering::Relaxed))
    }

    /// Redirects every request to port `to` from now on. Returns `false`, and changes nothing, if
    /// `to` is the port of this server, because that would be a loop.
    pub fn set(&self, to: Port) -> bool {
        let is_other = to != self.from;
        if is_other {
            self.to.store(to.get(), Ordering::Relaxed);
            self.connections.drain();
        }
        is_other
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn it_leads_nowhere_at_first_and_never_in_a_circle() {
        let port = |number| Port::new(number).expect("not 0");
        let connections = Connections::default();
        let target = RedirectTarget::new(port(17000), connections.clone());
        assert!(!target.set(port(17000)));
        assert!(target.port().is_none() && !connections.are_draining());
        assert!(target.set(port(17001)) && target.set(port(17002)));
        assert_eq!(target.port(), Some(port(17002)));
        assert!(connections.are_draining());
    }
}
