//! Writes many records into the port history of `HOMEPORT_HOME`: `record_writer COUNT`.

use std::{env, path::Path};

use shared::{
    app::AppName,
    event::{Event, Process},
    history::{Author, Writer},
    paths::{Folders, HOME_VARIABLE},
};
use uuid::Uuid;

fn main() {
    let count: usize = env::args().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    let home = env::var_os(HOME_VARIABLE).expect("a test's home");
    let folders = Folders::locate(Some(Path::new(&home)), None).expect("given");
    let app = AppName::default();
    let author = Author { app: &app, process: Process::Launcher, launch_id: Uuid::now_v7() };
    let writer = Writer::new(&folders, &author);
    for number in 0..count {
        // Of every length up to beyond a page, so that no lucky size hides a torn line.
        let to = "x".repeat(number * 37 % 5000);
        let event = Event::SettingsChanged { key: "port".to_owned(), from: None, to: Some(to) };
        writer.record(&event);
    }
}
