//! The packages, as those meet them who install them: put where nothing else is, started, used, and
//! removed again.

#![cfg(target_os = "linux")]

mod debian;
mod desktop;
mod reproducible;
mod windows;
