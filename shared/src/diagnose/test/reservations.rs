//! Ports that are bound and not listened on, with the locks of apps beside them.

use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{PORT, fake_system::FakeSystem, fake_system::US};
use crate::{
    app::AppName,
    app_lock::{self, LockOwner},
    claim::{ClaimError, LOOPBACKS},
    conflict::Class,
    diagnose::{BUDGET, Depth, Diagnostician, Finding},
    identity::Secret,
    os::{self, SocketState, SocketTables, System},
    paths::{self, Folders},
};

/// A process that lives as long as the system, where its number is seen at all.
const FIRST: u32 = 1;

/// What is found on a port that process [`FIRST`] has bound, while it has the lock of an app by what the lock says.
fn found_beside(owner: &LockOwner, app: &str) -> Finding {
    let home = TempDir::new().expect("a folder");
    let folders = Folders::locate(Some(home.path()), None).expect("given");
    let lock = folders.lock(&app.parse().expect("a name"));
    paths::make_parent(&lock).expect("a folder of ours");
    fs::write(&lock, serde_json::to_vec(owner).expect("JSON")).expect("a lock's file");
    let system = FakeSystem::default()
        .with("127.0.0.1:3030", SocketState::Bound, US, &[FIRST])
        .with_process(FIRST, "homeport", "2026-11-22T12:00:00Z", false);
    let (app, secret) = (AppName::default(), Secret::random());
    let error = ClaimError {
        address: (LOOPBACKS[0], PORT.get()).into(),
        other_had: false,
        anywhere: false,
        source: std::io::ErrorKind::AddrInUse.into(),
    };
    Diagnostician::of(Box::new(system), BUDGET, app, &folders, secret).examine(
        PORT,
        &error,
        Depth::Quick,
    )
}

fn owner() -> LockOwner {
    LockOwner {
        schema: app_lock::SCHEMA,
        pid: FIRST,
        started_at: None,
        boot_id: os::boot_id(),
        machine: os::machine_name(),
        control: None,
        port: Some(PORT),
    }
}

#[test]
fn a_port_that_another_app_has_reserved_is_told_by_the_name_of_the_app() {
    if System::default().process(FIRST).is_none() {
        return;
    }
    let finding = found_beside(&owner(), "notes");
    let name = finding.holder.and_then(|holder| holder.name);
    assert_eq!((finding.class, name.as_deref()), (Class::ReservedByApp, Some("homeport of notes")));
    let finding = found_beside(&owner(), AppName::default().as_str());
    assert_eq!(finding.class, Class::OwnInstance);
}

#[test]
fn a_lock_of_another_process_or_of_an_earlier_one_makes_no_reservation() {
    let another = LockOwner { pid: std::process::id(), ..owner() };
    let earlier = LockOwner { started_at: Some(Timestamp::UNIX_EPOCH), ..owner() };
    let of_another_boot = LockOwner { boot_id: Some("another".to_owned()), ..owner() };
    for lock in [another, earlier, of_another_boot] {
        let finding = found_beside(&lock, "notes");
        assert_eq!(finding.class, Class::InUse, "{lock:?}");
        let name = finding.holder.and_then(|holder| holder.name);
        assert_eq!(name.as_deref(), Some("homeport"), "{lock:?}");
    }
}
