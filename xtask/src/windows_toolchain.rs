//! Which compiler can make Windows programs here.
//!
//! The ordinary one can, where rustup has the target. Where rustup cannot get it, Debian's newer
//! compiler (package `rustc-web`) can, because Debian ships the matching source of `std`
//! (`rust-web-src`), from which cargo builds it for the target.

use crate::cargo;
use std::path::Path;

/// The target triple of the Windows programs.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// The C compiler of the target, which also links.
pub(crate) const GCC: &str = "x86_64-w64-mingw32-gcc";

/// Debian's compiler.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// The oldest compiler that will do, as `rust-version` in `Cargo.toml`.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A way to build for [`TARGET`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The active toolchain has the target.
    Ordinary,
    /// Debian's compiler and its source of `std`.
    Debian,
}

/// Finds a toolchain, the ordinary one first.
pub(crate) fn find() -> Option<Toolchain> {
    let targets = cargo::answer(cargo::tool("rustup", ["target", "list", "--installed"]));
    if targets.is_some_and(|targets| targets.lines().any(|target| target.trim() == TARGET)) {
        return Some(Toolchain::Ordinary);
    }
    let version = cargo::answer(cargo::tool(DEBIAN_RUSTC, ["--version"]))?;
    let folder = cargo::answer(cargo::tool(DEBIAN_RUSTC, ["--print", "sysroot"]))?;
    let source = Path::new(&folder).join("lib/rustlib/src/rust/library/std");
    (is_recent(&version, OLDEST) && source.is_dir()).then_some(Toolchain::Debian)
}

/// Whether `rustc 1.96.0 (…)` is at least `1.95`.
fn is_recent(told: &str, oldest: &str) -> bool {
    let number = told.strip_prefix("rustc ").and_then(|rest| rest.split(' ').next());
    match (number.and_then(minor), minor(oldest)) {
        (Some(ours), Some(oldest)) => ours >= oldest,
        _ => false,
    }
}

/// Major and minor number of a version.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_recent(
            "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)",
            "1.95"
        ));
        assert!(is_recent("rustc 1.95.0", "1.95"));
        assert!(is_recent("rustc 1.100.0-nightly", "1.95"));
        assert!(!is_recent("rustc 1.63.0 (4b91a6ea7 2022-08-08)", "1.95"));
        assert!(!is_recent("clang 17", "1.95"));
    }
}
