//! The facts of one launch. Both programs keep them as one [`LaunchInfo`]; the messages, lines and
//! pages that describe a launch embed it.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use uuid::Uuid;

use crate::{app::AppName, claim, conflict::Origin, port::Port};

/// The host in an app's URL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UrlHost {
    /// `127.0.0.1`: of our server, and of a program whose other loopback address may lead to a stranger.
    #[default]
    #[serde(rename = "127.0.0.1")]
    Ipv4,
    /// `localhost`: of a program that has both loopback addresses, or leaves none to another one.
    #[serde(rename = "localhost")]
    Localhost,
}

impl UrlHost {
    /// The address of `port` for a browser.
    pub fn url(self, port: Port) -> String {
        match self {
            Self::Ipv4 => claim::url(port),
            Self::Localhost => format!("http://localhost:{port}/"),
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One launch: its app, its port and why it has that, and which processes it belongs to.
///
/// A move gives a launch another port; each server of the launch has the facts of its own port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct LaunchInfo {
    /// The name under which settings, ports and history are kept.
    pub app: AppName,
    /// The port that the app is served on.
    pub port: Port,
    /// Why the app is served on this port.
    pub origin: Origin,
    /// Joins the records of the launch in the port history.
    pub launch_id: Uuid,
    /// The launcher's process id; null if the server was started by itself.
    pub launcher_pid: Option<u32>,
    /// The last good port: before this launch, or in the status of a server as it is remembered now; null if
    /// none is known.
    pub last_good: Option<Port>,
    /// `127.0.0.1` unless it is a program that `localhost` leads to as well.
    #[serde(default, skip_serializing_if = "UrlHost::is_default")]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub host: UrlHost,
}

impl LaunchInfo {
    /// A launch of its own, without a launcher, on a port that a person named.
    pub fn new(app: AppName, port: Port) -> Self {
        Self {
            app,
            port,
            origin: Origin::Explicit,
            launch_id: Uuid::now_v7(),
            launcher_pid: None,
            last_good: None,
            host: UrlHost::default(),
        }
    }

    /// The address for a browser.
    pub fn url(&self) -> String {
        self.host.url(self.port)
    }

    /// Whether a launcher started the server; without one it can be neither moved nor restarted.
    pub fn is_supervised(&self) -> bool {
        self.launcher_pid.is_some()
    }

    /// Whether the port is the last good port; `None` if none is known.
    pub fn same_as_last_time(&self) -> Option<bool> {
        self.last_good.map(|last_good| last_good == self.port)
    }

    /// Writes the keys that scripts read of a launch: with `url`, without `last_good`. For
    /// `#[serde(flatten, serialize_with = …)]`.
    ///
    /// # Errors
    ///
    /// Whatever the serializer fails with.
    pub fn serialize_with_url<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut keys = to.serialize_map(None)?;
        keys.serialize_entry("app", &self.app)?;
        keys.serialize_entry("url", &self.url())?;
        keys.serialize_entry("port", &self.port)?;
        keys.serialize_entry("origin", &self.origin)?;
        keys.serialize_entry("launch_id", &self.launch_id)?;
        keys.serialize_entry("launcher_pid", &self.launcher_pid)?;
        if !self.host.is_default() {
            keys.serialize_entry("host", &self.host)?;
        }
        keys.end()
    }
}
