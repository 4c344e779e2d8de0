//! Lines of diagnostics through the queue of `shared::logging`, beside slog-async.
//!
//! Both sides write the same lines of JSON into a file that is rotated in the same way, and count only
//! when all of them are written. What differs is the way to the file: ours makes the line where it is
//! logged and hands over bytes, slog-async hands over each record, which its thread makes a line of.

use std::{io, num::NonZeroUsize, path::Path};

use rustix::time::{ClockId, clock_gettime};
use shared::{
    app::AppName,
    event::Process,
    history::Author,
    logging::{self, Mode},
    paths::Folders,
};
use slog::{Drain, Level, Logger, info, o};
use slog_async::{Async, OverflowStrategy};
use uuid::Uuid;

use crate::stats::{Row, median, row};

/// What a busy server logs in a fifth of a second. Less than what the queue holds, so no line is
/// dropped.
const LINES: u32 = 20_000;

/// Enough for a median, and a second or two for each side.
const ROUNDS: usize = 15;

/// As many records as slog-async may hold: all of them, as in our queue.
const CHANNEL: NonZeroUsize = NonZeroUsize::new(LINES as usize).expect("more than none");

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    let home = tempfile::tempdir()?;
    let folders = Folders::locate(Some(home.path()), None).map_err(io::Error::other)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(cpu_of(|| batched(&folders)));
        written(&folders)?;
        theirs.push(cpu_of(|| one_by_one(&folders)));
        written(&folders)?;
    }
    let each = |times: Vec<f64>| median(times) / f64::from(LINES);
    Ok(vec![row("CPU for a line of diagnostics", each(ours), "slog-async", each(theirs))])
}

/// Ours: the queue is emptied when the diagnostics are dropped.
fn batched(folders: &Folders) {
    let diagnostics = open(folders, Mode::Async);
    log(diagnostics.logger());
}

/// The same file, behind the thread of slog-async, which waits when its channel is full.
fn one_by_one(folders: &Folders) {
    let diagnostics = open(folders, Mode::Sync);
    let channel = Async::new(diagnostics.logger().clone()).chan_size(CHANNEL.get());
    let drain = channel.overflow_strategy(OverflowStrategy::Block).build();
    log(&Logger::root(drain.fuse(), o!()));
}

fn open(folders: &Folders, mode: Mode) -> logging::Diagnostics {
    let app = AppName::default();
    let author = Author { app: &app, process: Process::Server, launch_id: Uuid::nil() };
    logging::open(folders, &author, FILE, Level::Info, mode)
}

const FILE: &str = "server.jsonl";

/// Lines as long as those of the access log.
fn log(logger: &Logger) {
    for number in 0..LINES {
        info!(logger, "request"; "method" => "GET", "path" => "/_homeport/healthz",
            "status" => 200, "bytes" => number, "peer" => "127.0.0.1:50000");
    }
}

/// The processor time of this process, all threads, in seconds.
fn cpu_of(work: impl FnOnce()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let began = now();
    work();
    now() - began
}

/// Whether every line has arrived; the next round begins with an empty file.
fn written(folders: &Folders) -> io::Result<()> {
    let file: &Path = &folders.logs().join(FILE);
    let lines = memchr::memchr_iter(b'\n', &std::fs::read(file)?).count();
    // The second round on, the `log` crate has a logger already, and a line says so.
    if lines < LINES as usize || lines > LINES as usize + 1 {
        return Err(io::Error::other(format!("{lines} lines of {LINES} were written")));
    }
    std::fs::remove_file(file)
}
