//! The programs that are measured, each in a home of its own, ended when it is dropped.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use shared::port::Port;

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that stands beside this one.
pub(crate) fn beside(name: &str) -> io::Result<PathBuf> {
    env::current_exe().map(|own| own.with_file_name(name))
}

/// Without the variables that would make a measurement depend on the user who runs it.
pub(crate) fn clean(command: &mut Command) -> &mut Command {
    let ours = env::vars_os().map(|(name, _)| name);
    for variable in ours.filter(|name| name.to_string_lossy().starts_with("HOMEPORT_")) {
        command.env_remove(variable);
    }
    command
}

/// A running program.
pub(crate) struct StartedProgram {
    child: Child,
    started: Instant,
}

impl StartedProgram {
    /// Starts a program that stands beside this one.
    pub(crate) fn start(name: &str, arguments: &[&str], home: &Path) -> io::Result<Self> {
        let mut command = Command::new(beside(name)?);
        clean(&mut command).args(arguments);
        Self::spawn(command, home)
    }

    pub(crate) fn spawn(mut command: Command, home: &Path) -> io::Result<Self> {
        command.env("HOMEPORT_HOME", home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = Instant::now();
        let child = command.spawn()?;
        Ok(Self { child, started })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the program answers a request on `port`; returns the time since its
    /// start, in seconds.
    pub(crate) fn first_answer(&self, port: Port) -> io::Result<f64> {
        while self.started.elapsed() < PATIENCE {
            if answers(port).is_ok() {
                return Ok(self.started.elapsed().as_secs_f64());
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Waits for the line that says that the server is ready; returns the time since the
    /// start, in seconds.
    pub(crate) fn ready(&mut self) -> io::Result<(f64, Value)> {
        let stdout = self.child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let time = self.started.elapsed().as_secs_f64();
        Ok((time, serde_json::from_str(&line)?))
    }
}

impl Drop for StartedProgram {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            // It fails only if the program has ended already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn answers(port: Port) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port.get()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    if &answer == b"HTTP/1.1 200" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Writes the settings of the app `server` in `home`.
pub(crate) fn settings(home: &Path, text: &str) -> io::Result<()> {
    let folder = home.join("config");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("server.toml"), text)
}
