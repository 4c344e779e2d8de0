//! ChromeDriver, which controls a browser: its process and its address.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
};

use crate::wait_until;

/// Starts a driver on a port that the system gives, and returns that.
pub(crate) fn start() -> (Child, u16) {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it is there");
    let mut said = BufReader::new(child.stdout.take().expect("piped"));
    let mut port = None;
    wait_until("the driver says where it is", || {
        let mut line = String::new();
        let is_over = said.read_line(&mut line).expect("text") == 0;
        let number = line
            .split_once("successfully on port ")
            .map(|(_, rest)| rest.trim().trim_end_matches('.'));
        port = number.and_then(|number| number.parse().ok());
        assert!(!is_over, "the driver ended");
        port.is_some()
    });
    // What it says later is of no use, and must not fill the pipe.
    thread::spawn(move || said.read_to_end(&mut Vec::new()));
    (child, port.expect("found"))
}
