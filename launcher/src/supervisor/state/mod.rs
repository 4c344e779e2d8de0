//! The decisions of supervision, as a pure function; see the drawing in [`supervisor`](super).
//!
//! Each module uses only modules that are declared below it.

mod step;

mod replacing;
mod succession;

mod model;

mod draining;
mod operation;

mod effect;

mod input;
mod outcome;
mod phase;
mod server_end;

#[cfg(test)]
mod test;

pub use self::{
    effect::{Effect, Reply},
    input::{Input, RequestTicket, Requester, ServerEvent},
    model::State,
    outcome::LaunchOutcome,
    phase::Phase,
    step::step,
};
