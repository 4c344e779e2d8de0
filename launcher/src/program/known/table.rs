//! The table of known programs.

/// A signal that a program wants to be ended by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownSignal {
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
}

impl KnownSignal {
    /// Its number on every Unix.
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => 2,
            Self::Quit => 3,
        }
    }
}

/// A row of the table: programs of which the same is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownProgram {
    /// What it is called, without folder, ending and version.
    pub names: &'static [&'static str],
    /// Whether another program starts the process that listens.
    pub is_delegated: bool,
    /// Whether it runs others and closes their descriptors, as npm does.
    pub is_node_wrapper: bool,
    /// Whether it does not read `PORT`, and takes `--port`.
    pub ignores_port: bool,
    /// What ends it as it should end, where that is not SIGTERM.
    pub stop_signal: Option<KnownSignal>,
    /// Whether it needs longer than others to end.
    pub stops_long: bool,
    /// The option, or the line of its configuration, that keeps it to loopback.
    pub loopback: Option<&'static str>,
}

const UNKNOWN: KnownProgram = KnownProgram {
    names: &[],
    is_delegated: false,
    is_node_wrapper: false,
    ignores_port: false,
    stop_signal: None,
    stops_long: false,
    loopback: None,
};

const fn loopback(names: &'static [&'static str], option: &'static str) -> KnownProgram {
    KnownProgram { names, loopback: Some(option), ..UNKNOWN }
}

const fn ignores_port(
    names: &'static [&'static str],
    option: Option<&'static str>,
) -> KnownProgram {
    KnownProgram { names, ignores_port: true, loopback: option, ..UNKNOWN }
}

const HOST: &str = "--host 127.0.0.1";
const BIND: &str = "--bind 127.0.0.1:{port}";

/// Each program once.
const TABLE: &[KnownProgram] = &[
    KnownProgram {
        names: &[
            "docker",
            "docker-compose",
            "kubectl",
            "limactl",
            "nerdctl",
            "podman",
            "ssh",
            "sudo",
            "systemd-run",
            "wsl",
        ],
        is_delegated: true,
        ..UNKNOWN
    },
    KnownProgram {
        names: &["bunx", "npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg"],
        is_node_wrapper: true,
        ..UNKNOWN
    },
    ignores_port(&["astro", "ng", "react-router", "rsbuild", "vite"], Some(HOST)),
    ignores_port(&["expo"], Some("--host localhost")),
    KnownProgram {
        names: &["postgres"],
        stop_signal: Some(KnownSignal::Interrupt),
        stops_long: true,
        loopback: Some("-h 127.0.0.1"),
        ..UNKNOWN
    },
    KnownProgram {
        names: &["nginx"],
        stop_signal: Some(KnownSignal::Quit),
        stops_long: true,
        loopback: Some("listen 127.0.0.1:{port};"),
        ..UNKNOWN
    },
    KnownProgram {
        names: &["redis-server"],
        stops_long: true,
        loopback: Some("--bind 127.0.0.1"),
        ..UNKNOWN
    },
    loopback(&["flask", "uvicorn", "webpack-dev-server"], HOST),
    loopback(&["gunicorn", "hypercorn"], BIND),
    loopback(&["waitress-serve"], "--listen=127.0.0.1:{port}"),
    loopback(&["django", "django-admin", "manage.py"], "127.0.0.1:{port}"),
    loopback(&["http.server"], "--bind 127.0.0.1"),
    loopback(&["streamlit"], "--server.address 127.0.0.1"),
    loopback(&["next"], "-H 127.0.0.1"),
    loopback(&["http-server"], "-a 127.0.0.1"),
    loopback(&["php"], "-S 127.0.0.1:{port}"),
    loopback(&["rails"], "-b 127.0.0.1"),
    loopback(&["puma"], "-b tcp://127.0.0.1:{port}"),
];

impl KnownProgram {
    /// The row of the program of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.names.contains(&name))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn each_program_has_one_row() {
        let mut names: Vec<_> = TABLE.iter().flat_map(|row| row.names).collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
