//! The adoption, with the secret and the token of a launch: it is passed on unchanged or refused, and what is
//! printed for a developer shows neither.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{
    handover::ToServer,
    wire::{read_message, write_message},
};

/// Everything but the members that are put in.
const BEGINNING: &str = r#"{"say":"adopt","launch_id":"01930000-0000-7000-8000-000000000000","port":17000,"origin":"last_good","last_good":null,"launcher_pid":7"#;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    check(&[BEGINNING.as_bytes(), b",", bytes, b"}\n"].concat());
});

fn check(bytes: &[u8]) {
    let Ok(Some(ToServer::Adopt(adoption))) = read_message(&mut &*bytes) else { return };
    let printed = format!("{adoption:?}");
    let members = serde_json::to_value(&adoption).expect("JSON");
    for name in ["secret", "token"] {
        let Some(text) = members[name].as_str() else { continue };
        assert_eq!(text.len(), 64, "{name}");
        assert!(!printed.contains(text), "{name} is printed");
    }
    let mut line = Vec::new();
    write_message(&mut line, &ToServer::Adopt(adoption.clone())).expect("a Vec takes everything");
    let again: Option<ToServer> = read_message(&mut line.as_slice()).expect("it can be read");
    let Some(ToServer::Adopt(again)) = again else { panic!("it is another message") };
    assert_eq!(again, adoption);
}
