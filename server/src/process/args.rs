//! The command line and the environment, as types.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use clap::{
    Command, CommandFactory, Parser,
    builder::{PathBufValueParser, TypedValueParser},
};
use shared::{
    app::AppName,
    environment::{Environment, PORT_VARIABLE, VariableError},
    invoked_as, message,
    next_command::{self, quoted},
    paths,
    port::Port,
    settings::LogLevel,
};

/// Serves an app on one given port.
///
/// Started by hand, it claims the port itself. A service manager may pass it listening sockets instead
/// (LISTEN_FDS). To have a free port found and remembered, run `launcher`.
#[derive(Debug, Clone, Parser)]
#[command(name = "server", version, max_term_width = 100)]
pub struct TypedArgs {
    /// Serve on this port; needed unless HOMEPORT_PORT or a service manager gives one.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub port: Option<Port>,

    /// The name under which settings, ports and history are kept [default: server]
    #[arg(long, value_name = "NAME")]
    pub app: Option<AppName>,

    /// Serve on this address as well, for other computers.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub bind: Option<IpAddr>,

    /// Serve the files of this folder as the site.
    #[arg(long, value_name = "DIR", value_parser = folder)]
    pub root: Option<PathBuf>,

    /// Keep settings, state and logs under this folder.
    #[arg(long, value_name = "DIR", value_parser = home())]
    pub home: Option<PathBuf>,

    /// Print one JSON object per line, with the keys of the port history.
    #[arg(long)]
    pub json: bool,

    /// Take the sockets and instructions from the launcher that started this server.
    #[arg(long, hide_short_help = true, conflicts_with = "bind")]
    pub hand_over: bool,
}

/// The command line of the server under the names that its programs have here.
pub fn command() -> Command {
    named(invoked_as::server(), invoked_as::launcher())
}

/// The command line of a server called `server`, beside a launcher called `launcher`.
pub fn named(server: &'static str, launcher: &'static str) -> Command {
    let command = TypedArgs::command().name(server).bin_name(server);
    let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    command.long_about(about.replace("`launcher`", &format!("`{launcher}`")))
}

/// The options of a command line that say what is served; those that the launcher has too are kept in
/// [`next_command`].
#[derive(Debug, Clone, Default)]
pub struct TypedOptions {
    /// The address for other computers.
    pub bind: Option<IpAddr>,
    /// The folder that is served.
    pub root: Option<PathBuf>,
}

impl TypedOptions {
    /// As they are typed, with a space before each.
    pub fn words(&self) -> String {
        let bind = option("--bind", self.bind);
        let root = option("--root", self.root.as_deref().map(quoted));
        [bind, root].concat()
    }
}

/// An option with a space before it; nothing if it was not given.
fn option(name: &str, value: Option<impl Display>) -> String {
    value.map(|value| format!(" {name} {value}")).unwrap_or_default()
}

/// The arguments: the command line, and the environment for what the command line does not set.
#[derive(Debug, Clone)]
pub struct Args {
    /// The port to serve on.
    pub port: Option<Port>,
    /// Under whose name ports, records and the token are kept.
    pub app: AppName,
    /// An address to serve on beside the loopback addresses; `None` for none.
    pub bind: Option<IpAddr>,
    /// The folder to serve as the site.
    pub root: Option<PathBuf>,
    /// The folder for settings, state, logs and run-time files; `None` for the user's own.
    pub home: Option<PathBuf>,
    /// The folder for the logs; `None` for the one in `home`.
    pub log_dir: Option<PathBuf>,
    /// The least severe level that is logged.
    pub log: LogLevel,
    /// Whether records are printed as JSON, one per line.
    pub json: bool,
    /// Whether a launcher started this.
    pub hand_over: bool,
}

impl Args {
    /// Lays the command line over the environment.
    ///
    /// # Errors
    ///
    /// If a variable has a wrong value.
    pub fn resolve(typed: TypedArgs, environment: &Environment) -> Result<Self, VariableError> {
        let TypedArgs { port, app, bind, root, home, json, hand_over } = typed;
        if let Some(home) = &home {
            next_command::keep_home(home);
        }
        Ok(Self {
            port: port.map_or_else(|| environment.value(PORT_VARIABLE), |port| Ok(Some(port)))?,
            app: match app {
                Some(app) => app,
                None => environment.value("HOMEPORT_APP")?.unwrap_or_default(),
            },
            bind,
            root,
            home: home.map_or_else(|| environment.home(), |home| Ok(Some(home)))?,
            log_dir: environment.log_dir()?,
            log: environment.value("HOMEPORT_LOG")?.unwrap_or_default(),
            json,
            hand_over,
        })
    }

    /// The typed options that an advised command repeats.
    pub fn typed_options(&self) -> TypedOptions {
        TypedOptions { bind: self.bind, root: self.root.clone() }
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| message!("server.bad_address", text))
}

/// Reads a folder, which is named from the current one.
fn home() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|typed| paths::typed_home(&typed))
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Ok(path),
        Ok(_) => Err(message!("server.not_a_folder", text)),
        Err(error) => Err(message!("server.folder_unreadable", text, error)),
    }
}

#[cfg(test)]
mod test {
    use clap::CommandFactory;

    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let arguments = ["server"].iter().chain(arguments);
        TypedArgs::try_parse_from(arguments).expect_err("wrong").to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        TypedArgs::command().debug_assert();
    }

    #[test]
    fn what_is_wrong_is_said_in_words_that_help() {
        assert!(refusal(&["--port", "0"]).contains("any port"));
        assert!(refusal(&["--port", "abc"]).contains("from 1 to 65535"));
        assert!(refusal(&["--app", "../x"]).contains("cannot be an app's name"));
        assert!(refusal(&["--root", "/nowhere/at/all"]).contains("cannot be read"));
        assert!(refusal(&["--bind", "mybox"]).contains("not an IP address"));
        assert!(refusal(&["--hand-over", "--bind", "0.0.0.0"]).contains("--bind"));
    }

    #[test]
    fn an_ipv6_address_may_stand_in_brackets() {
        let args = TypedArgs::try_parse_from(["server", "--bind", "[::1]"]).expect("right");
        assert_eq!(args.bind, Some("::1".parse().expect("an address")));
    }
}
