//! The sitter at work.

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    io,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use shared::{
    exit::Exit,
    message,
    program_log::{ProgramAuthor, ProgramLog, Secrets},
    words::OutputStream,
};

use super::{
    messages::{MainEnd, ProgramStart, SitterOrder, SitterReport},
    relay::RelayQueue,
    termination::Termination,
};
use crate::os::{
    SourceEvent,
    sitter::{self as system, Sources},
};

/// How long the launcher is waited for that does not read what is left for it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How much of a line a report has, in characters.
const MAX_LINE: usize = 160;

/// How many lines of the program a report of its end has.
const LAST_LINES: usize = 20;

/// What a terminal sends for Ctrl-C.
const SIGINT: i32 = 2;

/// What a shell adds to the number of a signal that has ended a command, for its own exit code.
const EXIT_CODE_OF_SIGNAL: i32 = 128;

/// Runs this process as a sitter. Its arguments are the file of the output, empty if it is not kept, and the command
/// of the program.
pub fn run(arguments: &[OsString]) -> Exit {
    match system::set_up().and_then(|()| Sources::open()) {
        Ok(sources) => sit(sources, arguments),
        Err(_) => Exit::Bug,
    }
}

/// The same for sources that are there, on a thread of its own where a sitter is no process.
pub fn sit(sources: Sources, arguments: &[OsString]) -> Exit {
    let [output, program, arguments @ ..] = arguments else { return Exit::Usage };
    let mut sitter = Sitter {
        sources,
        output,
        program,
        arguments,
        orders: Vec::new(),
        reports: VecDeque::new(),
        stdout: RelayQueue::default(),
        stderr: RelayQueue::default(),
        start: None,
        log: None,
        main: None,
        exit: None,
        termination: None,
        is_interrupt_typed: false,
        refused: BTreeSet::new(),
        is_over: false,
    };
    match sitter.run() {
        Ok(()) => Exit::Done,
        // Without a way to wait nothing is left to do but to end what was started.
        Err(_) => {
            system::kill_tree(&sitter.sources);
            Exit::Bug
        }
    }
}

struct Sitter<'a> {
    sources: Sources,
    output: &'a OsStr,
    program: &'a OsStr,
    arguments: &'a [OsString],
    /// What was read of the next order.
    orders: Vec<u8>,
    /// Reports that are not written yet.
    reports: VecDeque<u8>,
    stdout: RelayQueue,
    stderr: RelayQueue,
    start: Option<ProgramStart>,
    /// What keeps the output, once the program is started.
    log: Option<ProgramLog>,
    /// The main process; kept when it has ended, for its process group.
    main: Option<u32>,
    /// How main has ended.
    exit: Option<MainEnd>,
    termination: Option<Termination>,
    /// Whether Ctrl-C was typed for the program.
    is_interrupt_typed: bool,
    /// The processes that are reported not to take our signals.
    refused: BTreeSet<u32>,
    /// Whether no process is left, or none that could be ended.
    is_over: bool,
}

