//! The line with the address of a server.

use std::fmt;

use serde::Serialize;

use crate::{
    event::{EventName, ServerAt},
    launch::LaunchInfo,
    milliseconds::milliseconds,
};

/// What a program prints with `--json` when its server is ready: a contract with scripts, and so
/// wider than the record of the same name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadyLine {
    event: EventName,
    #[serde(flatten, serialize_with = "LaunchInfo::serialize_with_url")]
    launch: LaunchInfo,
    server_pid: u32,
    elapsed_ms: f64,
}

impl ReadyLine {
    /// The line for the server of `launch`, whose process and readiness `at` describes.
    pub fn new(launch: LaunchInfo, at: &ServerAt) -> Self {
        Self {
            event: EventName::ServerReady,
            launch,
            server_pid: at.server_pid,
            elapsed_ms: milliseconds(at.elapsed),
        }
    }
}

impl fmt::Display for ReadyLine {
    /// The line itself, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod test {
    use std::time::Duration;

    use super::*;
    use crate::port::Port;

    #[test]
    fn the_keys_stand_in_the_order_that_the_reference_shows() {
        let port = Port::new(17342).expect("not 0");
        let mut launch = LaunchInfo::new("server".parse().expect("a name"), port);
        launch.launch_id = uuid::Uuid::nil();
        launch.last_good = Some(port);
        let elapsed = Duration::from_micros(46_702);
        let at = ServerAt { server_pid: 5201, port, addresses: Vec::new(), elapsed };
        assert_eq!(
            ReadyLine::new(launch, &at).to_string(),
            r#"{"event":"server_ready","app":"server","url":"http://127.0.0.1:17342/","port":17342,"origin":"explicit","launch_id":"00000000-0000-0000-0000-000000000000","launcher_pid":null,"server_pid":5201,"elapsed_ms":46.702}"#
        );
    }
}
