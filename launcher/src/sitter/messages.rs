//! What launcher and sitter write to each other: each message is one line of JSON on the sitter's stdin or stdout.

use serde::{Deserialize, Serialize};
use shared::{app::AppName, settings::OutputFormat};
use uuid::Uuid;

use crate::os::TerminalSize;

/// An order of the launcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum SitterOrder {
    /// Always first: start the program of the command line.
    Start(ProgramStart),
    /// End the tree: the stop signal first, or another one.
    Stop {
        /// The number of the signal instead of the stop signal.
        signal: Option<i32>,
    },
    /// End the tree at once.
    Kill,
    /// The terminal of the program has another size from now on.
    Resize(TerminalSize),
    /// A process of the tree is the main process from now on: the one that was started has handed over to it.
    Adopt {
        /// Its process id.
        pid: u32,
    },
}

/// What a sitter must know besides its command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramStart {
    /// Whose program it is.
    pub app: AppName,
    /// The launch it belongs to.
    pub launch_id: Uuid,
    /// The number of the signal that asks the program to end.
    pub stop_signal: i32,
    /// How long the tree may take to end after that, in milliseconds.
    pub stop_timeout_ms: u64,
    /// How the output is kept.
    pub output: OutputFormat,
    /// What a line of its output is to match for the program to be ready, if that is asked for.
    pub ready_pattern: Option<String>,
    /// The variables of its environment whose values are secrets.
    pub secret_variables: Vec<String>,
    /// The size of the terminal that the program gets; `None` if it gets pipes.
    pub terminal: Option<TerminalSize>,
}

/// What the launcher learns of the program, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum SitterReport {
    /// The program was started.
    Started {
        /// The process id of main.
        pid: u32,
    },
    /// The program could not be started, for this reason of the system.
    NotStarted {
        /// The system's sentence.
        error: String,
    },
    /// A line of the output has matched.
    LineMatched,
    /// The main process has ended.
    Exited(MainEnd),
    /// No process of the tree is left, and all that it wrote is passed on. The sitter ends. A sitter that ends without
    /// this leaves processes that it cannot end.
    TreeEmpty,
    /// A process of the tree does not take our signals, as one that another user owns. Once for each.
    Refused {
        /// Its process id.
        pid: u32,
    },
}

/// How the main process has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainEnd {
    /// `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// `None` if it exited.
    pub signal: Option<i32>,
    /// Whether other processes of the tree are left.
    pub left_others: bool,
    /// Whether Ctrl-C was typed into its terminal before, and it ended as programs do on that.
    pub is_interrupted: bool,
    /// The last lines that the program wrote, the oldest first, without colours.
    pub last_lines: Vec<String>,
}
