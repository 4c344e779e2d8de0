//! Supervision: from the first start of the server to the end of the launch.
//!
//! ```text
//!              Spawn                 says ready              proved
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
//! A person's errand, while the current server serves:
//!
//! ```text
//!                  claimed            says ready, proved
//!   move ─► Claiming ────► Succession ──────────────────► the successor is the current server, and
//!              │       ┌──►    │                           the old one is Retired:
//!   restart ───┼───────┘       │ fails                       redirects (move only) ─► drains ─► gone
//!              ▼ refused       ▼                                     └─ time is up ─► killed ───┘
//!            nothing has changed, and the old server never stopped
//! ```
//!
//! [`state`] decides and touches nothing; [`backoff`] decides when to try again; [`driver`] performs
//! what was decided and reports what happened; [`child`] is the process with the threads that listen
//! to it. The claim stays with the launcher all the time, so that whoever connects while no server is
//! there waits and is answered by the next.

pub mod backoff;
pub mod child;
pub mod driver;
pub mod state;
