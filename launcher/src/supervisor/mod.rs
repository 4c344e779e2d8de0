//! Supervision: from the first start of the server to the end of the launch.
//!
//! ```text
//!              Spawn                 sends ready             proved
//!   (begin) ─────────► Starting ───────────────► Proving ──────────────► Serving
//!                        │  ▲                      │                      │   │
//!        fails, first    │  │ delay over           │ fails                │   │ stop asked
//!        start ──────────┤  │                      │              crashes │   │
//!                        ▼  │                      ▼                      │   ▼
//!                     Ended │◄─── gives up ── Waiting ◄──────────────────-┘  Draining
//!                        ▲  └──────────────────────┘                          │
//!                        └──────── exits, or is killed when time is up ◄──────┘
//! ```
//!
//! A restart or a move, while the current server serves:
//!
//! ```text
//!                  claimed            sends ready, proved
//!   move ─► Claiming ────► Replacing ───────────────────► the replacement is the current server,
//!              │       ┌──►    │                           and the old one is a DrainingServer:
//!   restart ───┼───────┘       │ fails                       redirects (move only) ─► drains ─► gone
//!              ▼ refused       ▼                                     └─ time is up ─► killed ───┘
//!            nothing has changed, and the old server never stopped
//! ```
//!
//! A program binds its port by itself. It ends before its successor starts, and may lose the race for its port:
//!
//! ```text
//!   restart, move ─► Draining ── ends ──► Starting, on the same port or a new one
//!                                            │ fails on a new one: Starting again, on the old one
//!
//!   Starting, Serving ── a stranger has the port ──► Choosing ── chosen ──► Starting
//!                                                       └── no port ──► Ended
//! ```
//!
//! [`state`] decides and has no effects; [`backoff`] decides when to try again; [`driver`] performs
//! what was decided and reports what happened; [`server_process`] is the process with the threads that
//! read its messages. The claim stays with the launcher all the time, so that a client that connects
//! while no server runs waits and is answered by the next.
//!
//! Each module uses only modules that are declared below it.

pub mod driver;

pub mod program_process;
pub mod server_process;

mod server_output;

pub mod event;
mod output_throttle;

pub mod state;

pub mod backoff;
pub mod settings;
