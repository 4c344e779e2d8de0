//! What holds for every system, written once. `tests/portable` runs these tests with the programs
//! of this system and `tests/windows` with those of Windows; each defines `crate::home`.

mod choosing;
mod instance;
mod life;
pub(crate) mod load;
mod memory;
mod precedence;
mod race;
mod requests;
mod restart;
mod server_alone;
mod settings;
