//! The running instance of an app, as a second start and every command find it.
//!
//! Each file that leads to it may be lost, be left by a crash, or be planted. So nothing is believed
//! but a proof: a server on a port proves its identity, or a launcher answers on the control socket,
//! which this user alone can make. Files are where to ask: the discovery file, the app's lock, the
//! assignment. Each port is asked once if a stranger answers there.

mod turn;

mod finder;

mod presence;

mod problem;
mod visibility;

pub use self::{
    finder::{AnsweringLauncher, Finder, ask_launcher, ask_launcher_within, try_control_sockets},
    presence::{Presence, RunningInstance},
    problem::{InstanceProblem, now_in_phase, now_silent, program_problem, server_problem, silent},
    turn::{Occupied, Turn, lock_of_ended_app, take_turn},
    visibility::{is_seen, lock_holder},
};
