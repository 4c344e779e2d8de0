//! The sitter: a process of ours between the launcher and a program.
//!
//! ```text
//! launcher ──orders──►  sitter  ──starts──► main ──► … (the tree)
//!          ◄─reports──     ▲  ◄──output──────┘
//!          ◄──output───────┴─► the output log
//! ```
//!
//! It has one thread and waits on the launcher's pipe, on what the program writes, and on the end of its
//! children, without polling. What a program starts becomes the sitter's child at the latest when its parents
//! are gone, so that nothing of the *tree* is lost. It always reads what the program writes: a launcher that is
//! stopped, or a terminal that is held, stops no program. When it is asked to, or the launcher is gone, it ends
//! the tree: the stop signal first, then after a while SIGKILL for everything that is left.
//!
//! Each module uses only modules that are declared below it.

mod run;

mod relay;
mod termination;

pub mod messages;

pub use self::run::{run, sit};

/// The first argument of a launcher that is to be a sitter. The file of the output, and the program's command, follow.
pub const ARGUMENT: &str = "--sit";
