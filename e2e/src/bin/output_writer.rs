//! Keeps what comes on stdin as the output of the app `server` of `HOMEPORT_HOME`, as a program's sitter does, and prints
//! how much memory it took at most, in KiB, as Linux counts it: `output_writer < TEXT`.

use std::{
    env, fs,
    io::{self, Read, Write},
    path::Path,
    process,
    time::Instant,
};

use shared::{
    app::AppName,
    paths::{Folders, HOME_VARIABLE},
    program_log::{OutputFormat, OutputStream, ProgramAuthor, ProgramLog, Secrets},
};
use uuid::Uuid;

fn main() {
    let home = env::var_os(HOME_VARIABLE).expect("a test's home");
    let folders = Folders::locate(Some(Path::new(&home)), None).expect("given");
    let (app, launch_id, pid) = (AppName::default(), Uuid::now_v7(), process::id());
    let author = ProgramAuthor { app, launch_id, pid };
    let mut log = ProgramLog::new(&folders, author, OutputFormat::Json, Secrets::default());
    let mut piece = vec![0; 64 << 10];
    loop {
        match io::stdin().read(&mut piece).expect("a stdin") {
            0 => break,
            read => log.write(OutputStream::Stdout, &piece[..read], Instant::now()),
        }
    }
    log.end();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let _ = writeln!(io::stdout(), "{}", peak.trim().trim_end_matches(" kB"));
}
