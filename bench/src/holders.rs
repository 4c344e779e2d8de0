//! Who holds a port, with many processes about, beside `ss` and `lsof`.

use std::{
    io,
    process::{Child, Command, Stdio},
};

use shared::{
    app::AppName,
    claim,
    diagnose::{Depth, Diagnostician},
    identity::Secret,
    paths::Folders,
};

use crate::stats::{Row, row, take_turns};

const PROCESSES: usize = 500;

const ROUNDS: usize = 15;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let _crowd = Crowd::gather()?;
    let held = claim::any().map_err(io::Error::other)?;
    let Err(error) = claim::port(held.port()) else {
        return Err(io::Error::other("a held port was claimed"));
    };
    let home = tempfile::tempdir()?;
    let folders = Folders::locate(Some(home.path()), None).map_err(io::Error::other)?;
    let mut right = true;
    let mut ours = || {
        let mut asked = Diagnostician::new(AppName::default(), &folders, Secret::random());
        let holder = asked.examine(held.port(), &error, Depth::Quick).holder;
        right &= holder.and_then(|holder| holder.pid) == Some(std::process::id());
    };
    let port = held.port();
    let mut ss = || run("ss", &["-Hltnp".to_owned(), format!("sport = :{port}")]);
    let mut lsof = || {
        run("lsof", &["-nP".to_owned(), format!("-iTCP:{port}"), "-sTCP:LISTEN".to_owned()]);
    };
    let [ours, ss, lsof] = take_turns(ROUNDS, [&mut ours, &mut ss, &mut lsof]);
    let what = format!(
        "holder of a port, {PROCESSES} processes, {}",
        if right { "always right" } else { "WRONG" }
    );
    Ok(vec![row(&what, ours, "`ss -ltnp`", ss), row(&what, ours, "`lsof`", lsof)])
}

fn run(tool: &str, arguments: &[String]) {
    // A tool that is missing shows in its time, which is then that of a failed start.
    let _ = Command::new(tool).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Processes that do nothing, ended when this is dropped.
struct Crowd(Vec<Child>);

impl Crowd {
    fn gather() -> io::Result<Self> {
        let sleeper = || Command::new("sleep").arg("600").stdin(Stdio::null()).spawn();
        let mut crowd = Self(Vec::with_capacity(PROCESSES));
        for _ in 0..PROCESSES {
            crowd.0.push(sleeper()?);
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It fails only if the process has ended already.
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}
