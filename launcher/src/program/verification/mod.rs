//! The verification of a program: from its start to the end of its main process, one pure function of what
//! is reported. It decides whether the program is ready, where it listens and whether a stranger has its
//! port, and has no effects.
//!
//! ```text
//!                   listens               passes               seen again
//!   (begin) ─► Starting ─────► Probing ──────────► Confirming ────────────► Serving
//!               │  ▲            │   ▲                                        │   ▲
//!               │  │      fails │   │ 100 ms later              listens no   │   │ listens
//!               │  │            ▼   │                           longer       ▼   │ again
//!               │  │           Retrying                                     Waiting
//!               │  │
//!               │  └─── listens no longer: from Probing, Retrying, Confirming, Awaiting
//!               │
//!               │ listens, and is asked for its word (`log`, `notify`)
//!               ├──────────────────────────────────► Awaiting ──────────────► Serving
//!               └───────────────────────────────────── has said so before ──► Serving
//! ```
//!
//! A program that asks for no connection goes from Awaiting to Serving as soon as it has said that it is
//! ready and is seen to listen afterwards. At each phase, what ends the verification or may end it:
//!
//! ```text
//!   a stranger has 127.0.0.1 ───────────────────────────────────────────► lost race       ─┐
//!   1.5 s on other ports alone, not ready ─► a stranger is on the port ─► lost race        │
//!                                       └──► none is ───────────────────► elsewhere        │
//!   listens no longer, and a stranger has an address that it had ───────► lost race        │
//!   not ready in time ──────────────────────────────────────────────────► failed           │
//!   listens beyond loopback, and that is refused ───────────────────────► failed           ├► Ended
//!   main ends, was ready, with a failure or alone ──────────────────────► main ended       │
//!   main ends else ─► Exited ─┬─ seen: no process of the tree listens                      │
//!                             │    was ready ───────────────────────────► main ended       │
//!                             │    said address in use, stranger there ─► lost race        │
//!                             │    said address in use, none there ─────► drop reservation │
//!                             │    else ────────────────────────────────► failed          ─┘
//!                             └─ seen: one does, and main exited with 0 ─► this one is main: as from
//!                                Starting, or Serving and Waiting as before
//! ```
//!
//! Main may exit with 0 before the process that it leaves begins to listen, so in Exited this one has the
//! rest of the time of a start, as long as the tree is not empty.
//!
//! *To listen* is to have `127.0.0.1` or `::1` on the port, by a socket of the tree, or by one that listens
//! in the program's place. Of several sockets that cover an address the most specific one has it. What
//! needs a look is decided by one that began after the event it is to explain; looks that come late change
//! nothing.
//!
//! `rules` is what the launch wants, `input` what is reported, `effect` what is to be done. `view` judges
//! an observation by the rules, `observed` decides on it, `step` on everything else. `address_in_use`
//! reads the output of a program that exited.
//!
//! Each module uses only modules that are declared below it.

mod step;

mod observed;

mod model;

mod phase;

mod cover;
mod view;

mod effect;

mod input;
mod rules;

mod address_in_use;
mod loopback;

#[cfg(test)]
mod test;

pub use self::{
    address_in_use::says_address_in_use,
    effect::{
        ListenerOwnership, ProgramFailure, VerificationEffect, VerificationEnd, VerifiedListeners,
    },
    input::{MainExit, ProcessEnd, VerificationInput},
    loopback::Loopback,
    model::{Verification, WAITING_TOLD_AFTER},
    phase::{ExitReport, ServingProgram, VerificationPhase},
    rules::{ReadinessProbe, Rules},
    step::step,
};
