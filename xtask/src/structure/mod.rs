//! How the sources hang together, read from the sources themselves.
//!
//! In the order of their use: [`floors`] holds each crate to the order of its modules, [`picture`]
//! shows it, and [`names`] holds the public types to the lexicon, all on the [`sources`] of a crate and
//! the [`paths`] that they name. `docs` reads the comments alone.

pub(crate) mod names;

pub(crate) mod picture;

pub(crate) mod floors;

mod sources;

mod paths;

#[cfg(test)]
mod docs;
