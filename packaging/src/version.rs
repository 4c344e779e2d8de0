//! The version of everything in a package.

/// The workspace's version, such as `0.1.0`.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
