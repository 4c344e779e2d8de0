//! Launchers and servers as a person meets them. Each module is one side of them; a test that
//! belongs to a row of the test matrix or to an invariant says so.

#![cfg(target_os = "linux")]

mod records;
