//! The content of an app's lock: whatever a process has left, the lock can be taken, says whose it is, and is
//! empty after its end.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use shared::{
    app::AppName,
    app_lock::{AppLock, LockOutcome, LockOwner, Remains},
    paths::Folders,
};
use tempfile::TempDir;

thread_local! {
    static HOME: TempDir = tempfile::tempdir().expect("a folder");
}

fuzz_target!(|bytes: &[u8]| {
    let folders = HOME.with(|home| Folders::locate(Some(home.path()), None)).expect("given");
    let app = AppName::default();
    let file = folders.lock(&app);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(&file, bytes).expect("written");

    let left: Option<LockOwner> = serde_json::from_slice(bytes).ok();
    if let Some(owner) = &left {
        let again = serde_json::to_vec(owner).expect("JSON");
        assert_eq!(serde_json::from_slice::<LockOwner>(&again).ok().as_ref(), Some(owner));
        let _ = (owner.is_alive(), owner.is_elsewhere());
    }
    assert!(AppLock::holder(&folders, &app).is_none(), "no process holds it");
    let taken = AppLock::try_hold(&folders, &app).expect("it can be taken");
    let LockOutcome::Held(lock) = taken else { panic!("it is held by no one: {taken:?}") };
    let remains = left.map_or(Remains::Nothing, Remains::Owner);
    assert_eq!(lock.remains(), &remains);
    let said: LockOwner = serde_json::from_slice(&fs::read(&file).expect("there")).expect("ours");
    assert_eq!(said.pid, std::process::id());
    drop(lock);
    assert_eq!(fs::read(&file).expect("there"), b"", "it is empty after the end");
});
