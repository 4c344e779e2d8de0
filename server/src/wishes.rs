//! What a person asks for in the browser, on its way to whoever runs the application.
//!
//! The routes decide whether a wish can be fulfilled and pass it on; the program tells its launcher
//! of it, or ends by itself. An application in another program is asked to do the same.

use shared::{control::ToLauncher, port::Port};

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Another port: this one, or any.
    Move(Option<Port>),
    /// A new server on the same port.
    Restart,
    /// The end.
    Stop,
    /// That changed settings hold.
    Reread,
}

impl From<Wish> for ToLauncher {
    fn from(wish: Wish) -> Self {
        match wish {
            Wish::Move(port) => Self::Move { port },
            Wish::Restart => Self::Restart,
            Wish::Stop => Self::Stop,
            Wish::Reread => Self::Reread,
        }
    }
}
