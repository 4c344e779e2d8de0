//! The application: sockets in, a running server out.
//!
//! [`ApplicationSettings`] and sockets make a [`BoundApplication`], which becomes a
//! [`RunningApplication`] when it is started. The program is built on it, and an actix-web developer can
//! build on it too: our routes are under `/_homeport/`, and all other paths belong to the app.
//!
//! Each module uses only modules declared below it.

mod bound;
mod running;
mod worker_barrier;
mod settings;

pub use self::{
    bound::BoundApplication, running::RunningApplication, settings::ApplicationSettings,
};
