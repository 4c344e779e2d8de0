//! What holds for every system, told once. The programs of this system are put to it by the tests of
//! `it`, those of Windows by the tests of `windows`, each with a `home` of theirs.

mod alone;
mod asked;
mod choosing;
pub(crate) mod command;
mod instance;
pub(crate) mod life;
pub(crate) mod load;
mod memory;
mod precedence;
mod race;
mod restart;
mod settings;
