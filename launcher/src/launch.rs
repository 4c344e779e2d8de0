//! One run of the launcher: what it is called, where it writes, and how it ends.

use std::{
    io,
    path::Path,
    process,
    thread::{self, JoinHandle},
    time::Instant,
};

use jiff::Timestamp;
use shared::{
    access::{self, RefusedAccess},
    assignment::{Assignment, Recovery},
    claim,
    event::{Ending, Event, EventName, Process, RecoverySource, masked_text},
    exit::Exit,
    history::{Author, Filter, Found, Reader, Writer},
    identity::{Secret, SetAside},
    keys,
    launch::{LaunchInfo, UrlHost},
    logging::{self, Diagnostics, Mode},
    message,
    port::Port,
    settings::LogLevel,
    token::Token,
    trust::{Purpose, Untrusted},
};
use slog::{Logger, error, info, warn};
use uuid::Uuid;

use crate::{
    choose::Choice,
    desktop::{
        self,
        browser::{self, BrowserPage},
        login,
        message::Message,
    },
    error::LaunchError,
    options::CommandContext,
    render::{self, Screen},
};

/// One run of the launcher, from its first record to its last.
pub struct Launch {
    /// The `launch_id` of its records.
    pub id: Uuid,
    /// When it began, for measuring.
    pub started: Instant,
    /// When it began, for people.
    pub started_at: Timestamp,
    /// Lets programs and browsers in while the launch lasts.
    pub token: Token,
    /// The app and its folders.
    pub context: CommandContext,
    /// The port history, which all apps share.
    pub history: Writer,
    /// Prints the course of the launch.
    pub screen: Screen,
    diagnostics: Diagnostics,
}

impl Launch {
    /// Begins a run. What cannot be written costs the record of it, not the run.
    pub fn open(context: CommandContext, screen: Screen, level: LogLevel) -> Self {
        let id = Uuid::now_v7();
        let author = Author { app: &context.app, process: Process::Launcher, launch_id: id };
        let history = Writer::new(&context.folders, &author);
        let diagnostics =
            logging::open(&context.folders, &author, "launcher.jsonl", level.into(), Mode::Sync);
        history.report_losses_to(diagnostics.logger());
        Self {
            id,
            started: Instant::now(),
            started_at: Timestamp::now(),
            token: Token::random(),
            context,
            history,
            screen,
            diagnostics,
        }
    }

    /// The facts of this launch on the port of `choice`; `last_good` is the last good port before it.
    pub fn info(&self, choice: &Choice, last_good: Option<Port>) -> LaunchInfo {
        LaunchInfo {
            app: self.context.app.clone(),
            port: choice.hold.port(),
            origin: choice.origin,
            launch_id: self.id,
            launcher_pid: Some(process::id()),
            last_good,
            host: UrlHost::default(),
        }
    }

    /// The logger of `launcher.jsonl`.
    pub fn log(&self) -> &Logger {
        self.diagnostics.logger()
    }

    /// Opens the logs anew, which may have been renamed.
    pub fn reopen_logs(&self) {
        self.history.close_file();
        // The line itself has the file of diagnostics opened anew.
        info!(self.log(), "logs are opened anew");
    }

    /// Opens the browser on the server on `port`, which has proved itself and lets in by `token`, while everything
    /// else goes on. If it cannot be opened and the warning would not be seen, a dialog shows it; the thread ends
    /// when that is closed. It is the last of a start.
    pub fn open_browser(
        &self,
        port: Port,
        token: impl FnOnce() -> io::Result<Token> + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let app = self.context.app.clone();
        self.open_page(&claim::url(port), move || {
            browser::address(&app, port, BrowserPage::First, token)
        })
    }

    /// Opens the browser in the same way on the address that `address` finds, which people know as `url`.
    pub fn open_page(
        &self,
        url: &str,
        address: impl FnOnce() -> String + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let (screen, log) = (self.screen, self.log().clone());
        let message = self.message(Message::no_browser(url));
        let open = move || {
            if let Err(error) = browser::open(address()) {
                warn(&log, screen, &message!("warning.no_browser"), &error);
                screen.started();
                desktop::show_error(&message, None);
            } else {
                screen.started();
            }
        };
        // Without a thread the URL is still on the screen and in the discovery file.
        thread::Builder::new().name("browser".to_owned()).spawn(open).ok()
    }

    /// Makes the registration of the start at login agree with the setting.
    pub fn reconcile_start_at_login(&self, is_wanted: bool) {
        match login::reconcile(&self.context, is_wanted) {
            Ok(None) => {}
            Ok(Some(action)) => {
                info!(self.log(), "start at login corrected"; keys::TO => ?action);
            }
            Err(error) if is_wanted => self.warn(&message!("warning.no_login"), &error),
            // Where nothing can be registered, nothing is.
            Err(_) => {}
        }
    }

    /// Whether `port` was the home port of the launch before this one already. One that was set since
    /// is used because it was asked for, and not because it has become free.
    pub fn was_home_port_before(&self, port: Port) -> bool {
        let CommandContext { app, folders, .. } = &self.context;
        let starts = Filter::of_events([EventName::LaunchStarted]);
        let filter = Filter { app: Some(app.clone()), ..starts };
        let history = Reader::of_trusted_history(folders, Purpose::Launch);
        let found = history.backward(&filter);
        // A history that cannot be read, or is not trusted, has no launch before.
        let records = found.into_iter().flatten().filter_map(|found| match found.ok()? {
            Found::Record(entry) => entry.record().ok(),
            Found::Damage(_) => None,
        });
        let before = records.into_iter().find(|record| record.launch_id != self.id);
        before.is_some_and(|record| match record.event {
            Event::LaunchStarted { home_port, .. } => home_port == Some(port),
            _ => false,
        })
    }

