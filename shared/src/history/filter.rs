//! Which records are wanted.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{app::AppName, port::Port};

/// Which records are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this app.
    pub app: Option<AppName>,
    /// Not from before.
    pub since: Option<Timestamp>,
    /// Not from after.
    pub until: Option<Timestamp>,
    /// This event.
    pub event: Option<String>,
    /// About this port, or about leaving or reaching it.
    pub port: Option<Port>,
    /// Of this launch.
    pub launch_id: Option<Uuid>,
}

/// What is asked of a record. Everything else is left unread.
#[derive(Debug, Deserialize)]
pub(super) struct Head<'a> {
    pub(super) ts: Timestamp,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow, default)]
    launch_id: Option<Cow<'a, str>>,
    #[serde(default)]
    port: Option<serde_json::Value>,
    #[serde(default)]
    from: Option<serde_json::Value>,
    #[serde(default)]
    to: Option<serde_json::Value>,
}

impl Filter {
    /// Whether the record of this head is wanted.
    pub(super) fn wants(&self, record: &Head<'_>) -> bool {
        let is_about = |port: Port| {
            let number = Some(u64::from(port.get()));
            let values = [&record.port, &record.from, &record.to];
            values.into_iter().flatten().any(|value| value.as_u64() == number)
        };
        let launch = record.launch_id.as_deref();
        self.app.as_ref().is_none_or(|app| app.as_str() == record.app)
            && self.event.as_ref().is_none_or(|event| *event == record.event)
            && self.since.is_none_or(|since| record.ts >= since)
            && self.until.is_none_or(|until| record.ts <= until)
            && self.launch_id.is_none_or(|id| launch.and_then(|id| id.parse().ok()) == Some(id))
            && self.port.is_none_or(is_about)
    }
}
