//! A program that does not belong to us and holds a port that a launch wants.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use crate::{RunContext, WatchedProcess, copy_program, program, wait_for};

/// A process that holds a port until this is dropped; see `src/bin/stranger.rs` for what it can do.
#[derive(Debug)]
pub struct Stranger {
    /// As the process reports it, also where the system chose it.
    pub port: u16,
    /// Who holds it: the process itself, or the child that it left behind.
    pub pid: u32,
    process: Child,
    holder: Option<WatchedProcess>,
    stdin: Option<ChildStdin>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    /// Starts a stranger that listens on `address`, such as `127.0.0.1:0`, and accepts no connection.
    #[track_caller]
    pub fn listening(address: &str) -> Self {
        Self::start(&RunContext::direct(), &["listen", address])
    }

    /// Starts a stranger with the arguments `orders`, in `context`. It holds its port when this returns.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[track_caller]
    pub fn start(context: &RunContext, orders: &[&str]) -> Self {
        Self::start_program(program("stranger"), context, orders)
    }

    /// One that listens on `address` under the name of `copy`, a file that is made.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[track_caller]
    pub fn renamed(copy: &Path, address: &str) -> Self {
        copy_program("stranger", copy);
        Self::start_program(copy, &RunContext::direct(), &["listen", address])
    }

    #[track_caller]
    fn start_program(program: impl AsRef<OsStr>, context: &RunContext, orders: &[&str]) -> Self {
        let mut command = context.command(program);
        command.args(orders).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdout = BufReader::new(process.stdout.take().expect("it was piped"));
        let mut first = String::new();
        stdout.read_line(&mut first).expect("a pipe can be read");
        let mut numbers = first.split_whitespace().map_while(|number| number.parse::<u32>().ok());
        let (Some(port), Some(pid)) = (numbers.next(), numbers.next()) else {
            panic!("a stranger told to {orders:?} could not: {:?}", process.wait());
        };
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        thread::spawn(move || {
            let lines = stdout.lines().map_while(Result::ok);
            lines.for_each(|line| hearing.lock().expect("no panic while locked").push(line));
        });
        let stdin = process.stdin.take();
        let port = u16::try_from(port).expect("a port");
        Self { port, pid, process, holder: WatchedProcess::of(pid), stdin, heard }
    }

    /// The requests that it has received, one a line.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic while locked").clone()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(holder) = self.holder.take() {
            holder.kill();
            let _ = wait_for(|| holder.has_ended().then_some(()));
        }
    }
}