    /// Adds the app and the log of this launch to a message.
    fn message(&self, message: Message) -> Message {
        message.about(&self.context.app, self.context.folders.logs().join("launcher.jsonl"))
    }

    /// The secret of this user, or one for this launch alone if the disk does not keep it.
    pub fn secret(&self) -> Secret {
        let file = self.context.folders.secret();
        match Secret::load_or_create(&file) {
            Ok((secret, None)) => secret,
            Ok((secret, Some(SetAside { path, error }))) => {
                let untrusted = Untrusted::of(&error).map(ToString::to_string);
                let problem = untrusted.unwrap_or_else(|| message!("warning.no_secret"));
                let (set_aside, source) = (Some(path), RecoverySource::Defaults);
                self.recovered(&file, Recovery { problem, set_aside, source });
                secret
            }
            Err(error) => {
                self.warn(&message!("warning.not_recognised"), &error);
                Secret::random()
            }
        }
    }

    /// What is remembered of the app; what is lost is recovered from its history. Only the holder of the app's
    /// lock may call this.
    pub fn load_assignment(&self, purpose: Purpose) -> Assignment {
        let CommandContext { app, folders, .. } = &self.context;
        let file = folders.assignment(app);
        let history = Reader::of_trusted_history(folders, purpose);
        let loaded = Assignment::load_or_recover(&file, &history, app);
        if let Some(error) = &loaded.history_error {
            let file = folders.history();
            let believed = error.untrusted().map_or(&file, |untrusted| &untrusted.path);
            let (why, now) = (error.why(), error.repair(&file));
            let why = message!("history.not_believed", file = believed.display(), why, now);
            self.warn(&message!("warning.not_recovered"), &io::Error::other(why));
        }
        if let Some(error) = &loaded.left {
            let warning = message!("warning.memory_left", file = file.display());
            self.warn(&warning, &with_repair(&file, error));
        }
        if let Some(recovery) = loaded.recovery {
            self.recovered(&file, recovery);
        }
        loaded.assignment
    }

    /// Records and prints that a file of ours could not be read, and was replaced.
    pub fn recovered(&self, file: &Path, recovery: Recovery) {
        let name = file.display().to_string();
        self.screen.recovered(&name, &recovery);
        let Recovery { problem, source, .. } = recovery;
        self.history.record(&Event::StateRecovered { file: name, problem, source });
    }

    /// Logs and prints an error that does not end the launch.
    pub fn warn(&self, what: &str, error: &io::Error) {
        warn(self.log(), self.screen, what, error);
    }

    /// Logs and prints what is to be known of a program.
    pub fn warn_of_program(&self, text: &str) {
        warn!(self.log(), "the program needs attention"; keys::PROBLEM => text);
        render::warning(text);
    }

    /// Records the end of a launch without a failure, and returns the record.
    pub fn stopped(&self, ending: Ending) -> Event {
        let exit_code = Some(Exit::Done.code());
        let event = Event::LaunchStopped(Ending { exit_code, ..ending });
        self.history.record(&event);
        event
    }

    /// Records that the port is released; also the end of the launch, if that is no failure, and returns that record.
    ///
    /// # Errors
    ///
    /// If it failed.
    pub fn end(
        &self,
        port: Port,
        result: Result<Ending, LaunchError>,
    ) -> Result<Event, LaunchError> {
        let released = match &result {
            Ok(ending) => ending.clone(),
            Err(failure) => Ending::of(port, failure.reason()),
        };
        self.history.record(&Event::PortReleased(released));
        Ok(self.stopped(result?))
    }

    /// Records and prints the end of a launch that failed. Returns its exit code.
    pub fn fail(&self, failure: &LaunchError) -> Exit {
        let exit = failure.exit();
        // It may show a line of the settings.
        let text = masked_text(&failure.in_one_line());
        let with_last_lines = masked_text(&failure.with_last_lines_in_one_line());
        error!(self.log(), "launch failed"; keys::ERROR => &with_last_lines);
        let event = Event::LaunchFailed(Ending {
            port: failure.port(),
            reason: failure.reason(),
            exit_code: Some(exit.code()),
            error: Some(text),
            by: None,
        });
        self.history.record(&event);
        let CommandContext { app, folders, .. } = &self.context;
        self.screen.failed(failure, &event, folders);
        desktop::show_error(&self.message(Message::of(failure)), Some(&folders.error_page(app)));
        exit
    }
}

/// The error with which the system refuses to write `file`, with what a person can do about it.
pub fn with_repair(file: &Path, error: &io::Error) -> io::Error {
    io::Error::other(match access::repair(file, RefusedAccess::Write, error) {
        Some(now) => message!("history.error_now", error, now),
        None => error.to_string(),
    })
}

fn warn(log: &Logger, screen: Screen, what: &str, error: &io::Error) {
    let why = masked_text(&error.to_string());
    warn!(log, "going on with less"; keys::PROBLEM => what, keys::ERROR => why);
    screen.warning(what, error);
}
