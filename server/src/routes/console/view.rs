//! What the console shows, gathered before it is put into words.

use jiff::Timestamp;
use shared::{
    app::AppName,
    conflict::{Class, Holder, Origin},
    event::MoveReason,
    port::Port,
    settings::Settings,
};
use uuid::Uuid;

use crate::facts::Facts;

/// Everything that the page is made of.
pub(super) struct View {
    /// The launch.
    pub(super) launch_id: Uuid,
    /// The app.
    pub(super) app: AppName,
    /// Its address for a browser.
    pub(super) url: String,
    /// Its port.
    pub(super) port: Port,
    /// Why this port.
    pub(super) origin: Origin,
    /// Since when.
    pub(super) started_at: Timestamp,
    /// The launcher, if there is one.
    pub(super) launcher_pid: Option<u32>,
    /// The last good port before this launch.
    pub(super) last_good: Option<Port>,
    /// The port of the settings.
    pub(super) home_port: Option<Port>,
    /// Why the port is not what it was, if it is not.
    pub(super) moved: Option<Moved>,
    /// Who was in the way, most frequent first.
    pub(super) holders: Vec<InTheWay>,
    /// The settings, or what is wrong with them.
    pub(super) settings: Result<Settings, String>,
    /// The file that they are in.
    pub(super) settings_file: String,
}

/// The port is another than it was.
pub(super) struct Moved {
    /// The port it was.
    pub(super) from: Port,
    /// Why.
    pub(super) why: MoveReason,
    /// When.
    pub(super) ts: Timestamp,
    /// What kept the old port from us.
    pub(super) class: Option<Class>,
    /// Who has it.
    pub(super) holder: Option<Holder>,
}

/// One who was in the way.
pub(super) struct InTheWay {
    /// As far as known.
    pub(super) holder: Option<Holder>,
    /// How often.
    pub(super) count: u64,
    /// Where.
    pub(super) ports: Vec<Port>,
    /// The last time.
    pub(super) last: Timestamp,
}

impl View {
    /// What there is to show now.
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            launch_id: facts.launch_id,
            app: facts.app.clone(),
            url: facts.url(),
            port: facts.port,
            origin: facts.origin,
            started_at: facts.started_at,
            launcher_pid: facts.launcher_pid,
            last_good: facts.last_good,
            home_port: None,
            moved: None,
            holders: Vec::new(),
            settings: Ok(Settings::default()),
            settings_file: String::new(),
        }
    }
}
