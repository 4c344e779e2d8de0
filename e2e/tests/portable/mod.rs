//! What holds for every system, written once. `tests/portable` runs these tests with the programs
//! of this system and `tests/windows` with those of Windows; each defines `crate::home`.

mod server_alone;
mod requests;
mod choosing;
mod instance;
mod life;
pub(crate) mod load;
mod memory;
mod precedence;
mod race;
mod restart;
mod settings;
