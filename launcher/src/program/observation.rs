//! What is seen of the listeners of a program at one moment.

use std::net::SocketAddr;

/// The listeners that matter to a program: those of its tree, and everyone's on its port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// In the order of their addresses.
    pub listeners: Vec<ObservedListener>,
}

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservedListener {
    /// The address that it is bound to.
    pub address: SocketAddr,
    /// Whose it is.
    pub owner: ListenerOwner,
}

/// Whose a listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListenerOwner {
    /// A process of the program's tree.
    Tree {
        /// The process.
        pid: u32,
        /// How this is known.
        proof: OwnershipProof,
    },
    /// Any other process.
    Stranger {
        /// The process; `None` if it cannot be seen.
        pid: Option<u32>,
        /// Whether it did not listen yet when the program was started.
        is_new: bool,
    },
}

/// How a listener is known to be of the program's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnershipProof {
    /// The process has the socket among its descriptors.
    Descriptor,
    /// The descriptors of a process of the tree cannot be read, and the socket is of that process' user and new.
    User,
}
