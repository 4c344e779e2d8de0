//! The command line of the measurements.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    bare, claims, conflicts, fan_out, holders, idle, launches, log_lines, requests, restarts,
    run as program, stats::Row, table,
};

/// Measures Homeport beside its peers
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Replace the table between the `bench` marks of this file
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// How many seconds a launcher at rest is watched: one wake-up a minute would show half of the
/// time, and a tick at once.
const AT_REST: u64 = 30;

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Claims of both loopback addresses
    Claims,
    /// From the start of the launcher to the first response
    Launches,
    /// A program under `run`, beside the same program alone
    Runs,
    /// A thousand candidates taken
    Conflicts,
    /// Five restarts under load
    Restarts,
    /// Who holds a port, with many processes about
    Holders,
    /// The idle launcher: memory, wake-ups, and the time of one status request
    Rest {
        /// How many seconds it is watched
        #[arg(long, default_value_t = AT_REST)]
        seconds: u64,
    },
    /// Requests per second and response times, with the access log
    Requests,
    /// Lines of diagnostics through the queue, beside slog-async
    LogLines,
    /// How soon subscribed clients receive a record, and how many events per second
    FanOut,
    /// A bare actix-web server, for `requests` and `fan-out` to measure ours against
    #[command(hide = true)]
    Bare {
        /// Where it listens on 127.0.0.1
        port: u16,
        /// The folder with its response bodies
        home: PathBuf,
    },
    /// A server that binds for itself, for `runs`
    #[command(hide = true)]
    Answer {
        /// Where it listens on 127.0.0.1
        port: u16,
    },
}

/// Measures what was asked for, or everything.
pub(crate) fn run() -> ExitCode {
    let args = Args::parse();
    let measured = match args.command {
        Some(Command::Claims) => claims::measure(),
        Some(Command::Launches) => launches::measure(),
        Some(Command::Runs) => program::measure(),
        Some(Command::Conflicts) => conflicts::measure(),
        Some(Command::Restarts) => restarts::measure(),
        Some(Command::Holders) => holders::measure(),
        Some(Command::Rest { seconds }) => idle::measure(seconds),
        Some(Command::Requests) => requests::measure(),
        Some(Command::LogLines) => log_lines::measure(),
        Some(Command::FanOut) => fan_out::measure(),
        Some(Command::Bare { port, home }) => bare::serve(port, &home).map(|()| vec![]),
        Some(Command::Answer { port }) => program::answer(port).map(|()| vec![]),
        None => all(),
    };
    let written = measured.and_then(|rows| match args.write {
        Some(file) => fs::write(&file, table::inserted(&fs::read_to_string(&file)?, &rows)?),
        None => std::io::stdout().write_all(table::text(&rows).as_bytes()),
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn all() -> std::io::Result<Vec<Row>> {
    let parts = [
        claims::measure,
        launches::measure,
        program::measure,
        conflicts::measure,
        holders::measure,
        restarts::measure,
        requests::measure,
        log_lines::measure,
        fan_out::measure,
        || idle::measure(AT_REST),
    ];
    let rows: Result<Vec<_>, _> = parts.into_iter().map(|measure| measure()).collect();
    Ok(rows?.concat())
}
