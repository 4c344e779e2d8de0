//! What supervision depends on.

use std::time::Duration;

use shared::{
    exit::Exit,
    settings::{Effective, Restart},
};

use crate::program::ServerKind;

/// Copied anew each time the settings are read.
#[derive(Debug, Clone, Copy)]
pub struct SupervisorSettings {
    /// How long a server may take to become ready.
    pub ready_timeout: Duration,
    /// Whether a server that failed is started again.
    pub restart: Restart,
    /// How long the old port redirects to the new one after a move.
    pub redirect_for: Duration,
    /// How long a server may drain before it is killed.
    pub stop_timeout: Duration,
    /// Whose server it is.
    pub kind: ServerKind,
}

impl SupervisorSettings {
    /// Whether a server that exits with this code would do so again. To a program only 0 has a meaning.
    pub(super) fn is_final(&self, exit_code: i32) -> bool {
        self.kind == ServerKind::Own && Exit::is_final(exit_code)
    }
}

/// How much longer than its verification and its sitter the supervisor waits for a program.
const MARGIN: Duration = Duration::from_secs(1);

impl SupervisorSettings {
    /// What holds for a program: its verification has the time to become ready, and its sitter the time to end.
    pub fn of_program(self, ready_timeout: Duration, stop_timeout: Duration) -> Self {
        let kind = ServerKind::Program;
        let (ready_timeout, stop_timeout) = (ready_timeout + MARGIN, stop_timeout + MARGIN);
        Self { ready_timeout, stop_timeout, kind, ..self }
    }
}

impl From<&Effective> for SupervisorSettings {
    fn from(settings: &Effective) -> Self {
        Self {
            ready_timeout: settings.ready_timeout.value.0,
            restart: settings.restart.value,
            redirect_for: settings.redirect_for.value.0,
            stop_timeout: settings.stop_timeout.value.0,
            kind: ServerKind::Own,
        }
    }
}

#[cfg(test)]
mod test {
    use std::path::Path;

    use shared::{
        environment::Environment,
        settings::{Layers, Settings},
    };

    use super::*;

    #[test]
    fn the_supervisor_goes_by_the_settings() {
        let file = Settings::parse("restart = \"never\"\nstop_timeout = \"3s\"").expect("right");
        let settings = |variables: &[(&str, &str)]| {
            let environment: Environment =
                variables.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect();
            let variables = Settings::from_environment(&environment).expect("right");
            let path = Path::new("server.toml");
            let layers = Layers { flags: Settings::default(), variables, file: &file, path };
            SupervisorSettings::from(&layers.effective())
        };
        assert_eq!(settings(&[]).stop_timeout.as_secs(), 3);
        let longer = settings(&[("HOMEPORT_STOP_TIMEOUT", "1m 30s")]);
        assert_eq!(longer.stop_timeout.as_secs(), 90);
        assert_eq!(longer.restart, Restart::Never);
    }
}
