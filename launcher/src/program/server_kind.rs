//! Whose server a launch has.

/// Whose server is launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// It is given sockets, and two of it can serve beside each other.
    Own,
    /// It binds its port by itself, so that one has to end before the next can start.
    Program,
}
