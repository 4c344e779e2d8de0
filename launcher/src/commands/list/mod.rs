//! `launcher list`: every app of this user, running or not, and what else listens on this computer.
//!
//! It joins the settings, the memory, the locks and what is in `run/`. Launchers are asked on their control sockets, at the
//! same time and each for a second at most, so that one that is stopped does not hold up the rest. No server is asked.

mod table;

mod listeners;
mod row;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Mutex, PoisonError},
    thread,
};

use shared::{app::AppName, exit::Exit, message, paths::Folders};

use self::row::{AppRow, LastLaunch};
use crate::{args::ListArgs, options::CommandContext, render::line};

/// How many apps are asked at the same time.
const WORKERS: usize = 64;

/// Prints the apps.
pub(super) fn list(context: &CommandContext, args: &ListArgs) -> Exit {
    let apps = match &args.of.app {
        Some(app) => BTreeSet::from([app.clone()]),
        None => apps(&context.folders),
    };
    let rows = rows(context, apps);
    let others = args.all.then(|| {
        let ours: BTreeSet<_> = rows.iter().filter_map(AppRow::running_port).collect();
        listeners::others(&ours)
    });
    if args.of.json {
        rows.iter().for_each(|row| line(row.to_json()));
    } else if rows.is_empty() {
        line(message!("list.none"));
    } else {
        line(table::apps(&rows));
    }
    match others {
        None => Exit::Done,
        Some(Ok(others)) => {
            match args.of.json {
                true => others.iter().for_each(|other| line(other.to_json())),
                false => line(table::listeners(&others)),
            }
            Exit::Done
        }
        Some(Err(error)) => super::running::refused(
            &message!("list.no_listeners", error),
            &message!("doctor.now_proc"),
        ),
    }
}

/// Every app that has settings, a memory or a discovery file.
fn apps(folders: &Folders) -> BTreeSet<AppName> {
    let any = AppName::default();
    let settings = folders.settings(&any);
    let entries = |folder: Option<&std::path::Path>| {
        let read = folder.and_then(|folder| fs::read_dir(folder).ok());
        read.into_iter().flatten().flatten()
    };
    let with_ending = |entry: fs::DirEntry, ending: &str| {
        entry.file_name().to_str()?.strip_suffix(ending)?.parse::<AppName>().ok()
    };
    let configured = entries(settings.parent()).filter_map(|entry| with_ending(entry, ".toml"));
    let published = entries(Some(folders.run())).filter_map(|entry| with_ending(entry, ".json"));
    let remembered = entries(Some(folders.state())).filter_map(|entry| {
        let app = entry.file_name().to_str()?.parse::<AppName>().ok()?;
        let files = [folders.assignment(&app), folders.app_folder(&app), folders.lock(&app)];
        files.iter().any(|file| file.exists()).then_some(app)
    });
    configured.chain(published).chain(remembered).collect()
}

/// What is known of each app.
fn rows(context: &CommandContext, apps: BTreeSet<AppName>) -> Vec<AppRow> {
    let workers = apps.len().min(WORKERS);
    let (waiting, found) = (Mutex::new(apps.into_iter()), Mutex::new(BTreeMap::new()));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(app) = next() {
            let row = AppRow::look(&CommandContext { app: app.clone(), ..context.clone() });
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(app, row);
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            // With fewer threads than wanted it takes longer.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut rows: Vec<_> = found.into_values().collect();
    let mut recorded = LastLaunch::read(&context.folders);
    for row in &mut rows {
        row.add(recorded.remove(&row.app));
    }
    rows
}
