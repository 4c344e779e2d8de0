//! The console in a real browser: what a person sees, and what each action does.
//!
//! Pictures of it are kept under `target/screenshots`.

#![cfg(target_os = "linux")]

mod forms;
mod keyboard;
mod life;
mod looks;
mod moved;
mod notes;
mod sample_history;
mod session;
