//! Writes many lines into the diagnostics of `HOMEPORT_HOME`, as the server does: `log_writer COUNT`.

use std::{env, path::Path};

use shared::{
    app::AppName,
    event::Process,
    history::Author,
    keys,
    logging::{self, Mode},
    paths::{Folders, HOME_VARIABLE},
};
use slog::{Level, info};
use uuid::Uuid;

fn main() {
    let count: u64 = env::args().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    let home = env::var_os(HOME_VARIABLE).expect("a test's home");
    let folders = Folders::locate(Some(Path::new(&home)), None).expect("given");
    let app = AppName::default();
    let author = Author { app: &app, process: Process::Server, launch_id: Uuid::now_v7() };
    let log = logging::open(&folders, &author, "server.jsonl", Level::Info, Mode::Async);
    for number in 0..count {
        info!(log.logger(), "a request was answered"; keys::PATH => "/", keys::BYTES => number);
    }
}