impl Sitter<'_> {
    fn run(&mut self) -> io::Result<()> {
        while !self.is_over {
            for event in self.wait(self.deadline())? {
                self.handle(event);
            }
            if let Some(log) = &mut self.log {
                log.flush_due(Instant::now());
            }
            if let Some(termination) = self.termination {
                let mut refused = Vec::new();
                let step = termination.step(Instant::now(), || {
                    let pass = system::kill_tree(&self.sources);
                    refused = pass.refused;
                    pass.killed
                });
                self.termination = Some(step);
                self.report_refused(refused);
                // What was killed may be gone before it is waited for.
                self.reap();
                self.is_over |= step == Termination::Over;
            }
        }
        self.finish()
    }

    fn deadline(&self) -> Option<Instant> {
        let output = self.log.as_ref().and_then(ProgramLog::next_deadline);
        output.into_iter().chain(self.termination.and_then(Termination::deadline)).min()
    }

    /// Writes what can be written, and waits for what happens next.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<Vec<SourceEvent>> {
        let reports = &*self.reports.make_contiguous();
        let (events, written) =
            self.sources.wait([reports, self.stdout.next(), self.stderr.next()], until)?;
        let [reports, stdout, stderr] = written;
        self.reports.drain(..reports);
        self.stdout.written(stdout);
        self.stderr.written(stderr);
        if let Some(count) = self.stdout.take_dropped().or_else(|| self.stderr.take_dropped()) {
            // A terminal that the program has does not begin the next line on the left.
            let end = if self.has_terminal() { "\r\n" } else { "\n" };
            self.stderr.push(format!("{}{end}", message!("program.dropped", count)).as_bytes());
        }
        Ok(events)
    }

    fn handle(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Orders(bytes) => {
                self.orders.extend(bytes);
                while let Some(end) = self.orders.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<_> = self.orders.drain(..=end).collect();
                    // The launcher is of this very version: each line is an order.
                    if let Ok(order) = serde_json::from_slice(&line) {
                        self.carry_out(order);
                    }
                }
            }
            SourceEvent::LauncherGone | SourceEvent::StopSignal => self.stop(None),
            SourceEvent::Output(stream, bytes) => self.pass_on(stream, &bytes),
            SourceEvent::InterruptTyped => self.is_interrupt_typed = true,
            SourceEvent::ChildEnded => self.reap(),
        }
    }

    fn carry_out(&mut self, order: SitterOrder) {
        match order {
            SitterOrder::Start(order) if self.start.is_none() => {
                self.start = Some(order);
                self.spawn();
            }
            SitterOrder::Start(_) => {}
            SitterOrder::Stop { signal } => self.stop(signal),
            SitterOrder::Kill => self.termination = Some(Termination::killing(Instant::now())),
            SitterOrder::Resize(size) => self.sources.resize(size),
            SitterOrder::Adopt { pid } => {
                self.main = Some(pid);
                self.exit = None;
                // It may have ended while the launcher decided.
                self.reap();
            }
        }
    }

    fn spawn(&mut self) {
        let mut command = Command::new(self.program);
        command.args(self.arguments);
        system::bind_to_this_process(&mut command);
        let terminal = self.start.as_ref().and_then(|start| start.terminal);
        match self.sources.spawn(&mut command, terminal) {
            Ok(pid) => {
                self.main = Some(pid);
                self.log = self.start.as_ref().map(|start| self.open_log(start, pid));
                self.report(&SitterReport::Started { pid });
            }
            Err(error) => {
                self.report(&SitterReport::NotStarted { error: error.to_string() });
                self.is_over = true;
            }
        }
    }

    fn open_log(&self, start: &ProgramStart, pid: u32) -> ProgramLog {
        let ProgramStart { app, launch_id, output, secret_variables, ready_pattern, .. } = start;
        let values = secret_variables.iter().filter_map(|name| self.sources.variable(name));
        let author = ProgramAuthor { app: app.clone(), launch_id: *launch_id, pid };
        let file = (!self.output.is_empty()).then(|| PathBuf::from(self.output));
        let mut log = ProgramLog::at(file, author, *output, Secrets::of_values(values));
        if let Some(pattern) = ready_pattern {
            // It was checked where it was written. One that fails never matches.
            let _ = log.watch_for(pattern);
        }
        log
    }

    /// Asks the tree to end; a second time changes nothing but the signal.
    fn stop(&mut self, signal: Option<i32>) {
        let (Some(main), Some(start)) = (self.main, &self.start) else {
            self.is_over = true;
            return;
        };
        let timeout = Duration::from_millis(start.stop_timeout_ms);
        let signal = signal.unwrap_or(start.stop_signal);
        let refused = system::signal_tree(&self.sources, main, signal);
        self.report_refused(refused);
        if self.termination.is_none() {
            self.termination = Some(Termination::asked(Instant::now(), timeout));
        }
    }

    fn pass_on(&mut self, stream: OutputStream, bytes: &[u8]) {
        if let Some(log) = &mut self.log {
            log.write(stream, bytes, Instant::now());
            if log.take_match() {
                self.report(&SitterReport::LineMatched);
            }
        }
        match stream {
            OutputStream::Stderr => self.stderr.push(bytes),
            _ => self.stdout.push(bytes),
        }
    }

    /// Takes the exit codes of all that has ended.
    fn reap(&mut self) {
        let ended = system::reap(&mut self.sources);
        let main = self.main.filter(|_| self.exit.is_none());
        if let Some(process) = ended.processes.iter().find(|process| Some(process.pid) == main) {
            // What it wrote before it ended comes before the report of its end.
            for (stream, bytes) in self.sources.read_output() {
                self.pass_on(stream, &bytes);
            }
            let lines = self.log.as_ref().map(ProgramLog::last_lines).into_iter().flatten();
            let lines: Vec<_> = lines.map(cut).collect();
            let is_of_interrupt = process.signal == Some(SIGINT)
                || process.exit_code == Some(EXIT_CODE_OF_SIGNAL + SIGINT);
            let exit = MainEnd {
                exit_code: process.exit_code,
                signal: process.signal,
                is_interrupted: self.is_interrupt_typed && is_of_interrupt,
                left_others: !ended.none_is_left,
                last_lines: lines[lines.len().saturating_sub(LAST_LINES)..].to_vec(),
            };
            self.report(&SitterReport::Exited(exit.clone()));
            self.exit = Some(exit);
        }
        self.is_over |= ended.none_is_left && self.exit.is_some();
    }

    fn has_terminal(&self) -> bool {
        self.start.as_ref().is_some_and(|start| start.terminal.is_some())
    }

    fn report_refused(&mut self, refused: Vec<u32>) {
        for pid in refused {
            if self.refused.insert(pid) {
                self.report(&SitterReport::Refused { pid });
            }
        }
    }

    fn report(&mut self, report: &SitterReport) {
        // Serializing this to memory does not fail.
        self.reports.extend(serde_json::to_vec(report).unwrap_or_default());
        self.reports.push_back(b'\n');
    }

    /// Passes on what is left, for as long as the launcher reads it.
    fn finish(&mut self) -> io::Result<()> {
        for (stream, bytes) in self.sources.read_output() {
            self.pass_on(stream, &bytes);
        }
        if let Some(log) = &mut self.log {
            log.end();
        }
        if self.main.is_some() && (self.refused.is_empty() || system::is_tree_empty(&self.sources))
        {
            self.report(&SitterReport::TreeEmpty);
        }
        let until = Instant::now() + LAST_WORDS;
        let is_left = |sitter: &Self| {
            let queues = [sitter.stdout.next(), sitter.stderr.next()];
            !sitter.reports.is_empty() || queues.iter().any(|queue| !queue.is_empty())
        };
        while is_left(self) && Instant::now() < until {
            let events = self.wait(Some(until))?;
            if events.iter().any(|event| matches!(event, SourceEvent::LauncherGone)) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// A line that is short enough for a report.
fn cut(line: &str) -> String {
    line.chars().take(MAX_LINE).collect()
}
