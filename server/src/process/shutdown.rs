//! Requests to stop, and the graceful shutdown.

use std::{future::pending, io, pin::pin, sync::Arc, time::Duration};

use shared::{
    event::{EndReason, RequestedBy},
    exit::ONE_SIGNAL,
    history::Writer,
    keys,
};
use slog::{Logger, info, warn};
use tokio::{
    select,
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

use crate::{
    os::signals::{Signal, Signals},
    process::handover::{self, LauncherMessage},
    web::{
        application::RunningApplication, launcher_requests::LauncherRequest,
        redirect_target::RedirectTarget,
    },
};

/// How long requests in flight may take when the server is asked to stop. Longer than any page of
/// ours takes, shorter than the time after which service managers kill (90 s for systemd).
const PATIENCE: Duration = Duration::from_secs(10);

/// How long requests in flight may take when the launcher is gone: the port must be free within 2 s.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(1);

/// Why the server stops, and how long its clients may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopRequest {
    /// Why the server stops.
    pub reason: EndReason,
    /// Where the request comes from; `None` if it comes from the launcher, which records that itself.
    pub by: Option<RequestedBy>,
    /// How long requests in flight may take.
    pub patience: Duration,
}

impl StopRequest {
    fn asked(by: Option<RequestedBy>, patience: Duration) -> Self {
        Self { reason: EndReason::Asked, by, patience }
    }
}

/// Everything that the server reacts to besides HTTP requests: signals, messages of the launcher and
/// requests to the launcher.
pub struct Shutdown {
    signals: Signals,
    /// When the first signal to stop came.
    signalled_at: Option<Instant>,
    has_launcher: bool,
    /// `None` without a launcher, and once the launcher is gone.
    messages: Option<UnboundedReceiver<LauncherMessage>>,
    /// `None` once every sender is gone.
    requests: Option<UnboundedReceiver<LauncherRequest>>,
    redirect_target: Arc<RedirectTarget>,
    history: Writer,
    logger: Logger,
}

impl Shutdown {
    /// Handles signals from now on, `requests` from the routes and, if there is a launcher, its
    /// `messages`.
    ///
    /// # Errors
    ///
    /// The error with which the system refuses to deliver its signals.
    pub fn new(
        messages: Option<UnboundedReceiver<LauncherMessage>>,
        requests: UnboundedReceiver<LauncherRequest>,
        redirect_target: Arc<RedirectTarget>,
        history: Writer,
        logger: Logger,
    ) -> io::Result<Self> {
        Ok(Self {
            signals: Signals::new()?,
            signalled_at: None,
            has_launcher: messages.is_some(),
            messages,
            requests: Some(requests),
            redirect_target,
            history,
            logger,
        })
    }

