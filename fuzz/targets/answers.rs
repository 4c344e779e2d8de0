//! What another program is, by its own word: the answer to an identity request, and the discovery
//! file that it left.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use shared::{discovery::Discovery, identity::Identity};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(identity) = serde_json::from_slice::<Identity>(bytes) {
        let again = serde_json::to_vec(&identity).expect("JSON");
        assert_eq!(serde_json::from_slice::<Identity>(&again).expect("our own"), identity);
    }
    let run = tempfile::tempdir().expect("a folder");
    let file = run.path().join("server.json");
    fs::write(&file, bytes).expect("written");
    let published = Discovery::published(run.path());
    let Some(found) = Discovery::read(&file) else { return };
    assert_eq!(published, std::slice::from_ref(&found));
    fs::write(&file, serde_json::to_vec(&found).expect("JSON")).expect("written");
    assert_eq!(Discovery::read(&file), Some(found));
});
