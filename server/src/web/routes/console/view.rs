//! What the console shows, gathered before it is put into words.

use jiff::Timestamp;
use shared::{
    app::AppName,
    event::MoveReason,
    history::{ConflictSource, Filter, Reader, moment},
    launch::LaunchInfo,
    port::Port,
    settings::Settings,
};

use crate::web::{
    app_state::AppState,
    launch_history::{LastMove, LaunchHistory, Refused},
    storage::{AppFiles, Storage},
};

/// How far back the holders are looked for.
const SINCE: &str = "30d";

/// Everything that the page is made of.
pub(super) struct View {
    /// The launch.
    pub(super) launch: LaunchInfo,
    /// Since when.
    pub(super) started_at: Timestamp,
    /// The port of the settings.
    pub(super) home_port: Option<Port>,
    /// Why the port is not what it was, or not the home port, if it is not.
    pub(super) moved: Option<LastMove>,
    /// Whether the port that could not be had has become free since.
    pub(super) is_freed: bool,
    /// Who was in the way, most frequent first.
    pub(super) holders: Vec<ConflictSource>,
    /// The settings, or what is wrong with them.
    pub(super) settings: Result<Settings, String>,
    /// The file that they are in.
    pub(super) settings_file: String,
}

impl View {
    /// What there is to show now. It asks the disk, so it is for a thread that may wait.
    pub(super) fn of(state: &AppState) -> Self {
        let AppState { launch, storage: Storage { files, home_port, launch_history }, .. } = state;
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
            is_freed: moved.as_ref().is_some_and(|moved| launch_history.is_freed(moved.from)),
            moved,
            holders: holders.unwrap_or_default(),
            settings,
            settings_file: settings_file.unwrap_or_default(),
        }
    }
}

/// The first launch of all has no other port to move from, but may have been kept from its home port.
fn away_from_home(to: Port, launch_history: &LaunchHistory, home: Port) -> Option<LastMove> {
    let Refused { ts, port: from, class, holder } =
        launch_history.refused(home).filter(|_| to != home)?;
    let why = MoveReason::Conflict;
    Some(LastMove { from, to, why, ts, class: Some(class), holder })
}

/// Who was in the way lately. A history that cannot be read tells of nobody; the timeline says so.
fn holders(files: &AppFiles, app: &AppName) -> Vec<ConflictSource> {
    let since = moment(SINCE, Timestamp::now()).ok();
    let filter = Filter { app: Some(app.clone()), since, ..Filter::default() };
    Reader::of_history(&files.folders.history())
        .conflicts(&filter)
        .map_or_else(|_| Vec::new(), |found| found.holders)
}
