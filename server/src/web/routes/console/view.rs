//! The data that the console shows.

use jiff::Timestamp;
use shared::{
    app::AppName,
    event::MoveReason,
    history::{ConflictSource, Filter, Reader, moment},
    launch::LaunchInfo,
    messages,
    port::Port,
    settings::Settings,
};

use crate::web::{
    app_state::AppState,
    launch_history::{LastMove, LaunchHistory, RefusedPort},
    storage::{AppFiles, Storage},
};

/// The time from which conflicts are counted.
const SINCE: &str = "30d";

/// The data of one page.
pub(super) struct View {
    pub(super) launch: LaunchInfo,
    pub(super) started_at: Timestamp,
    /// The port of the settings.
    pub(super) home_port: Option<Port>,
    /// The last good port now, which may be that of this launch.
    pub(super) last_good: Option<Port>,
    /// The last move, or the conflict that kept the first launch from its home port.
    pub(super) moved: Option<LastMove>,
    /// Whether the old port has been released since.
    pub(super) is_freed: bool,
    /// The holders of ports that could not be claimed, the most frequent first.
    pub(super) holders: Vec<ConflictSource>,
    /// The settings, or what is wrong with them.
    pub(super) settings: Result<Settings, String>,
    pub(super) settings_file: String,
}

impl View {
    /// Reads the data. It waits for the disk, so it must run on a thread that may block.
    pub(super) fn read(state: &AppState) -> Self {
        let AppState { launch, storage, .. } = state;
        let Storage { files, home_port, last_good, launch_history } = storage;
        let settings_file = files.as_ref().map(|files| files.folders.settings(&launch.app));
        let settings = settings_file.as_ref().map_or_else(
            || Ok(Settings::default()),
            |file| Settings::load(file).map_err(|error| error.to_string()),
        );
        let settings_file = settings_file.map(|file| file.display().to_string());
        let home_port = home_port.now();
        let moved = launch_history
            .moved()
            .or_else(|| away_from_home(launch.port, launch_history, home_port?));
        let holders = files.as_ref().map(|files| holders(files, &launch.app));
        Self {
            launch: launch.clone(),
            started_at: state.serving.started_at,
            home_port,
            last_good: last_good.now(),
            is_freed: moved.as_ref().is_some_and(|moved| launch_history.is_freed(moved.from)),
            moved,
            holders: holders.unwrap_or_default(),
            settings,
            settings_file: settings_file.unwrap_or_default(),
        }
    }
}

/// The first launch has no earlier port, but a conflict may have kept it from its home port.
fn away_from_home(to: Port, launch_history: &LaunchHistory, home: Port) -> Option<LastMove> {
    let RefusedPort { ts, port: from, class, holder } =
        launch_history.refused(home).filter(|_| to != home)?;
    let why = MoveReason::Conflict;
    Some(LastMove { from, to, why, ts, class: Some(class), holder })
}

/// The holders of the last 30 days; none if the history cannot be read, which the timeline shows.
fn holders(files: &AppFiles, app: &AppName) -> Vec<ConflictSource> {
    let since = moment(SINCE, &messages::now_here()).ok();
    let filter = Filter { app: Some(app.clone()), since, ..Filter::default() };
    Reader::of_history(&files.folders.history())
        .conflicts(&filter)
        .map_or_else(|_| Vec::new(), |found| found.holders)
}