    /// Waits for the next request to stop, and handles everything else that comes first.
    pub async fn next(&mut self) -> StopRequest {
        loop {
            let stop = select! {
                signal = self.signals.next() => self.handle_signal(signal),
                message = next(&mut self.messages) => self.handle_message(message),
                request = next(&mut self.requests) => self.handle_request(request),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
    }

    /// The first signal gives requests in flight [`PATIENCE`], the second none.
    fn handle_signal(&mut self, signal: Signal) -> Option<StopRequest> {
        let by = match signal {
            Signal::ReopenLogs => {
                self.history.close_file();
                // The line itself has the file of diagnostics opened anew.
                info!(self.logger, "logs are opened anew");
                return None;
            }
            // The terminal sends it to both programs, and the launcher decides what it means.
            Signal::Interrupt if self.has_launcher => return None,
            Signal::Interrupt | Signal::Terminate => RequestedBy::Signal,
            Signal::Shutdown => RequestedBy::Shutdown,
        };
        if self.signalled_at.is_some_and(|first| first.elapsed() < ONE_SIGNAL) {
            return None;
        }
        let again = self.signalled_at.is_some();
        self.signalled_at.get_or_insert_with(Instant::now);
        Some(StopRequest::asked(Some(by), if again { Duration::ZERO } else { PATIENCE }))
    }

    /// Passes a request on to the launcher. Without a launcher only a stop has an effect.
    fn handle_request(&mut self, request: Option<LauncherRequest>) -> Option<StopRequest> {
        match request {
            None => self.requests = None,
            Some(request) if self.has_launcher => handover::send(&request.into()),
            Some(LauncherRequest::Stop { by }) => {
                return Some(StopRequest::asked(Some(by), PATIENCE));
            }
            Some(
                LauncherRequest::Move { .. }
                | LauncherRequest::Restart { .. }
                | LauncherRequest::Reread,
            ) => {}
        }
        None
    }

    fn handle_message(&mut self, message: Option<LauncherMessage>) -> Option<StopRequest> {
        match message {
            Some(LauncherMessage::Drain) => Some(StopRequest::asked(None, PATIENCE)),
            Some(LauncherMessage::Stop) => Some(StopRequest::asked(None, Duration::ZERO)),
            Some(LauncherMessage::Redirect(to)) => {
                if self.redirect_target.set(to) {
                    info!(self.logger, "redirecting"; keys::PORT => to.get());
                } else {
                    warn!(self.logger, "redirect to the own port ignored"; keys::PORT => to.get());
                }
                None
            }
            Some(LauncherMessage::Malformed(line)) => {
                warn!(self.logger, "hand-over message not understood"; keys::LINE => line);
                None
            }
            Some(LauncherMessage::LauncherGone) | None => {
                self.messages = None;
                let reason = EndReason::LauncherGone;
                Some(StopRequest { reason, by: None, patience: ORPHAN_PATIENCE })
            }
        }
    }

    /// Stops `app`. A further request may shorten the patience that is left, and never lengthens it.
    pub async fn graceful_shutdown(&mut self, app: RunningApplication, stop: StopRequest) {
        let mut stopping = pin!(app.stop(stop.patience));
        let mut deadline = Instant::now() + stop.patience;
        loop {
            select! {
                () = &mut stopping => return,
                () = sleep_until(deadline) => return,
                stop = self.next() => deadline = deadline.min(Instant::now() + stop.patience),
            }
        }
    }
}

/// The next item; waits for ever without a receiver.
async fn next<T>(from: &mut Option<UnboundedReceiver<T>>) -> Option<T> {
    match from {
        Some(from) => from.recv().await,
        None => pending().await,
    }
}

#[cfg(test)]
mod test {
    use std::path::Path;

    use shared::{app::AppName, event::Process, history::Author, paths::Folders, port::Port};
    use slog::{Discard, o};
    use tokio::sync::mpsc::unbounded_channel;
    use uuid::Uuid;

    use super::*;
    use crate::web::connections::Connections;

    fn history_in(home: &Path) -> Writer {
        let folders = Folders::locate(Some(home), None).expect("given");
        let (app, process, launch_id) = (AppName::default(), Process::Server, Uuid::nil());
        Writer::new(&folders, &Author { app: &app, process, launch_id })
    }

    #[test]
    fn a_redirect_is_no_end_and_the_end_of_the_launcher_is() {
        let port = |number| Port::new(number).expect("not 0");
        let target = Arc::new(RedirectTarget::new(port(17000), Connections::default()));
        let home = tempfile::tempdir().expect("a folder");
        actix_rt::System::new().block_on(async {
            let (launcher, messages) = unbounded_channel();
            let (_requests, requests) = unbounded_channel();
            let mut shutdown = Shutdown::new(
                Some(messages),
                requests,
                Arc::clone(&target),
                history_in(home.path()),
                Logger::root(Discard, o!()),
            )
            .expect("signals");
            for message in [
                LauncherMessage::Malformed("hello".to_owned()),
                LauncherMessage::Redirect(port(17001)),
                LauncherMessage::Redirect(port(17000)),
                LauncherMessage::Drain,
                LauncherMessage::Stop,
                LauncherMessage::LauncherGone,
            ] {
                launcher.send(message).expect("it listens");
            }
            assert_eq!(shutdown.next().await, StopRequest::asked(None, PATIENCE));
            assert_eq!(target.port(), Some(port(17001)));
            assert_eq!(shutdown.next().await, StopRequest::asked(None, Duration::ZERO));
            let reason = EndReason::LauncherGone;
            let gone = StopRequest { reason, by: None, patience: ORPHAN_PATIENCE };
            assert_eq!(shutdown.next().await, gone);
        });
    }
}
