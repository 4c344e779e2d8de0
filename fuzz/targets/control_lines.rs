//! Control lines, in both directions: any bytes are heard as messages or named as none, no message is
//! changed by being passed on, and the reader comes to an end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::control::{LineError, MAX_LINE, ToLauncher, ToServer, hear, say};

fuzz_target!(|bytes: &[u8]| {
    hear_all::<ToServer>(bytes);
    hear_all::<ToLauncher>(bytes);
});

fn hear_all<T>(bytes: &[u8])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut rest = bytes;
    loop {
        let before = rest.len();
        match hear::<T>(&mut rest) {
            Ok(None) => return assert!(rest.is_empty(), "an end before the end"),
            Ok(Some(message)) => {
                let mut line = Vec::new();
                say(&mut line, &message).expect("a Vec takes everything");
                let again = hear::<T>(&mut line.as_slice()).expect("what was said can be heard");
                assert_eq!(again, Some(message));
            }
            Err(LineError::NotAMessage { line, .. }) => assert!(!line.contains(char::is_control)),
            Err(LineError::TooLong) => return assert!(before as u64 >= MAX_LINE),
            Err(LineError::Read(error)) => panic!("memory cannot fail: {error}"),
        }
        assert!(rest.len() < before, "no progress");
    }
}
