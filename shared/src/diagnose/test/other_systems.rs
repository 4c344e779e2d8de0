//! What follows from tables such as Windows and macOS have them, and from "access denied".

use super::fake_system::{FakeSystem, US, denied, in_use, name_of};
use crate::{
    claim::ClaimError,
    conflict::{Class, HTTP_SYS},
    diagnose::Finding,
    os::SocketState,
};

#[test]
fn a_table_that_names_a_dead_process_means_a_ghost() {
    let mut system = FakeSystem::default().with("127.0.0.1:3030", SocketState::Listen, US, &[]);
    system.sockets[0].pid = Some(666);
    let finding = system.examine(&in_use());
    assert_eq!(finding, Finding { class: Class::GhostOwner, holder: None });
}

#[test]
fn a_living_child_of_the_dead_process_is_named() {
    let mut system = FakeSystem::default()
        .with("127.0.0.1:3030", SocketState::Listen, US, &[])
        .with_process(7, "worker.exe", "2026-11-22T12:00:00Z", false);
    system.sockets[0].pid = Some(666);
    system.children = vec![(666, 7), (667, 8)];
    let finding = system.examine(&in_use());
    assert_eq!((finding.class, name_of(&finding)), (Class::GhostOwner, Some("worker.exe")));
}

#[test]
fn when_every_address_was_asked_for_the_holder_may_be_on_any_of_them() {
    let system = FakeSystem::default()
        .with("192.0.2.1:3030", SocketState::Listen, US, &[7])
        .with_process(7, "node.exe", "2026-11-22T12:00:00Z", false);
    let finding = system.examine(&ClaimError { anywhere: true, ..in_use() });
    assert_eq!((finding.class, name_of(&finding)), (Class::InUse, Some("node.exe")));
}

#[test]
fn a_port_that_the_system_keeps_for_its_own_programs_has_no_holder() {
    let restricted = |system: FakeSystem| system.examine_port(55555, &in_use()).class;
    assert_eq!(restricted(FakeSystem::default()), Class::Restricted);
    let held = FakeSystem::default().with("127.0.0.1:55555", SocketState::Listen, US, &[]);
    assert_eq!(restricted(held), Class::InUse);
}

#[test]
fn the_kernel_that_listens_for_programs_on_windows_is_named_as_what_it_is() {
    let mut system = FakeSystem::default()
        .with("[::]:3030", SocketState::Listen, US, &[])
        .with_process(4, HTTP_SYS, "2026-11-22T12:00:00Z", false);
    (system.sockets[0].pid, system.sockets[0].uid) = (Some(4), None);
    let finding = system.examine(&denied());
    assert_eq!((finding.class, name_of(&finding)), (Class::InUse, Some(HTTP_SYS)));
}

#[test]
fn a_table_that_does_not_tell_who_listens_leaves_him_unknown() {
    let mut system = FakeSystem::default().with("127.0.0.1:3030", SocketState::Listen, US, &[]);
    system.sockets[0].uid = None;
    let finding = system.examine(&in_use());
    assert_eq!(finding, Finding { class: Class::InUse, holder: None });
}

#[test]
fn permission_denied_is_explained_by_a_listener_a_low_port_an_excluded_range_or_not_at_all() {
    let class = |system: FakeSystem, number| system.examine_port(number, &denied()).class;
    assert_eq!(class(FakeSystem::default(), 80), Class::Privileged);
    assert_eq!(class(FakeSystem::default(), 3030), Class::Excluded);
    assert_eq!(class(FakeSystem::default(), 4000), Class::Unknown);
    let exclusive = FakeSystem::default().with("0.0.0.0:3030", SocketState::Listen, US, &[]);
    assert_eq!(class(exclusive, 3030), Class::InUse);
    let outgoing = FakeSystem::default().with("127.0.0.1:4000", SocketState::Other, US, &[]);
    assert_eq!(class(outgoing, 4000), Class::SourcePort);
}

#[test]
fn a_connection_is_found_also_where_listeners_are_looked_at_first() {
    let mut system = FakeSystem::default()
        .with("0.0.0.0:80", SocketState::Listen, US, &[])
        .with("127.0.0.1:3030", SocketState::Other, US, &[7])
        .with_process(7, "curl.exe", "2026-11-22T12:00:00Z", false);
    system.lists_listeners = true;
    let finding = system.examine(&in_use());
    assert_eq!((finding.class, name_of(&finding)), (Class::SourcePort, Some("curl.exe")));
}
