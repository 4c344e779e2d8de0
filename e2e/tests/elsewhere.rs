//! What the end-to-end tests come to on other systems than Linux: one line that says so.

#![cfg(not(target_os = "linux"))]

#[test]
#[ignore = "the end-to-end tests stand on Linux: on its namespaces, on /proc, on handles of processes"]
fn launchers_and_servers_are_what_a_person_meets() {}
