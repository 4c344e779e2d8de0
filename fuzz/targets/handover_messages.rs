//! Hand-over messages, in both directions: any bytes are read as messages or
//! reported as none, no message is
//! changed by being passed on, and the reader comes to an end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{
    handover::{ToLauncher, ToServer},
    wire::{MAX_LINE, MessageError, read_message, write_message},
};

fuzz_target!(|bytes: &[u8]| {
    read_all::<ToServer>(bytes);
    read_all::<ToLauncher>(bytes);
});

fn read_all<T>(bytes: &[u8])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut rest = bytes;
    loop {
        let before = rest.len();
        match read_message::<T>(&mut rest) {
            Ok(None) => return assert!(rest.is_empty(), "an end before the end"),
            Ok(Some(message)) => {
                let mut line = Vec::new();
                write_message(&mut line, &message).expect("a Vec takes everything");
                let again = read_message::<T>(&mut line.as_slice()).expect("what was said can be heard");
                assert_eq!(again, Some(message));
            }
            Err(MessageError::NotAMessage { line, .. }) => assert!(!line.contains(char::is_control)),
            Err(MessageError::TooLong) => return assert!(before as u64 >= MAX_LINE),
            Err(MessageError::Read(error)) => panic!("memory cannot fail: {error}"),
        }
        assert!(rest.len() < before, "no progress");
    }
}
